#!/bin/bash
# What the agent costs whoever is watched, from end to end: fio's direct random reads on btrfs, and a storm of page faults, with
# the agent (detail normal), with a bpftrace script and with a bcc script that collect the same facts, with programs that do
# nothing on the hooks of a read and of a page fault in user mode, and with nothing, as a control. Everyone has their turn
# between two turns of nobody, and is compared with the mean of these two, so what else the machine does meets both; printed are
# medians of ROUNDS such ratios, and what they are between in 95 of 100 runs (of six rounds and more; more make it closer).
# overhead.sh [ROUNDS [SECONDS]], SECONDS of each load a turn.
#
# Where the machine's speed changes by more from one second to the next than an observer costs, such turns do not tell. So the
# agent is compared in a second way (switched): the agent runs all the time, split, and its programs are attached and
# detached every 50 ms (live/switch.c: its loader is ended, and the agent goes on with the same maps), as are the programs that do
# nothing, and none, as a control. A round is 20 s of reads of the disk, or 10 s of another load; of each slice with the programs
# the operations a second are compared with those of the slices beside it, and the round's ratio is the median of these.
#
# The reads come from three loop devices, one at a time from the first two: one whose file is on this machine's disk, and out of
# its cache before each turn (disk); one whose file is in memory, a device without latency, where a cost shows most (memory); and
# sixteen at once from one that reads its file directly (deep). A read of that one is two direct reads, of btrfs and of the file,
# and an observer pays for both. Half of the CPUs read, and the devices' workers (all of the kernel's unbound ones, while this
# runs) are on the same ones: left to the scheduler, a read that wakes a worker on another CPU takes up to four times as long as
# one that does not (where the CPUs are virtual), and an observer's first effect would be how often that happens. The observers
# may run where they like. The load's own CPU time counts besides: other work on the machine, and the disk's moods, change it less.
# The observers' CPU time is printed for itself.
#
# FAULTLINE_OBSERVERS="control agent" and FAULTLINE_LOADS="disk" choose among them; with FAULTLINE_BEFORE=CHECKOUT the agent of
# another checkout, which must be built, takes turns too.
# Needs root, fio, gcc, btrfs-progs, python3; bpftrace, bcc and the empty programs (Debian: apt-get install bpftrace
# python3-bpfcc clang libbpf-dev) are left out, with the reason, where they are missing or do not attach.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${1:-10}
seconds=${2:-3}
work=$(mktemp -d /var/tmp/faultline-overhead-XXXXXX)
jobs=$((($(nproc) + 1) / 2))
loads=${FAULTLINE_LOADS:-disk deep memory faults}
for load in $loads; do
	case $load in
	disk | deep | memory | faults) ;;
	*) echo "overhead.sh: FAULTLINE_LOADS: $load (expected: disk, deep, memory, faults)" >&2; exit 1 ;;
	esac
done
observers=${FAULTLINE_OBSERVERS:-control empty agent ${FAULTLINE_BEFORE:+before} bpftrace bcc}
slice_ms=50
observer=""
loader=""
switch=""
workers=/sys/devices/virtual/workqueue/cpumask
workers_before=$(cat $workers)
deep_loop=""
cleanup() {
	stop_observer
	echo "$workers_before" >$workers
	for device in memory disk deep; do
		if mountpoint -q "$work/$device"; then umount "$work/$device"; fi
	done
	[ -z "$deep_loop" ] || losetup -d "$deep_loop"
	rm -rf "$work"
}
stop_observer() {
	if [ -n "$observer" ]; then
		kill -TERM "$observer" 2>/dev/null || true # what a shell starts in the background does not hear SIGINT
		wait "$observer" 2>/dev/null || true
		observer=""
	fi
	for other in $switch $loader; do # after the agent, which would miss its loader
		kill -TERM "$other" 2>/dev/null || true
		wait "$other" 2>/dev/null || true
	done
	switch="" loader=""
}
trap cleanup EXIT
trap 'exit 1' INT TERM
for tool in fio gcc mkfs.btrfs python3 taskset; do
	command -v $tool >/dev/null || { echo "overhead.sh: $tool: not found (expected: installed)" >&2; exit 1; }
