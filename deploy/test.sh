#!/bin/sh
# Installs what is missing and runs every test: unit tests, then live ones on the running kernel. May be run again at any
# time. Live tests that this machine cannot run are skipped, and say why.
. "$(dirname -- "$0")/setup.sh"

need_root
need_build
need gcc gcc gcc
need mkfs.xfs xfsprogs xfsprogs
need mkfs.ext4 e2fsprogs e2fsprogs
need bpftool bpftool bpftool
need unshare util-linux util-linux
need setpriv util-linux util-linux
install_missing
say "mvn verify"
cd "$root"
exec mvn -B -ntp "$@" verify
