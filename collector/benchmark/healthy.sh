#!/bin/bash
# What the rules say of healthy work: healthy.sh [SECONDS [RECORDING [DIRECTORY]]], an hour without arguments. fio's mixes of
# direct, buffered and mapped I/O on a btrfs of its own, or in DIRECTORY, recorded in detail full; then the recording goes
# through the rules. Exit code 1 when there is an alert above info, or anything is missing. The rate is bounded, 200 I/Os a
# second of each job or FAULTLINE_HEALTHY_IOPS: the machine stays usable. RECORDING is kept; without it the recording is
# removed, as is what was written into DIRECTORY. On gfs2, in the lab:
#   deploy/lab/lab run --kernel 6.12 --fs gfs2 --timeout 1200 -- \
#       env FAULTLINE_HEALTHY_IOPS=20 sh -c 'collector/benchmark/healthy.sh 600 /run/healthy.fl $LAB_MNT'
# Needs root, fio, btrfs-progs, gcc, python3 and a built checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-3600}
work=$(mktemp -d /var/tmp/faultline-healthy-XXXXXX)
recording=${2:-$work/healthy.fl}
directory=${3:-}
round_s=20
rate=${FAULTLINE_HEALTHY_IOPS:-200}
size=48m
recorder=""

cleanup() {
	[ -z "$recorder" ] || kill "$recorder" 2>/dev/null || true
	wait 2>/dev/null || true
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work" ${3:+"$3/nocow" "$3/checked"}
}
trap 'cleanup "$@"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for tool in fio gcc python3 mkfs.btrfs findmnt; do
	command -v $tool >/dev/null || { echo "healthy.sh: $tool: not found (expected: installed)" >&2; exit 1; }
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "healthy.sh: SECONDS: $seconds (expected: seconds)" >&2; exit 2; }

dio=${FAULTLINE_DIO:-$work/dio} # built already, where a compiler is slow
[ -x "$dio" ] || gcc -O2 -pthread -o "$dio" "$root/bpf/test/trigger/dio.c"
if [ -z "$directory" ]; then
	directory=$work/mnt
	mkdir "$directory"
	truncate -s 2G "$work/image"
	mkfs.btrfs -q "$work/image" >/dev/null
	mount -o loop "$work/image" "$directory"
else
	[ -d "$directory" ] || { echo "healthy.sh: DIRECTORY: $directory (expected: a directory)" >&2; exit 2; }
	size=16m # the lab's file systems are small
fi
mkdir "$directory/nocow" "$directory/checked"
fs=$(findmnt -nro FSTYPE -T "$directory")
[ "$fs" != btrfs ] || chattr +C "$directory/nocow" # btrfs writes only files without checksums directly
mount=$(findmnt -nro TARGET -T "$directory")
dev=$(findmnt -nro MAJ:MIN -T "$directory")

. "$here/header.sh"

engines=(psync libaio io_uring pvsync2)
patterns=(randread randwrite randrw read write rw)

# One round: eight jobs at once, each with files of its own, so that none invalidates what another one caches.
mix() { # ROUND SECONDS
	local round=$1 job
	local -a jobs=()
	for job in 0 1 2 3; do
		local choice=$((round + job))
		jobs+=(--name="direct$job" --directory="$directory/nocow" --direct=1
			--rw="${patterns[(round + 2 * job) % 6]}" --bs="$((4 << (choice % 6)))k"
			--ioengine="${engines[choice % 4]}" --iodepth=$((1 + choice % 16)))
	done
	jobs+=(--name=shared --directory="$directory/nocow" --direct=1 --rw=randrw --bs=8k --ioengine=psync
		--thread --numjobs=3 --filename=shared) # one file, three threads
	head -c 1M /dev/urandom >"$directory/nocow/buffer"
	jobs+=(--name=mapped-buffer --directory="$directory/nocow" --direct=1 --rw=randread --bs=64k --ioengine=psync
		--filename=source --iomem="mmapshared:$directory/nocow/buffer")
	jobs+=(--name=checked --directory="$directory/checked" --direct=1 --rw=randrw --bs=16k --ioengine=psync)
	jobs+=(--name=buffered --directory="$directory/nocow" --direct=0 --rw=randrw --bs=16k --ioengine=psync --fsync=64)
	jobs+=(--name=mapped --directory="$directory/nocow" --direct=0 --rw=randrw --bs=4k --ioengine=mmap)
	nice fio --size=$size --time_based --runtime="$2" --rate_iops="$rate" --rate_process=poisson --output=/dev/null --eta=never \
		"${jobs[@]}"
	# Retries that get on: half of each buffer is missing, in memory and in the mapping of another file.
	for source in anon other-file; do
		nice "$dio" --file "$directory/nocow/retried" --operations 211 --rw mixed --buffer half --buffer-source $source >/dev/null
	done
}

