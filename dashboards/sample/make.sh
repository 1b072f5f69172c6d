#!/bin/bash
# Makes the recordings beside it: two nodes that share a gfs2 and a host with a btrfs, all real kernels (guests of the lab),
# recorded at the same time, for three minutes of theirs. Needs root, a built checkout and what deploy/lab/lab needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-180}
[ "$(id -u)" = 0 ] || { echo "make.sh: not root (expected: sudo)" >&2; exit 1; }
work=$(mktemp -d)
cluster=
clean_up() {
	[ -z "$cluster" ] || kill "$cluster" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/cluster" "$work/database"
for trigger in dio contend abba; do
	gcc -O2 -Wall -Wextra -pthread -o "$root/collector/target/$trigger" "$root/bpf/test/trigger/$trigger.c"
done
record() { # NAME SCRIPT: what the guest runs; the recording takes the guest's name
	echo "hostname $1; faultline record --quiet --detail normal -o \$LAB_OUT/$1.fl -- bash $here/$2 $root/collector/target $seconds"
}
"$root/deploy/lab/lab" run --kernel 6.12 --nodes 2 --fs gfs2 --timeout 600 --out "$work/cluster" -- \
	bash -c "$(record "node\$LAB_NODE" cluster.sh)" >"$work/log" 2>&1 &
cluster=$!
# A cluster that starts beside another guest may be too slow for itself.
until grep -q ready "$work/log"; do
	kill -0 $cluster 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	sleep 0.5
done
"$root/deploy/lab/lab" run --kernel 6.12 --fs btrfs --timeout 600 --out "$work/database" -- \
	bash -c "$(record db1 database.sh) && fsfreeze -u \$LAB_MNT"
wait $cluster || { cat "$work/log" >&2; exit 1; }
cluster=
cp "$work"/cluster/1/node1.fl "$work"/cluster/2/node2.fl "$work"/database/db1.fl "$here"
ls -l "$here"/*.fl
