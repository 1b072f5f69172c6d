#!/bin/bash
# Runs the agent with everything on under a load that misses, waits and ends, and holds it to a ceiling: soak.sh [SECONDS].
# 120 in the tests, 1200 and more by hand. Fails when resident memory or descriptors are above the ceiling at any time, when
# either grows between the second and the last quarter, or when the account does not close. Needs root, gcc, btrfs-progs, python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-120}
memory_mib=${SOAK_MEMORY_MIB:-384}
descriptors=${SOAK_DESCRIPTORS:-160}
work=$(mktemp -d /var/tmp/faultline-soak-XXXXXX)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
gcc -O2 -pthread -o "$work/dio" "$root/bpf/test/trigger/dio.c"
gcc -O2 -pthread -o "$work/contend" "$root/bpf/test/trigger/contend.c"
mkdir "$work/mnt"
truncate -s 512M "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null
mount -o loop "$work/image" "$work/mnt"
chattr +C "$work/mnt"
cat >"$work/agent.yaml" <<CONF
source: {detail: full, mount: $work/mnt}
budget: {probes: 1, cpu: 1, memory: 1GiB, events: 1GiB}
journal: {dir: $work/journal, segment: 1MiB, size: 16MiB}
web: {listen: "127.0.0.1:0"}
CONF
"$root/faultline" agent --config "$work/agent.yaml" >"$work/log" 2>&1 &
agent=$!
pids+=("$agent")
until grep -q 'agent watches' "$work/log"; do
	kill -0 "$agent" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	read -r -t 0.05 <> <(:) || true
done
load() { # one round after the other, until the time is over
	local end=$((SECONDS + seconds)) round=0
	while [ $SECONDS -lt $end ]; do
		round=$((round + 1))
		"$work/dio" --file "$work/mnt/a" --threads 4 --operations 101 --buffer mixed --rw mixed --io mixed --seed $round >/dev/null || true
		"$work/contend" inode "$work/mnt/b" 20 >/dev/null || true
		read -r -t 0.2 <> <(:) || true
	done
}
load &
loader=$!
pids+=("$loader")
while kill -0 "$loader" 2>/dev/null; do
	kill -0 "$agent" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	echo "$(awk '/^VmRSS/ {print $2}' "/proc/$agent/status") $(find "/proc/$agent/fd" -mindepth 1 2>/dev/null | wc -l)" >>"$work/samples"
	read -r -t 1 <> <(:) || true
done
kill -TERM "$agent"
wait "$agent" || { cat "$work/log" >&2; exit 1; }
# The journal may have let its oldest segments go: the last line of the agent's own account is what counts.
python3 - "$work/samples" "$memory_mib" "$descriptors" "$seconds" <<'CHECK'
import statistics, sys
samples = [tuple(map(int, line.split())) for line in open(sys.argv[1])]
memory_max, fds_max = int(sys.argv[2]), int(sys.argv[3])
rss, fds = [s[0] / 1024 for s in samples], [s[1] for s in samples]
quarter = max(1, len(samples) // 4)
early, late = statistics.median(rss[quarter:2 * quarter]), statistics.median(rss[-quarter:])
fds_early, fds_late = statistics.median(fds[quarter:2 * quarter]), statistics.median(fds[-quarter:])
print(f"soak: {sys.argv[4]} s, {len(samples)} samples: resident at most {max(rss):.0f} MiB (ceiling {memory_max}),"
      f" {early:.0f} MiB in the second quarter, {late:.0f} in the last; descriptors at most {max(fds)} (ceiling {fds_max}),"
      f" {fds_early:.0f} and {fds_late:.0f}")
bad = []
if max(rss) > memory_max:
    bad.append("resident memory above the ceiling")
if max(fds) > fds_max:
    bad.append("descriptors above the ceiling")
if late > early * 1.25 + 16:
    bad.append("resident memory grows")
if fds_late > fds_early + 8:
    bad.append("descriptors grow")
if len(samples) < int(sys.argv[4]) // 4:
    bad.append("too few samples")
sys.exit("soak: " + ", ".join(bad) if bad else 0)
CHECK
grep -q 'ended after [1-9]' "$work/log" || { cat "$work/log" >&2; exit 1; }
grep 'ended after' "$work/log"
