#!/bin/bash
# What people who look cost an agent that watches: its CPU and memory under the same traffic, first alone, then with 200
# clients that follow the stream, 8 that follow and never read, and 100 requests a second. Nothing may be lost. Arguments:
# seconds of each (60). Needs root, fio, gcc, curl, python3 and a built checkout (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -d "$root/collector/target/lib" ] || { echo "web.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
for tool in fio gcc curl python3 mkfs.btrfs; do
	command -v $tool >/dev/null || { echo "web.sh: $tool: not found (expected: installed)" >&2; exit 1; }
done
. "$here/header.sh"
seconds=${1:-60}
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
pids=()
end() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
trap end EXIT
gcc -O2 -pthread -o "$work/dio" "$root/bpf/test/trigger/dio.c"
mkdir "$work/mnt"
truncate -s 1G "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null
mount -o loop "$work/image" "$work/mnt"
mkdir "$work/mnt/nocow"
chattr +C "$work/mnt/nocow"
printf 'source:\n  mount: %s\n' "$work/mnt" >"$work/agent.yaml"
"$root/faultline" agent --config "$work/agent.yaml" --listen 127.0.0.1:0 --journal "$work/journal" >"$work/log" 2>&1 &
agent=$!
pids+=("$agent")
until grep -q 'agent watches' "$work/log"; do
	kill -0 "$agent" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	sleep 0.1
done
page=$(sed -n 's/.*page at \(http[^ ]*\).*/\1/p' "$work/log")

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$agent/stat"; }
rss() { awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$agent/status"; }

# traffic: 2,000 healthy direct reads and writes a second, and retried writes all the while. Adds to $work/retries.
traffic() { # SECONDS
	fio --directory="$work/mnt/nocow" --size=64m --time_based --runtime="$1" --rate_iops=1000 --output=/dev/null \
		--name=direct --direct=1 --rw=randrw --bs=16k &
	local until=$((SECONDS + $1))
	while [ $SECONDS -lt $until ]; do
		"$work/dio" --file "$work/mnt/nocow/data" --operations 101 --rw write --buffer half --buffer-source same-file >/dev/null
		echo 101 >>"$work/retries"
		sleep 0.2
	done
	wait $!
}

measure() { # NAME COMMAND...
	local name=$1 before
	shift
	before=$(ticks)
	"$@"
	echo "$name: $(awk -v t=$(($(ticks) - before)) -v s="$seconds" 'BEGIN { printf "%.3f", t / 100 / s }') of a core, $(rss) MiB resident"
}

watched() {
	java -Xmx128m "$here/src/main/java/io/faultline/benchmark/WebLoad.java" "$page" 200 8 100 "$seconds" >"$work/load" &
	local load=$!
	pids+=("$load")
	traffic "$seconds"
	wait $load
}

traffic 15 # so that what is compiled is compiled
measure "nobody looks                     " traffic "$seconds"
measure "200 + 8 follow, 100 requests a s " watched
echo "clients: $(cat "$work/load")"
echo "server:  $(curl -s "${page}api/v1/server")"
kill -TERM "$agent"
wait "$agent"
pids=()
made=$(awk '{ sum += $1 } END { print sum }' "$work/retries")
"$root/faultline" report --json "$work/journal" | python3 -c '
import json, sys
r = json.load(sys.stdin)
print("retries made: '"$made"', in the totals: %d, in the operations that were matched: %d; complete: %s" % (
    r["totals"]["retries"], sum(o["retries"] for o in r["operations"]), r["balance"]["complete"]))'
