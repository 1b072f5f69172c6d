#!/bin/bash
# Series into a real influxd 1.6 (Debian's influxdb) on this machine: points a second, what the sink takes of memory, and
# what a year of one host comes to. Arguments: seconds to record (60). Needs root, fio and a built checkout
# (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -d "$here/target/lib" ] || { echo "series.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
command -v influxd >/dev/null || { echo "series.sh: influxd: not found (expected: Debian's influxdb)" >&2; exit 1; }
. "$here/header.sh"
seconds=${1:-60}
work=$(mktemp -d)
influxd=
end() {
	[ -z "$influxd" ] || kill "$influxd" 2>/dev/null || true
	mountpoint -q "$work/mnt" && umount "$work/mnt"
	rm -rf "$work"
}
trap end EXIT
cat >"$work/influxd.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:18288"
[meta]
dir = "$work/meta"
[data]
dir = "$work/data"
wal-dir = "$work/wal"
query-log-enabled = false
wal-fsync-delay = "0s"
cache-snapshot-write-cold-duration = "1s"
[monitor]
store-enabled = false
[subscriber]
enabled = false
[http]
bind-address = "127.0.0.1:18286"
log-enabled = false
CONF
influxd -config "$work/influxd.conf" >"$work/log" 2>&1 &
influxd=$!
until curl -sf http://127.0.0.1:18286/ping; do sleep 0.1; done

# With the agent's settings of the JVM; what the sink takes is the difference between the last two.
export MALLOC_ARENA_MAX=2
run() {
	java -XX:+UseSerialGC -Xms8m -Xmx64m -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=24m -XX:MaxMetaspaceSize=64m -Xss512k \
		-cp "$here/target/*:$here/target/lib/*" io.faultline.benchmark.SeriesThroughput "$@"
}
run http://127.0.0.1:18286 max 20
run http://127.0.0.1:18286 50000 "$seconds"
run none 50000 "$seconds"

mkdir "$work/mnt"
truncate -s 1G "$work/image"
mkfs.btrfs -q "$work/image" >/dev/null 2>&1
mount -o loop "$work/image" "$work/mnt"
mkdir "$work/mnt/nocow"
chattr +C "$work/mnt/nocow"
"$root/faultline" record --quiet --detail normal -o "$work/host.fl" -- \
	fio --directory="$work/mnt/nocow" --size=64m --time_based --runtime="$seconds" --rate_iops=5000 --output=/dev/null \
	--name=direct --direct=1 --rw=randrw --bs=16k --name=buffered --rw=randrw --fsync=64 >/dev/null
"$root/faultline" replay "$work/host.fl" --influx http://127.0.0.1:18286 --influx-db host --interval 1s >/dev/null 2>"$work/said"
sent=$(sed -n 's/.*series: \([0-9,]*\) points sent.*/\1/p' "$work/said" | tr -d ,)
query() {
	curl -s -G http://127.0.0.1:18286/query --data-urlencode db=host --data-urlencode "q=$1"
}
series=$(query 'show series' | grep -o 'faultline_[^"]*' | sort -u | wc -l)
sleep 3 # influxd writes its cache out a second after the last point
bytes=$(du -sb "$work/data/host" | cut -f1)
echo "a host with one btrfs, $seconds s at an interval of 1 s: $series series, $sent points, $bytes bytes on disk"
awk -v s="$seconds" -v sent="$sent" -v bytes="$bytes" 'BEGIN {
	perInterval = sent / s; perPoint = bytes / sent; year = 365 * 24 * 360 * perInterval
	printf "at the default interval of 10 s, a year: %.1f million points, %.0f MiB at %.1f bytes a point\n", year / 1e6, year * perPoint / 1048576, perPoint }'