done
gcc -O2 -o "$work/storm" "$here/live/storm.c"
mkfifo "$work/never" # as input: its end never comes, since it is open for writing too
# No block of the disk is read twice in 10 s: it would come from the cache.
declare -A size=([memory]=128M [disk]=2560M [deep]=128M)
mkdir "$work/memory" "$work/disk" "$work/deep"
for device in memory disk deep; do
	# Written, not a hole: what is read from a hole comes from no disk.
	head -c $((384 + ${size[$device]%M} * 5 / 4))M /dev/zero >"$work/$device.image"
	mkfs.btrfs -q -f "$work/$device.image" >/dev/null 2>&1
done
sync "$work/disk.image" "$work/deep.image"
mount -o loop "$work/memory.image" "$work/memory"
mount -o loop "$work/disk.image" "$work/disk"
if deep_loop=$(losetup --direct-io=on --find --show "$work/deep.image" 2>"$work/losetup.log"); then
	mount "$deep_loop" "$work/deep"
else
	echo "deep: left out: $(tail -n 1 "$work/losetup.log")"
	loads=${loads/deep/}
fi
for device in memory disk deep; do
	if mountpoint -q "$work/$device"; then chattr +C "$work/$device"; fi
done
# A mask of CPUs is words of 32 bits with commas between, and must come in one write.
echo "$(python3 -c "
mask = (1 << $jobs) - 1
print(','.join(f'{mask >> shift & 0xffffffff:08x}' for shift in reversed(range(0, mask.bit_length(), 32))))")" >$workers
mountpoint -q /sys/kernel/tracing || mount -t tracefs nodev /sys/kernel/tracing
printf 'web: {listen: ""}\nbudget: {probes: 1, cpu: 1}\n' >"$work/agent.yaml"

await() { # PID LOG TEXT: 1 when the process has ended, or a minute is over, before TEXT is in its log
	for _ in $(seq 600); do
		if grep -q "$3" "$2"; then return 0; fi
		kill -0 "$1" 2>/dev/null || return 1
		read -r -t 0.1 <> <(:) || true
	done
	return 1
}
start_observer() { # NAME: returns when it is attached; 1 when it cannot be had
	: >"$work/log"
	case $1 in
	nobody | control) return 0 ;;
	agent | before)
		checkout=$root
		[ "$1" = agent ] || checkout=$FAULTLINE_BEFORE
		"$checkout/faultline" agent --config "$work/agent.yaml" >"$work/log" 2>&1 & ready='agent watches' ;;
	empty)
		if [ ! -x "$work/hold" ]; then
			gcc -O2 -o "$work/hold" "$here/live/hold.c" -lbpf 2>"$work/log" || return 1
			clang -target bpf -g -O2 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$here/live/empty.bpf.c" \
				-o "$work/empty.bpf.o" 2>"$work/log" || return 1
		fi
		"$work/hold" "$work/empty.bpf.o" <>"$work/never" >"$work/log" 2>&1 & ready=attached ;;
	bpftrace)
		command -v bpftrace >/dev/null || { echo 'not found (expected: installed)' >"$work/log"; return 1; }
		bpftrace "$here/live/overhead.bt" >"$work/log" 2>&1 & ready='^ready' ;;
	bcc)
		# The distribution's module is for the distribution's Python.
		python=python3
		$python -c 'import bcc' 2>/dev/null || python=/usr/bin/python3
		$python -c 'import bcc' 2>"$work/log" || return 1
		BCC_KERNEL_SOURCE=${BCC_KERNEL_SOURCE:-$root/bpf/bcc} $python "$here/live/overhead.py" >"$work/log" 2>&1 & ready='^ready' ;;
	esac
	observer=$!
	await "$observer" "$work/log" "$ready"
}