: >"$work/log"
"$root/faultline" record --quiet -o "$recording" --mount "$mount" --detail full --ring-bytes 16777216 2>"$work/log" &
recorder=$!
until [ -s "$recording" ]; do # its header is written when all is attached
	kill -0 $recorder 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	read -r -t 0.01 <> <(:) || true
done

SECONDS=0
round=0
while [ $SECONDS -lt "$seconds" ]; do
	left=$((seconds - SECONDS))
	mix $round $((left < round_s ? left : round_s))
	round=$((round + 1))
	[ ! -t 2 ] || printf '\r%d of %d s, %d KiB recorded ' $SECONDS "$seconds" $(($(stat -c %s "$recording") / 1024)) >&2
done
took=$SECONDS
kill -TERM $recorder
wait $recorder || { cat "$work/log" >&2; exit 1; }
recorder=""

"$root/faultline" report --json --top 1 "$recording" >"$work/report.json" || { tail -n 20 "$work/report.json" >&2; exit 1; }
python3 - "$work/report.json" "$recording" "$took" "$round" "$fs" "$dev" <<'PYTHON'
import collections, json, os, sys
report, recording, took, rounds, fs, dev = sys.argv[1:]
r = json.load(open(report))
t, b = r["totals"], r["balance"]
print(f"healthy work for {took} s in {rounds} rounds on {fs} {dev}; {os.path.getsize(recording) / 1e6:.1f} MB recorded")
print(f"{t['attempts']:,} attempts, {t['operations']:,} operations with faults disabled, {t['retried_operations']:,} of"
      f" them retried, {t['buffered_fallbacks']:,} fallbacks; {t['lock_waits']:,} lock waits, {t['page_faults_user']:,} page faults")
print(f"balance: complete {b['complete']}, {b['hits']:,} hits, {b['emitted']:,} emitted, {b['lost']:,} lost, {b['decoded']:,} decoded"
      + "".join(f"; {reason}" for reason in b["reasons"]))
# The kernel does not run a program inside itself: an interrupt that comes to the same hook is a hit that nobody sees.
# Where programs are slow, as in a guest, that happens; it is no fault of ours, and the rules know of it.
missed = sum(p["missed"] for p in b["probes"])
# Locks without a device, such as mmap_lock, pass a filter for one: those of other programs are other work on this host.
def is_own(alert):
    return alert["dev"] == dev if alert.get("dev") else any(e.get("comm") in ("fio", "dio") for e in alert["evidence"])
of_others = [a for a in r["alerts"] if not is_own(a)]
own = [a for a in r["alerts"] if a not in of_others]
above = [a for a in own if a["severity"] != "info"]
count = collections.Counter(f"{a['rule']} {a['severity']}" for a in own)
print(f"alerts: {dict(count) if own else 'none'}; above info: {len(above)}" + (f"; of other work on this host: {len(of_others)}" if of_others else ""))
for a in above:
    print(json.dumps(a))
is_whole = b["complete"] or (b["lost"] == missed > 0 and b["decoded"] == b["emitted"])
sys.exit(0 if is_whole and not above else 1)
PYTHON
