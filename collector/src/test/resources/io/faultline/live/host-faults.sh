#!/bin/bash
# Runs in a guest: an agent while the clock is set a day ahead and two days back, and while memory is short, until it is
# killed for it and started again. host-faults.sh DIO, the built trigger. Leaves what was found in $LAB_OUT.
set -eu
dio=$1
log=$LAB_OUT/log
groups=/run/cgroups

pause() { read -r -t 0.1 <> <(:) || true; }

until_true() { # COMMAND...: for minutes, whatever the clock says meanwhile
	local turns=0
	until "$@" 2>/dev/null; do
		turns=$((turns + 1))
		kill -0 "$agent" && [ $turns -lt 6000 ] || { echo "not so: $*" >&2; cat "$log" >&2; exit 1; }
		pause
	done
}

start_agent() { # JOURNAL: in its control group, from its first page on
	: >"$log"
	sed "s,JOURNAL,$1," /run/agent.yaml >/run/agent-now.yaml
	bash -c "echo \$\$ >$groups/agent/cgroup.procs; exec faultline agent --config /run/agent-now.yaml" >>"$log" 2>&1 &
	agent=$!
	until_true grep -q 'agent watches' "$log"
}

stop_agent() {
	kill -TERM $agent
	wait $agent
	grep -o 'ended after [0-9,]* events' "$log" | tr -dc '0-9\n' >>"$LAB_OUT/$1.events"
	cp "$log" "$LAB_OUT/$1.log"
}

misses() { # FILE: 20 operations, each retried once
	"$dio" --file "$LAB_MNT/$1" --operations 20 --rw write --buffer half --buffer-source same-file
}

set_clock() { # SECONDS: and wait until that was noticed
	local before
	before=$(grep -c 'the clock was set by' "$log") || true
	date -s "@$(($(date +%s) + $1))" >/dev/null
	until_true eval "[ \$(grep -c 'the clock was set by' $log) -gt $before ]"
}

mkdir -p $groups
mount -t cgroup2 none $groups
echo +memory >$groups/cgroup.subtree_control
mkdir $groups/agent $groups/work
cat >/run/agent.yaml <<CONF
source: {detail: full, mount: $LAB_MNT}
budget: {probes: 1, cpu: 1, memory: 1GiB, events: 1GiB}
journal: {dir: JOURNAL, age: 1h, segment: 64MiB}
web: {listen: ""}
CONF

# The clock: a day ahead, two back, and right again.
start_agent "$LAB_MNT/clock"
for step in 0 86400 -172800 86400; do
	[ $step = 0 ] || set_clock $step
	date +%s >>"$LAB_OUT/times"
	misses "clock$step.$RANDOM"
done
stop_agent clock
cp -r "$LAB_MNT/clock" "$LAB_OUT/clock"

# A workload that has no memory: its buffers and its pages are taken away all the time.
start_agent "$LAB_MNT/memory"
head -c 64M /dev/zero >"$LAB_MNT/big"
misses work >/dev/null
sync
echo 3 >/proc/sys/vm/drop_caches # what is read again is charged to who reads it
echo 12M >$groups/work/memory.max
bash -c "echo \$\$ >$groups/work/cgroup.procs
	cat $LAB_MNT/big $LAB_MNT/big >/dev/null &
	$dio --file $LAB_MNT/work --threads 4 --operations 20 --rw write --buffer half --buffer-source same-file
	wait"
grep -E '^(max|oom_kill) ' $groups/work/memory.events >"$LAB_OUT/work.memory"

# An agent that has none: what it mapped is taken away while it works, and it waits for every page.
anon=$(awk '$1 == "anon" {print $2}' $groups/agent/memory.stat)
echo $((anon + (8 << 20))) >$groups/agent/memory.high
misses short >/dev/null
echo max >$groups/agent/memory.high
grep -E '^high ' $groups/agent/memory.events >"$LAB_OUT/agent.memory"
wrote() { [ -n "$(find "$LAB_MNT/memory" -name '*.fl' -newer /run/mark)" ]; }
for _ in 1 2; do # it has caught up
	touch /run/mark
	until_true wrote
done
misses again >/dev/null
for file in work short again; do echo "$file $(stat -c %i "$LAB_MNT/$file")"; done >"$LAB_OUT/inodes"

# And is killed for it, once what it has seen is in its journal.
inode=$(stat -c %i "$LAB_MNT/again")
in_journal() { [ "$(faultline report --json "$LAB_MNT/memory" | grep -o "\"ino\" : $inode," | wc -l)" -ge 20 ]; }
until_true in_journal
echo 8M >$groups/agent/memory.max
wait $agent && { echo "the agent ended by itself" >&2; exit 1; }
grep -E '^oom_kill ' $groups/agent/memory.events >>"$LAB_OUT/agent.memory"
cp -r "$LAB_MNT/memory" "$LAB_OUT/killed"
misses unseen >/dev/null
echo max >$groups/agent/memory.max
start_agent "$LAB_MNT/memory"
misses after >/dev/null
stop_agent memory
cp -r "$LAB_MNT/memory" "$LAB_OUT/memory"