read_with_fio() { # LOAD SECONDS [OPTION...]
	local load=$1 seconds=$2 engine=(--ioengine=psync)
	shift 2
	[ $load != deep ] || engine=(--ioengine=libaio --iodepth=16)
	[ $load != disk ] || dd if="$work/disk.image" iflag=nocache count=0 status=none
	taskset -c 0-$((jobs - 1)) fio --name=read --filename="$work/$load/data" --size="${size[$load]}" --rw=randread --direct=1 \
		"${engine[@]}" --bs=4k --numjobs=$jobs --time_based --runtime="$seconds" --group_reporting --output-format=json "$@" 2>"$work/fio.log"
}
# Prints operations a second, nanoseconds of the load's own CPU time an operation.
load_reads() { # LOAD SECONDS
	read_with_fio "$1" "$2" | python3 -c '
import json, sys
job = json.load(sys.stdin)["jobs"][0]
read = job["read"]
ns = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] * 1e6
print(read["iops"], ns / read["total_ios"])'
}
load_faults() {
	python3 - "$work/storm" "$1" <<'PY'
import resource, subprocess, sys, time
begin, usage = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
while time.monotonic() - begin < float(sys.argv[2]):
    subprocess.run([sys.argv[1], "100"], stdout=subprocess.DEVNULL, check=True)
seconds, usage = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_minflt / seconds, 1e9 * (usage.ru_utime + usage.ru_stime) / usage.ru_minflt)
PY
}
cpu_ns() { # of the observer, threads that have ended included
	[ -n "$observer" ] || { echo 0; return; }
	awk -v hz="$(getconf CLK_TCK)" '{printf "%.0f\n", ($14 + $15) * 1e9 / hz}' /proc/"$observer"/stat
}
turn() { # NAME
	local warm=10 # a JVM compiles meanwhile: after it has run for days that is not what it costs
	[ "$1" != nobody ] || warm=3
	load_reads memory $warm >/dev/null
	local before after
	before="$(cpu_ns) $(date +%s%N)"
	for load in $loads; do
		case $load in
		faults) echo "$1 faults $(load_faults "$seconds")" ;;
		*) echo "$1 $load $(load_reads $load "$seconds")" ;;
		esac >>"$work/results"
	done
	after="$(cpu_ns) $(date +%s%N)"
	echo "$1 own $before $after" | awk '{print $1, $2, ($5 - $3) / ($6 - $4), 0}' >>"$work/results"
}

# The rounds of one load while NAME is switched; prints a ratio a line.
switched() { # NAME LOAD
	local part parts=1
	[ "$2" != disk ] || parts=2
	for part in $(seq $parts); do
		rm -f "$work"/part_iops.*
		: >"$work/slices" # of this part: switch appends
		if [ "$2" = faults ]; then
			load_faults 10 >/dev/null
		else
			read_with_fio "$2" 10 --write_iops_log="$work/part" --log_avg_msec=5 --log_unix_epoch=1 >/dev/null
			cat "$work"/part_iops.* >"$work/part-$part"
		fi
		cp "$work/slices" "$work/slices-$part"
	done
	python3 "$here/live/slices.py" "$work" "$2" $parts
}
start_switch() { # NAME: 1 when it cannot be had
	local target=0 command=$root/faultline
	case $1 in
	agent | before)
		[ "$1" = agent ] || command=$FAULTLINE_BEFORE/faultline
		"$command" loader --socket "$work/loader.sock" --user root >"$work/loader.log" 2>&1 &
		loader=$!
		await "$loader" "$work/loader.log" 'loader at' || { cp "$work/loader.log" "$work/log"; return 1; }
		FAULTLINE_LOADER=$work/loader.sock start_observer "$1" || return 1
		load_reads memory 10 >/dev/null
		target=$loader ;;
	empty)
		start_observer empty || return 1
		target=$observer ;;
	esac
	[ -x "$work/switch" ] || gcc -O2 -o "$work/switch" "$here/live/switch.c" -lbpf 2>"$work/log" || return 1
	: >"$work/slices"
	"$work/switch" "$target" "$slice_ms" <>"$work/never" >>"$work/slices" 2>"$work/log" &
	switch=$!
	[ "$target" = 0 ] || disown "$target" # switch ends it, which is no news
}

. "$here/header.sh"
echo
for device in memory disk deep; do
	if mountpoint -q "$work/$device"; then load_reads $device 1 >/dev/null; fi # lays its file out
	sync -f "$work/$device" # the disk's must be clean, to leave the cache
