#!/bin/bash
# Runs in a guest of the lab with gfs2: provokes what one node is enough for, and then does healthy work. incidents.sh
# INCIDENT DIO HEALTHY: the two triggers, and collector/benchmark/healthy.sh. Leaves $LAB_OUT/incidents.fl and healthy.txt.
set -eu
incident=$1
cd "$LAB_MNT"
provoke() {
	"$1" itself itself - 50
	"$1" two-files one two 40
	"$1" vanish vanish - 4
	"$1" starve starve - 4
	"$1" collide collide - 3
	rm -f itself one two vanish starve collide
}
export -f provoke
faultline record --quiet --detail normal --mount "$LAB_MNT" -o "$LAB_OUT/incidents.fl" -- bash -c 'set -eu; provoke "$1"' provoke "$incident"
cd /
FAULTLINE_DIO=$2 FAULTLINE_HEALTHY_IOPS=20 "$3" 20 "$LAB_OUT/healthy.fl" "$LAB_MNT" >"$LAB_OUT/healthy.txt" 2>&1
