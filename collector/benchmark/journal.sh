#!/bin/bash
# A real mix, recorded here, into a journal and back, by JMH: two fio jobs of direct reads and writes on a btrfs of a loop
# device while the trigger of bpf/test/trigger makes misses, in detail full. Arguments are JMH's. Needs root, fio, gcc,
# btrfs-progs and a built checkout (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -d "$here/target/lib" ] || { echo "journal.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
for tool in fio gcc mkfs.btrfs; do
	command -v $tool >/dev/null || { echo "journal.sh: $tool: not found (expected: installed)" >&2; exit 1; }
done
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
cleanup() {
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
trap cleanup EXIT
. "$here/header.sh"

gcc -O2 -pthread -o "$work/dio" "$root/bpf/test/trigger/dio.c"
mkdir "$work/mnt"
truncate -s 512M "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null
mount -o loop "$work/image" "$work/mnt"
chattr +C "$work/mnt"
cat >"$work/mix.sh" <<MIX
fio --name=mix --directory=$work/mnt --size=64M --rw=randrw --direct=1 --ioengine=psync --bsrange=4k-64k --numjobs=2 \
	--time_based --runtime=20 --output=/dev/null &
while kill -0 \$! 2>/dev/null; do
	$work/dio --file $work/mnt/missing --operations 997 --threads 4 --buffer mixed --rw mixed >/dev/null
done
MIX
"$root/faultline" record -q -o "$work/mix.fl" --mount "$work/mnt" --detail full --ring-bytes 67108864 -- sh "$work/mix.sh"
"$root/faultline" report --json "$work/mix.fl" | python3 -c '
import json, sys
t = json.load(sys.stdin)["totals"]
print("mix: %d attempts, %d operations, %d of them retried" % (t["attempts"], t["operations"], t["retried_operations"]))'
[ $# -gt 0 ] || set -- -f 1 -wi 2 -i 3 -w 3 -r 5
java -cp "$here/target/*:$here/target/lib/*" org.openjdk.jmh.Main JournalBenchmark -p recording="$work/mix.fl" "$@" |
	grep -E '^(Benchmark  |JournalBenchmark\.|[0-9,]+ events;)' | sed 's/ *([a-z]*) */ /; s,/[^ ]*mix.fl, ,'
