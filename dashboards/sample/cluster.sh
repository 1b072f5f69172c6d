#!/bin/bash
# What both nodes of the cluster do while they are recorded: direct I/O with buffers that are resident or not, a log that
# both append to, then readers against direct writers, and on node 1 at last two programs that deadlock.
# Arguments: the directory of the triggers, seconds.
set -eu
triggers=$1
own=$LAB_MNT/own$LAB_NODE
shared=$LAB_MNT/log
end=$((SECONDS + $2))
conflict=$((SECONDS + $2 / 3))
calm=$((SECONDS + $2 * 2 / 3))
deadlock=$((end - 30))
locked=

work() { # OPERATIONS OPTION...: some direct I/O
	"$triggers/dio" --file "$own" --rw mixed --seed $RANDOM --operations "$@" >/dev/null
}

dd if=/dev/zero of="$own.table" bs=1M count=16 status=none
touch "$LAB_MNT/first" "$LAB_MNT/second"
lab-barrier ready
echo ready
while [ $SECONDS -lt $end ]; do
	work 60
	work 15 --buffer mixed --buffer-source other-file
	echo "node $LAB_NODE at $SECONDS" >>"$shared"
	tail -n 1 "$shared" >/dev/null
	if [ $SECONDS -ge $conflict ] && [ $SECONDS -lt $calm ]; then
		work 20 --buffer absent --buffer-source same-file
		dd if=/dev/zero of="$own.table" bs=4M count=4 oflag=direct conv=notrunc status=none &
		dd if="$own.table" of=/dev/null bs=1M count=4 status=none
		wait $!
	fi
	if [ "$LAB_NODE" = 1 ] && [ $SECONDS -ge $deadlock ] && [ -z "$locked" ]; then
		locked=yes
		"$triggers/abba" "$LAB_MNT/first" "$LAB_MNT/second" 1 >/dev/null
	fi
	sleep 0.3
done
