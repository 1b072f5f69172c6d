#!/bin/bash
# What Faultline costs where glocks are taken and nobody waits: locks.sh [KERNEL], in a guest of the lab. Emulation makes
# nanoseconds meaningless there: what counts is the ratio to a program that does nothing, in the same guest and run.
# Needs what the lab needs, clang, gcc, libbpf-dev, bpftool, python3 and a built checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
kernel=${1:-6.12}
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT

gcc -O2 -o "$work/hold" "$here/live/hold.c" -lbpf
gcc -O2 -o "$work/glocks" "$here/live/glocks.c"
clang -target bpf -g -O2 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$here/live/empty_locks.bpf.c" \
	-o "$work/empty_locks.bpf.o"
. "$here/header.sh"
echo
"$root/deploy/lab/lab" run --kernel "$kernel" --fs gfs2 -- bash "$here/live/locks-guest.sh" "$work"
