#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Makes the I/O of chosen processes to a block device hang, and lets it go on: for tests of tasks that are stopped
# inside an operation. Only processes in the cgroup that `start` makes are held; everyone else's I/O passes.
#
#   stall.sh start DEV    prints a cgroup.procs: write the pid of the process to hold into it, then let it do its I/O
#   stall.sh stop DEV     lifts the limit, which dispatches what is held, moves the processes out, removes the cgroup
#
# DEV is a whole disk or a loop device. A limit of 1 byte/s is the block layer's throttle at its lowest: a request of
# 4096 bytes would pass after more than an hour. Reads hang in the task that waits for them; buffered writes hang where
# they are written back, which is a kernel worker of no cgroup: hold direct or synchronous ones.

fail() { echo "stall: $1" >&2; exit "${2:-1}"; }

[ $# -eq 2 ] || fail "usage: stall.sh start|stop DEV" 2
[ -b "$2" ] || fail "$2: not a block device" 2
[ "$(id -u)" -eq 0 ] || fail "needs root"
device=$(readlink -f "$2")
read -r number < "/sys/class/block/${device##*/}/dev" || fail "$2: no device number in /sys/class/block"
[ ! -e "/sys/class/block/${device##*/}/partition" ] || fail "$2: a partition (expected: its whole disk)" 2

# Version 1 has a hierarchy for the controller; in version 2 it is a file of every group, once the parent hands it on.
root=$(awk '$3 == "cgroup" && "," $4 "," ~ /,blkio,/ { print $2; exit }' /proc/mounts)
version=1
if [ -z "$root" ]; then
	version=2
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	grep -qw io "$root/cgroup.controllers" 2>/dev/null ||
		fail "no cgroup controller for block I/O (expected: blkio in version 1 or io in version 2)"
fi
group=$root/faultline-stall-$(echo "$number" | tr : -)

limit() { # 1 holds, 0 lifts
	if [ "$version" = 1 ]; then
		echo "$number $1" > "$group/blkio.throttle.read_bps_device" &&
			echo "$number $1" > "$group/blkio.throttle.write_bps_device"
	elif [ "$1" = 0 ]; then
		echo "$number rbps=max wbps=max" > "$group/io.max"
	else
		echo "$number rbps=$1 wbps=$1" > "$group/io.max"
	fi
}

case $1 in
start)
	[ ! -e "$group" ] || fail "$group: exists (expected: stall.sh stop $2 first)"
	if [ "$version" = 2 ]; then
		echo +io > "$root/cgroup.subtree_control" || fail "$root/cgroup.subtree_control: cannot enable io"
	fi
	mkdir "$group" || fail "$group: cannot make it"
	if ! limit 1; then
		rmdir "$group"
		fail "$number: the kernel takes no throttle (expected: CONFIG_BLK_DEV_THROTTLING)"
	fi
	echo "$group/cgroup.procs"
	;;
stop)
	[ -d "$group" ] || fail "$2: not stalled"
	limit 0 || fail "$number: cannot lift the throttle"
	# An exiting task stays a member for a moment, and a member may have forked meanwhile.
	tries=600
	while ! rmdir "$group" 2>/dev/null; do
		while read -r pid; do
			echo "$pid" > "$root/cgroup.procs"
		done < "$group/cgroup.procs" 2>/dev/null
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "$group: not empty after 60 s"
		sleep 0.1
	done
	;;
*) fail "$1: unknown (expected: start or stop)" 2 ;;
esac
