#!/bin/bash
# Drains a full ring by Faultline's reader, by libbpf in C, and by a JNA callback for each event, in one run. Needs root,
# clang, gcc, libbpf-dev and a built checkout (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-101}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -d "$here/target/lib" ] || { echo "ring.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
gcc -O2 -shared -fPIC -o "$work/libring.so" "$here/live/ring.c" -lbpf

. "$here/header.sh"
# 64 MiB: more than the caches hold, as after a burst. 4 MiB: the default, in the caches.
for bytes in $((64 << 20)) $((4 << 20)); do
	clang -target bpf -g -O2 -DRING_BYTES=$bytes -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$here/live/ring.bpf.c" -o "$work/ring.bpf.o"
	java -XX:+UseSerialGC -cp "$here/target/*:$here/target/lib/*" io.faultline.benchmark.RingBenchmark \
		"$work/libring.so" "$work/ring.bpf.o" $bytes "$rounds"
done
