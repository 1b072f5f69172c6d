#!/bin/bash
# The part of locks.sh that runs in a guest: locks-guest.sh FOLDER-WITH-THE-PROGRAMS.
set -eu
programs=$1
file=$LAB_MNT/file
echo x >"$file"
work=$(mktemp -d)
mkfifo "$work/hold.in"

start_recorder() { # OPTION...
	: >"$work/log"
	faultline record -o "$work/r.fl" "$@" 2>"$work/log" &
	recorder=$!
	until grep -q '^recording' "$work/log"; do
		kill -0 "$recorder" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
		read -r -t 0.05 <> <(:) || true
	done
}

stop_recorder() {
	kill -TERM "$recorder"
	wait "$recorder"
}

"$programs/glocks" "$file" 1000 >/dev/null

echo 1 >/proc/sys/kernel/bpf_stats_enabled
"$programs/hold" "$programs/empty_locks.bpf.o" <"$work/hold.in" >"$work/hold.out" &
holder=$!
exec 9>"$work/hold.in"
until grep -q attached "$work/hold.out"; do read -r -t 0.05 <> <(:) || true; done
for detail in normal full; do
	start_recorder --detail $detail --ring-bytes 67108864
	"$programs/glocks" "$file" 30000 >/dev/null
	bpftool prog show -j | python3 -c "
import json, sys
p = {x['name']: x for x in json.load(sys.stdin) if x.get('run_cnt')}
per = lambda n: p[n]['run_time_ns'] / p[n]['run_cnt']
for ours, empty in (('glock_queue_btf', 'empty_queue'), ('glock_promote_btf', 'empty_promote')):
    print('detail $detail: %-18s %8.1f ns a run, %7d runs; an empty one %6.1f ns: %.1f times' % (
        ours, per(ours), p[ours]['run_cnt'], per(empty), per(ours) / per(empty)))"
	stop_recorder
done
exec 9>&-
wait $holder
echo 0 >/proc/sys/kernel/bpf_stats_enabled

: >"$work/with"
: >"$work/without"
for _ in 1 2 3 4 5 6 7; do
	"$programs/glocks" "$file" 30000 >>"$work/without"
	start_recorder --detail normal
	"$programs/glocks" "$file" 30000 >>"$work/with"
	stop_recorder
done
python3 -c "
import statistics
a, b = [[float(x) for x in open('$work/' + n)] for n in ('without', 'with')]
print('30000 stats of one file, seconds, 7 rounds in turn: without %s' % ' '.join('%.3f' % x for x in a))
print('                                                    with    %s' % ' '.join('%.3f' % x for x in b))
print('ratio of medians, with to without: %.3f' % (statistics.median(b) / statistics.median(a)))"
