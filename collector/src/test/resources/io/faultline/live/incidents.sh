#!/bin/bash
# Runs in a guest of the lab with gfs2, where one node is enough: incidents.sh WHAT PROGRAM [HEALTHY].
#   incidents  PROGRAM, the trigger incident, provokes what a task or two can; leaves $LAB_OUT/incidents.fl
#   deadlocks  of the kernel's own making, if it has them: PROGRAM ends them; leaves map.fl and fork.fl, and in map.txt and
#              fork.txt what it said
#   healthy    work of HEALTHY, collector/benchmark/healthy.sh, with PROGRAM, the trigger dio; leaves healthy.fl, healthy.txt
set -eu
program=$2
cd "$LAB_MNT"

record() { # NAME COMMAND...
	faultline record --quiet --detail normal --mount "$LAB_MNT" -o "$LAB_OUT/$1.fl" -- "${@:2}"
}

case $1 in
incidents) record incidents bash "$0" provoke "$program" ;;
provoke)
	"$program" itself itself - 50
	"$program" two-files one two 40
	for _ in 1 2 3 4 5; do # whether a read spins is left to chance
		said=$("$program" vanish vanish - 4)
		echo "$said"
		longest_ms=${said##*longest }
		[ "${longest_ms% ms}" -lt 500 ] || break
	done
	"$program" starve starve - 4
	"$program" collide collide - 3
	;;
deadlocks)
	for name in map fork; do
		record $name "$program" $name file - 5000 >"$LAB_OUT/$name.txt"
		rm -f file
	done
	;;
healthy) FAULTLINE_DIO=$program FAULTLINE_HEALTHY_IOPS=20 "$3" 20 "$LAB_OUT/healthy.fl" "$LAB_MNT" >"$LAB_OUT/healthy.txt" 2>&1 ;;
esac
