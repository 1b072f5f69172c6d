#!/bin/bash
# What Faultline costs on the running kernel: its programs, its memory, its start, and the events it makes of healthy
# direct I/O. Needs root, fio, clang, gcc, libbpf-dev, bpftool, python3 and a built checkout (./faultline doctor builds it).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
stats_before=$(cat /proc/sys/kernel/bpf_stats_enabled)
pids=()

cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	echo "$stats_before" >/proc/sys/kernel/bpf_stats_enabled
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
trap cleanup EXIT

for tool in fio clang gcc bpftool python3 mkfs.btrfs; do
	command -v $tool >/dev/null || { echo "live.sh: $tool: not found (expected: installed)" >&2; exit 1; }
done

gcc -O2 -o "$work/hold" "$here/live/hold.c" -lbpf
gcc -O2 -o "$work/storm" "$here/live/storm.c"
clang -target bpf -g -O2 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$here/live/empty.bpf.c" -o "$work/empty.bpf.o"
mkdir "$work/mnt"
truncate -s 512M "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null
mount -o loop "$work/image" "$work/mnt"
chattr +C "$work/mnt"

. "$here/header.sh"
echo

# start_recorder OPTIONS: starts one; returns when it is attached. Sets $recorder.
start_recorder() {
	: >"$work/log"
	"$root/faultline" record -o "$work/r.fl" "$@" 2>"$work/log" &
	recorder=$!
	pids+=("$recorder")
	until grep -q '^recording' "$work/log"; do
		kill -0 "$recorder" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
		read -r -t 0.005 <> <(:) || true
	done
}

stop_recorder() {
	kill -TERM "$recorder"
	wait "$recorder"
}

fio_read() { # ENGINE DEPTH SECONDS
	fio --name=read --filename="$work/mnt/data" --size=128M --rw=randread --direct=1 --ioengine="$1" --iodepth="$2" \
		--bs=4k --numjobs=2 --time_based --runtime="$3" --group_reporting --output-format=json 2>/dev/null |
		python3 -c 'import json, sys; print(round(json.load(sys.stdin)["jobs"][0]["read"]["iops"]))'
}

report() { # PYTHON-EXPRESSION over r
	"$root/faultline" report --json "$work/r.fl" | python3 -c "import json, sys; r = json.load(sys.stdin); print($1)"
}

per_run() { # PROGRAM: nanoseconds a run, from the kernel's own BPF statistics
	bpftool prog show -j | python3 -c "
import json, sys
p = [p for p in json.load(sys.stdin) if p.get('name') == '$1' and p.get('run_cnt')]
print('%.1f' % (sum(x['run_time_ns'] for x in p) / sum(x['run_cnt'] for x in p)))"
}

for loader in core bcc; do
	times=()
	for _ in 1 2 3 4 5 6; do
		begin=$(date +%s%N)
		start_recorder --loader $loader
		times+=($((($(date +%s%N) - begin) / 1000000)))
		stop_recorder
	done
	sorted=$(printf '%s\n' "${times[@]:1}" | sort -n | tr '\n' ' ') # the first run makes the class archive
	echo "start to attached, $loader loader, 5 runs, ms: $sorted"
done

fio_read psync 1 1 >/dev/null # lays the file out
start_recorder --detail normal
iops=$(fio_read io_uring 32 10)
rss=$(awk '/^VmRSS/ {print $2}' "/proc/$recorder/status")
stop_recorder
echo "fio direct random reads, detail normal: $iops IOPS, $(report "'%.0f events/s emitted, %d lost' % (r['balance']['emitted'] / 10, r['balance']['lost'])")"
echo "resident memory of the recorder under that load, core loader: $((rss / 1024)) MiB"

echo 1 >/proc/sys/kernel/bpf_stats_enabled
mkfifo "$work/hold.in"
"$work/hold" "$work/empty.bpf.o" <"$work/hold.in" >"$work/hold.out" &
pids+=("$!")
exec 9>"$work/hold.in"
until grep -q attached "$work/hold.out"; do read -r -t 0.01 <> <(:) || true; done
for detail in normal full; do
	start_recorder --detail $detail --ring-bytes 67108864
	for _ in 1 2 3; do "$work/storm" 300; done
	fio_read psync 1 5 >/dev/null
	for pair in "page_fault_user_btf empty_fault" "dio_begin_btf empty_begin" "dio_complete_btf empty_complete"; do
		set -- $pair
		[ "$detail $1" != "normal page_fault_user_btf" ] || continue # not attached: /proc/vmstat has the number
		python3 -c "print('detail $detail: %-20s %6.1f ns a run, %6.1f ns above an empty program' % ('$1', $(per_run "$1"), $(per_run "$1") - $(per_run "$2")))"
	done
	stop_recorder
done
exec 9>&-
