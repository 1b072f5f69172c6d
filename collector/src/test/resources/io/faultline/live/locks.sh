#!/bin/bash
# Runs in a guest of the lab, below "faultline record": traces with ftrace what the recorder records at the same time.
# locks.sh self|contend TRIGGER: the workload; leaves $LAB_OUT/NAME.trace and $LAB_OUT/NAME.json.
set -eu
name=$1
trigger=$2
tracing=/sys/kernel/tracing
file=$LAB_MNT/$name

if [ "$name" = self ]; then
	# The file is there, and no page of it is in memory: its mapping is the buffer of a read and a write of itself.
	"$trigger" --file "$file" --operations 1 --rw read >/dev/null
	echo 3 >/proc/sys/vm/drop_caches
else
	dd if=/dev/zero of="$file" bs=1M count=24 status=none
	sync
fi

echo mono >$tracing/trace_clock
echo 65536 >$tracing/buffer_size_kb
for event in gfs2/gfs2_glock_queue gfs2/gfs2_promote gfs2/gfs2_glock_state_change gfs2/gfs2_demote_rq; do
	echo 1 >$tracing/events/$event/enable
done
if [ -d $tracing/events/iomap/iomap_dio_rw_begin ]; then
	echo 1 >$tracing/events/iomap/iomap_dio_rw_begin/enable
else
	[ -d $tracing/events/lab ] || echo 'p:lab/iomap_dio_rw_begin __iomap_dio_rw' >$tracing/kprobe_events
	echo 1 >$tracing/events/lab/iomap_dio_rw_begin/enable
fi
echo >$tracing/trace
echo 1 >$tracing/tracing_on

case $name in
self)
	for rw in read write; do
		"$trigger" --file "$file" --operations 1 --rw $rw --buffer absent --buffer-source same-file --json
	done >"$LAB_OUT/$name.json"
	;;
contend)
	# A direct write holds the glock deferred, a buffered read wants it shared: each waits for the other again and again, until
	# readers had to wait long enough to be compared, as ftrace has it.
	writers=" "
	readers_waited() {
		awk -v lock="glock 2:$(stat -c %i "$file") " -v writers="$writers" '
			!index($0, lock) { next }
			match($0, /[0-9]+\.[0-9]+:/) { at = substr($0, RSTART, RLENGTH - 1) }
			match($0, /-[0-9]+ +\[/) { task = substr($0, RSTART + 1, RLENGTH - 2) + 0 }
			/gfs2_glock_queue:/ && / queue PR/ && !index(writers, " " task " ") { queued = at }
			/gfs2_promote:/ && / promote PR/ && queued {
				if (at - queued > 0.02) found++
				queued = 0
			}
			END { exit found < 2 }' $tracing/trace
	}
	dd if=/dev/zero of="$file" bs=24M count=1 oflag=direct conv=notrunc status=none
	for ((round = 0; round < 40; round++)); do
		dd if=/dev/zero of="$file" bs=24M count=1 oflag=direct conv=notrunc status=none &
		writer=$!
		writers+="$writer "
		while kill -0 $writer 2>/dev/null; do
			dd if="$file" of=/dev/null bs=1M count=4 status=none
		done
		wait $writer
		if [ $round -ge 2 ] && readers_waited; then break; fi
	done
	;;
esac

echo 0 >$tracing/tracing_on
stat -c '%i' "$file" >"$LAB_OUT/$name.ino"
grep -h overrun $tracing/per_cpu/*/stats | grep -v ': 0$' >"$LAB_OUT/$name.overrun" || true
cat $tracing/trace >"$LAB_OUT/$name.trace"