done
missing=""
turn nobody
for ((round = 1; round <= rounds; round++)); do
	for name in $observers; do
		case " $missing " in *" $name "*) continue ;; esac
		if ! start_observer $name; then
			missing="$missing $name"
			echo "$name: left out: $(tail -n 1 "$work/log" 2>/dev/null | cut -c1-120)"
			stop_observer
			continue
		fi
		turn $name
		if [ -n "$observer" ] && ! kill -0 "$observer" 2>/dev/null; then
			echo "$name: ended by itself: $(tail -n 1 "$work/log" | cut -c1-120)" >&2
			exit 1
		fi
		stop_observer
		turn nobody
	done
done
for ((round = 1; round <= rounds; round++)); do
	for name in $observers; do
		case " $missing " in *" $name "*) continue ;; esac
		case $name in bpftrace | bcc) continue ;; esac
		if ! start_switch $name; then
			echo "$name, switched: left out: $(tail -n 1 "$work/log" 2>/dev/null | cut -c1-120)"
			stop_observer
			continue
		fi
		for load in $loads; do
			echo "$name switched-$load $(switched $name $load)" >>"$work/results"
		done
		kill -0 "$switch" 2>/dev/null || { echo "$name, switched: ended by itself: $(tail -n 1 "$work/log")" >&2; exit 1; }
		stop_observer
	done
done
python3 - "$work/results" <<'PY'
import collections, statistics, sys
turns = [line.split() for line in open(sys.argv[1])]
median = statistics.median
def sure(values):
    """Between which the median is in 95 of 100 runs: of its order, whatever the values' distribution."""
    values, n = sorted(values), len(values)
    below = max(0, int((n - 1.96 * n ** 0.5) / 2))
    return values[below], values[n - 1 - below]
for what, unit in (("disk", "direct reads, disk"), ("deep", "direct reads, disk, 16 at once, each two"),
                   ("memory", "direct reads, memory"), ("faults", "page faults")):
    of = [(name, float(rate), float(ns)) for name, load, rate, ns in turns if load == what]
    if not of:
        continue
    slower, more, extra = (collections.defaultdict(list) for _ in range(3))
    for before, here, after in zip(of, of[1:], of[2:]):
        if here[0] != "nobody":
            slower[here[0]].append(100 * (1 - here[1] / ((before[1] + after[1]) / 2)))
            more[here[0]].append(100 * (here[2] / ((before[2] + after[2]) / 2) - 1))
            extra[here[0]].append(here[2] - (before[2] + after[2]) / 2)
    nobody = [turn for turn in of if turn[0] == "nobody"]
    rate = median(t[1] for t in nobody)
    print(f"{unit}: {rate:,.0f}/s with nobody, {median(t[2] for t in nobody):,.0f} ns of CPU time each")
    for name in slower:
        low, high = sure(slower[name])
        print(f"  {name:9} {median(slower[name]):+6.2f} % slower (95 %: {low:+.2f} to {high:+.2f}),"
              f" {median(more[name]):+6.2f} % CPU time, {median(extra[name]):+6.0f} ns each"
              f" = {median(extra[name]) * rate / 1e7:+.2f} % of the time; {len(slower[name])} rounds")
print("switched every 50 ms")
for load in ("disk", "deep", "memory", "faults"):
    of = collections.defaultdict(list)
    for name, what, ratio, pairs in turns:
        if what == "switched-" + load:
            of[name].append((float(ratio), int(pairs)))
    for name, values in of.items():
        low, high = sure([ratio for ratio, _ in values])
        print(f"  {load}, {name:8} {median(r for r, _ in values):+6.2f} % slower (95 %: {low:+.2f} to {high:+.2f});"
              f" {len(values)} rounds, {sum(pairs for _, pairs in values):,} slices")
own = collections.defaultdict(list)
for name, load, share, _ in turns:
    if load == "own" and name not in ("nobody", "control"):
        own[name].append(float(share))
print("the observers' own CPU time, of one CPU: " + ", ".join(f"{n} {100 * median(v):.1f} %" for n, v in own.items()))
PY
