#!/bin/bash
# Runs in a guest of the lab with gfs2: provokes what one node is enough for, and then does healthy work. incidents.sh
# INCIDENT DIO HEALTHY: the two triggers, and collector/benchmark/healthy.sh. Leaves $LAB_OUT/incidents.fl and healthy.txt.
set -eu
incident=$1
cd "$LAB_MNT"

# What is recorded is this script again, with another name for the last argument.
if [ "$3" = provoke ]; then
	"$incident" itself itself - 50
	"$incident" two-files one two 40
	"$incident" vanish vanish - 4
	"$incident" starve starve - 4
	"$incident" collide collide - 3
	rm -f itself one two vanish starve collide
	exit
fi
faultline record --quiet --detail normal --mount "$LAB_MNT" -o "$LAB_OUT/incidents.fl" -- bash "$0" "$incident" "$2" provoke
# Deadlocks of the kernel's own making, if it has them: the trigger ends them. Leaves map.fl and fork.fl, and in map.txt and
# fork.txt what the trigger said.
for name in map fork; do
	faultline record --quiet --detail normal --mount "$LAB_MNT" -o "$LAB_OUT/$name.fl" -- \
		"$incident" $name file - 5000 >"$LAB_OUT/$name.txt"
	rm -f file
done
FAULTLINE_DIO=$2 FAULTLINE_HEALTHY_IOPS=20 "$3" 20 "$LAB_OUT/healthy.fl" "$LAB_MNT" >"$LAB_OUT/healthy.txt" 2>&1
