#!/bin/sh
# Installs Faultline from the packages that 'mvn package' has left in deploy/package/target, with apt or dnf.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
	cat <<-TEXT
	Usage: sudo $0 [--start]

	Installs the deb or rpm in $here/target with apt or dnf, and what it depends on.
	May be run again: it upgrades, and what runs then runs the new version.
	  --start   also enables and starts loader and agent, now and at every boot

	To get rid of it: apt-get remove faultline, or dnf remove faultline; both leave /var/lib/faultline.
	apt-get purge faultline takes that and /etc/faultline; the users faultline and faultline-loader stay.
	TEXT
}

fail() {
	echo "install: $*" >&2
	exit "${code:-1}"
}

start=false
for option in "$@"; do
	case $option in
	--start) start=true ;;
	-h | --help) usage && exit 0 ;;
	*) code=2 fail "$option: unknown (expected: --start, --help)" ;;
	esac
done
# Nothing is changed before all of this is known.
[ "$(id -u)" = 0 ] || fail "user: $(id -un) (expected: root, by sudo $0)"
if $start && [ ! -d /run/systemd/system ]; then
	fail "--start: systemd does not run here (expected: a host that it has booted; elsewhere install without --start, and start 'faultline loader' and 'faultline agent' by other means)"
fi
if command -v apt-get >/dev/null 2>&1; then
	pattern="faultline_*.deb" build="mvn -DskipTests package"
elif command -v dnf >/dev/null 2>&1; then
	pattern="faultline-*.rpm" build="dnf install rpm-build, then mvn -DskipTests package"
else
	fail "apt-get, dnf: not found (expected: Debian 12 or RHEL 9, or later)"
fi
# The newest, where a build of another version has left its own.
# shellcheck disable=SC2012,SC2086 # names of our own; a pattern
package=$(ls -t "$here/target/"$pattern 2>/dev/null | head -n 1)
[ -n "$package" ] || fail "$here/target/$pattern: not found (expected: $build)"

case $package in
*.deb)
	apt-get update -q || echo "install: the package lists could not be brought up to date, going on with those that are there" >&2
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --reinstall "$package" ||
		fail "$package: not installed, see above (expected: a package source with Java 17 and libbpf 1)"
	;;
*.rpm)
	verb=install
	# Builds of one version differ, and dnf would keep the one that is there.
	[ "$(rpm -q faultline 2>/dev/null)" != "$(rpm -qp "$package" 2>/dev/null)" ] || verb=reinstall
	dnf $verb -y "$package" ||
		fail "$package: not installed, see above (expected: a package source with Java 17 and libbpf 1)"
	;;
esac
if $start; then
	systemctl enable --now faultline-loader.service faultline-agent.service ||
		fail "loader or agent: not started (expected: what 'journalctl -u faultline-loader -u faultline-agent' says is mended, then $0 --start)"
	systemctl --no-pager --lines=0 status faultline-loader.service faultline-agent.service
fi
