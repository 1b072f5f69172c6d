#!/bin/sh
# Installs Faultline from the packages that 'mvn package' has left in deploy/package/target: with apt or dnf, so that it can
# be removed and purged again. --start also enables and starts loader and agent. May be run again: it upgrades then.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

fail() {
	echo "install: $*" >&2
	exit 1
}

start=false
case ${1:-} in
"") ;;
--start) start=true ;;
*) echo "Usage: install.sh [--start]" && exit 2 ;;
esac
[ "$(id -u)" = 0 ] || fail "not root (expected: sudo $0)"
if command -v apt-get >/dev/null 2>&1; then
	package=$(ls "$here"/target/faultline_*.deb 2>/dev/null | head -n 1)
	[ -n "$package" ] || fail "no deb in $here/target (expected: mvn -DskipTests package)"
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --reinstall "$package"
elif command -v dnf >/dev/null 2>&1; then
	package=$(ls "$here"/target/faultline-*.rpm 2>/dev/null | head -n 1)
	[ -n "$package" ] || fail "no rpm in $here/target (expected: dnf install rpm-build, then mvn -DskipTests package)"
	dnf install -y "$package"
else
	fail "no apt-get and no dnf here (expected: Debian 12 or RHEL 9, or later)"
fi
if $start; then
	[ -d /run/systemd/system ] || fail "--start: systemd does not run here (expected: start 'faultline loader' and 'faultline agent' by other means)"
	systemctl enable --now faultline-loader.service faultline-agent.service
	systemctl --no-pager status faultline-agent.service
fi
