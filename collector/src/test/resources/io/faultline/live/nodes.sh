#!/bin/bash
# Runs on both nodes of a lab cluster: each appends to one file and reads it, recorded, next to ftrace's count.
set -eu
file=$LAB_MNT/shared
tracing=/sys/kernel/tracing
for event in gfs2/gfs2_demote_rq dlm/dlm_lock_start dlm/dlm_ast dlm/dlm_bast; do
	echo 1 >$tracing/events/$event/enable
done
lab-barrier attached
echo >$tracing/trace
for line in $(seq 15); do
	echo "node $LAB_NODE line $line" >>"$file"
	tail -n 1 "$file" >/dev/null
done
lab-barrier written
echo 0 >$tracing/tracing_on
cat $tracing/trace >"$LAB_OUT/trace"
stat -c %i "$file" >"$LAB_OUT/ino"
