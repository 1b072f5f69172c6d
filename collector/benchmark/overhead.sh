#!/bin/bash
# What the agent costs whoever is watched, from end to end: fio's direct random reads on btrfs, and a storm of page faults, each
# alone, with the agent (detail normal), with a bpftrace script and with a bcc script that collect the same facts, one after
# the other, ROUNDS times, so that all of them see the same machine. Prints medians as ratios to alone. overhead.sh [ROUNDS [SECONDS]];
# the figures in README.md are of 10 rounds of 5 s. Needs root, fio, gcc, python3; bpftrace and python3-bpfcc are left
# out, with the reason, where they are missing or do not attach.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=${1:-10}
seconds=${2:-5}
work=$(mktemp -d /var/tmp/faultline-overhead-XXXXXX)
observer=""
cleanup() {
	stop_observer
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
stop_observer() {
	if [ -n "$observer" ]; then
		kill -INT "$observer" 2>/dev/null || true
		wait "$observer" 2>/dev/null || true
		observer=""
	fi
}
trap cleanup EXIT
trap 'exit 1' INT TERM
gcc -O2 -o "$work/storm" "$here/live/storm.c"
mkdir "$work/mnt"
truncate -s 512M "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null
mount -o loop "$work/image" "$work/mnt"
chattr +C "$work/mnt"
mountpoint -q /sys/kernel/tracing || mount -t tracefs nodev /sys/kernel/tracing
printf 'web: {listen: ""}\nbudget: {probes: 1, cpu: 1}\n' >"$work/agent.yaml"

start_observer() { # NAME: returns when it is attached; 1 when it cannot be had
	: >"$work/log"
	case $1 in
	alone) return 0 ;;
	agent) "$root/faultline" agent --config "$work/agent.yaml" >"$work/log" 2>&1 & ready='agent watches' ;;
	bpftrace)
		command -v bpftrace >/dev/null || return 1
		bpftrace "$here/live/overhead.bt" >"$work/log" 2>&1 & ready='^ready' ;;
	bcc)
		# The distribution's module is for the distribution's Python.
		python=python3
		$python -c 'import bcc' 2>/dev/null || python=/usr/bin/python3
		$python -c 'import bcc' 2>/dev/null || return 1
		BCC_KERNEL_SOURCE=${BCC_KERNEL_SOURCE:-$root/bpf/bcc} $python "$here/live/overhead.py" >"$work/log" 2>&1 & ready='^ready' ;;
	esac
	observer=$!
	for _ in $(seq 600); do
		if grep -q "$ready" "$work/log"; then return 0; fi
		kill -0 "$observer" 2>/dev/null || { wait "$observer" 2>/dev/null || true; observer=""; return 1; }
		read -r -t 0.1 <> <(:) || true
	done
	return 1
}
fio_iops() {
	fio --name=read --filename="$work/mnt/data" --size=128M --rw=randread --direct=1 --ioengine=psync --bs=4k --numjobs=2 \
		--time_based --runtime="$seconds" --group_reporting --output-format=json 2>/dev/null |
		python3 -c 'import json, sys; print(round(json.load(sys.stdin)["jobs"][0]["read"]["iops"]))'
}
faults_s() { # page faults a second of the storm
	python3 - "$work/storm" "$seconds" <<'PY'
import resource, subprocess, sys, time
n, begin = 0, time.monotonic()
while time.monotonic() - begin < float(sys.argv[2]):
    subprocess.run([sys.argv[1], "50"], stdout=subprocess.DEVNULL, check=True)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(round(u.ru_minflt / (time.monotonic() - begin)))
PY
}

. "$here/header.sh"
echo
fio_iops >/dev/null # lays the file out
missing=""
for ((round = 1; round <= rounds; round++)); do
	for name in alone agent bpftrace bcc; do
		case " $missing " in *" $name "*) continue ;; esac
		if ! start_observer $name; then
			missing="$missing $name"
			echo "$name: left out: $(tail -n 1 "$work/log" 2>/dev/null | cut -c1-120)"
			stop_observer
			continue
		fi
		echo "$name fio $(fio_iops)" >>"$work/results"
		echo "$name faults $(faults_s)" >>"$work/results"
		stop_observer
	done
done
python3 - "$work/results" "$rounds" <<'PY'
import collections, statistics, sys
values = collections.defaultdict(list)
for line in open(sys.argv[1]):
    name, what, value = line.split()
    values[name, what].append(int(value))
for what, unit in (("fio", "direct reads/s"), ("faults", "page faults/s")):
    alone = statistics.median(values["alone", what])
    for name in ("alone", "agent", "bpftrace", "bcc"):
        if values[name, what]:
            median = statistics.median(values[name, what])
            ratios = [v / a for v, a in zip(values[name, what], values["alone", what])]
            print(f"{what:7} {name:9} {median:10,.0f} {unit}, {100 * (1 - statistics.median(ratios)):+6.2f} % slower"
                  f" (median of {len(ratios)} rounds, {100 * (1 - max(ratios)):+.2f} to {100 * (1 - min(ratios)):+.2f})")
PY
