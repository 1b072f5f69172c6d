# Shared by demo.sh and test.sh: installs what is missing, with apt or dnf, and builds. Sourced, not run.
# Sets $root to the checkout. Every step says what it does; a failure says what could not be had.

set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

say() {
	printf '==> %s\n' "$*"
}

fail() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# need COMMAND-OR-FILE DEBIAN-PACKAGE RPM-PACKAGE: notes the package when it is missing.
missing=""
need() {
	case $1 in
	/*) for file in $1; do [ -e "$file" ] && return 0; done ;;
	*) command -v "$1" >/dev/null 2>&1 && return 0 ;;
	esac
	if command -v apt-get >/dev/null 2>&1; then
		missing="$missing $2"
	else
		missing="$missing $3"
	fi
}

# Runs the installation with a policy-rc.d, if the machine has none of its own: what it brings must not start here.
without_daemons() (
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT
		trap 'exit 1' HUP INT TERM
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	"$@"
)

install_missing() {
	[ -n "$missing" ] || return 0
	say "installing:$missing"
	if command -v apt-get >/dev/null 2>&1; then
		export DEBIAN_FRONTEND=noninteractive
		# shellcheck disable=SC2086 # a list of words
		{ apt-get update -q && without_daemons apt-get install -q -y --no-install-recommends $missing; } >/tmp/faultline-setup.log 2>&1 ||
			fail "packages:$missing: cannot be installed, see /tmp/faultline-setup.log (expected: a package source that has them)"
	elif command -v dnf >/dev/null 2>&1; then
		# shellcheck disable=SC2086
		dnf install -q -y $missing >/tmp/faultline-setup.log 2>&1 ||
			fail "packages:$missing: cannot be installed, see /tmp/faultline-setup.log (expected: a package source that has them; EPEL and CRB on RHEL)"
	else
		fail "packages:$missing: no apt-get and no dnf here (expected: install them by hand)"
	fi
	# Nor at the next boot: the lab starts them in its guests, tests start their own. What was there before is left as it is.
	case " $missing " in *" corosync "*) systemctl disable corosync.service >>/tmp/faultline-setup.log 2>&1 || true ;; esac
	case " $missing " in *" dlm-controld "*) systemctl disable dlm.service >>/tmp/faultline-setup.log 2>&1 || true ;; esac
	for service in influxdb victoria-metrics prometheus prometheus-alertmanager; do
		case " $missing " in *" $service "*) systemctl disable $service.service >>/tmp/faultline-setup.log 2>&1 || true ;; esac
	done
	missing=""
}

need_root() {
	[ "$(id -u)" = 0 ] || fail "not root (expected: sudo $0)"
}

# What building and running need.
need_build() {
	need javac openjdk-17-jdk-headless java-17-openjdk-devel
	need mvn maven maven
	need clang clang clang
	need make make make
	need "/usr/include/bpf/bpf_helpers.h" libbpf-dev libbpf-devel
	need "/usr/lib/*/libbpf.so.1 /usr/lib64/libbpf.so.1" libbpf1 libbpf
	need "/usr/lib/*/libbcc.so.0 /usr/lib64/libbcc.so.0" libbpfcc bcc
	need mount mount util-linux
	need losetup mount util-linux
	need mkfs.btrfs btrfs-progs btrfs-progs
	need chattr e2fsprogs e2fsprogs
}

# What the lab needs.
need_lab() {
	need qemu-system-x86_64 qemu-system-x86 qemu-kvm-core
	need busybox busybox-static busybox
	need cpio cpio cpio
	need xz xz-utils xz
	need zstd zstd zstd
	need depmod kmod kmod
	need mkfs.gfs2 gfs2-utils gfs2-utils
}

# What its clusters need besides.
need_cluster() {
	need ip iproute2 iproute
	need corosync corosync corosync
	need dlm_controld dlm-controld dlm
}

build() {
	say "building"
	(cd "$root" && mvn -q -B -ntp -DskipTests -Dspotless.check.skip=true -pl collector package) || fail "the build failed, see above"
}
