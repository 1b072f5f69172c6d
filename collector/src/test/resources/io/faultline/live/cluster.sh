#!/bin/bash
# Runs on both nodes of a lab cluster: provokes what needs two, each recorded for itself. cluster.sh ABBA: the trigger that
# locks files with flock(2). Leaves $LAB_OUT/NAME.fl; each incident is broken in the end.
set -eu
abba=$1
cd "$LAB_MNT"

record() { # NAME COMMAND...
	local name=$1
	shift
	timeout 240 faultline record --quiet --detail normal --mount "$LAB_MNT" -o "$LAB_OUT/$name.fl" -- "$@"
}

until_true() { # COMMAND...
	until "$@"; do read -r -t 0.1 <> <(:) || true; done
}

# A frozen file system, and a task that holds a lock when it comes to wait for that.
freeze() {
	mkfifo /run/go
	exec 5<>/run/go
	flock -F one bash -c 'echo x >/run/locked; read -r _ </run/go; echo x >two' &
	until_true test -s /run/locked
	(exec 7<one && flock 7) &
	fsfreeze -f "$LAB_MNT"
	echo go >&5
	sleep 8 # what waits is told of after two seconds, where nothing else runs
	fsfreeze -u "$LAB_MNT"
	wait
}

# A task that holds a lock and is stopped, while the other node wants it.
hold() {
	if [ "$LAB_NODE" = 1 ]; then
		flock -F one sleep 1000 &
		local holder=$!
		until_true grep -q sleep /proc/$holder/comm
		kill -STOP $holder
		lab-barrier held
		lab-barrier waited
		kill -KILL $holder
		wait $holder || true
	else
		lab-barrier held
		flock one true &
		sleep 20 # a stall is one after ten seconds
		lab-barrier waited
		wait
	fi
}

# What is recorded is this script again, with the name of a function.
if [ $# -gt 1 ]; then
	"$2"
	exit
fi

if [ "$LAB_NODE" = 1 ]; then
	touch one two
fi
lab-barrier made

# Two processes of one node.
[ "$LAB_NODE" = 2 ] || record abba "$abba" one two 20 >"$LAB_OUT/tasks.json"
lab-barrier broken

# The same across nodes: each has one file when it wants the other's.
if [ "$LAB_NODE" = 1 ]; then
	record cross "$abba" one two 8 'lab-barrier locked'
else
	record cross "$abba" two one 8 'lab-barrier locked'
fi
lab-barrier crossed

[ "$LAB_NODE" = 2 ] || record freeze bash "$0" "$abba" freeze
lab-barrier thawed

record held bash "$0" "$abba" hold
lab-barrier over
