#!/bin/bash
# What the host with a btrfs does while it is recorded: direct I/O with buffers that are resident or not, threads that wait
# for the inode and for their address space, a program that reads a file into a mapping of itself, and at last a frozen
# file system. Arguments: the directory of the triggers, seconds.
set -eu
triggers=$1
table=$LAB_MNT/table
end=$((SECONDS + $2))
conflict=$((SECONDS + $2 / 3))
calm=$((SECONDS + $2 * 2 / 3))
freeze=$((end - 25))

work() { # OPERATIONS OPTION...: some direct I/O
	"$triggers/dio" --file "$table" --rw mixed --seed $RANDOM --operations "$@" >/dev/null
}

while [ $SECONDS -lt $freeze ]; do
	work 100 --threads 2
	work 20 --buffer mixed
	"$triggers/contend" inode "$LAB_MNT/log" 5 >/dev/null
	if [ $SECONDS -ge $conflict ] && [ $SECONDS -lt $calm ]; then
		work 40 --buffer absent
		work 20 --rw read --buffer absent --buffer-source same-file
		"$triggers/contend" mmap "$LAB_MNT/cache" 5 >/dev/null
	fi
	sleep 0.3
done
fsfreeze -f "$LAB_MNT"
work 1 --rw write &
sleep $((end - SECONDS)) # it stays frozen: what waits then still waits when the recording ends
