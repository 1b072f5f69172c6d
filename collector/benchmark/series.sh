#!/bin/bash
# Series into a real influxd 1.6 (Debian's influxdb) on this machine: points a second, what the sink takes of memory, and
# what a year of one host comes to. Arguments: seconds of each part (60); or a recording, to say only what a year of such a
# host comes to. Needs a built checkout (mvn -DskipTests package), and without a recording root and fio.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -d "$here/target/lib" ] || { echo "series.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
command -v influxd >/dev/null || { echo "series.sh: influxd: not found (expected: Debian's influxdb)" >&2; exit 1; }
. "$here/header.sh"
seconds=60 recording=
if [ -f "${1:-}" ]; then recording=$1; else seconds=${1:-60}; fi
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

throughput() {
	java -XX:+UseSerialGC -Xms8m -Xmx64m -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=24m -XX:MaxMetaspaceSize=64m -Xss512k \
		-cp "$here/target/*:$here/target/lib/*" io.faultline.benchmark.SeriesThroughput "$@"
}

# A host that reads and writes 10,000 times a second, directly and buffered.
record() {
	mkdir "$work/mnt"
	truncate -s 1G "$work/image"
	mkfs.btrfs -q "$work/image" >/dev/null 2>&1
	mount -o loop "$work/image" "$work/mnt"
	mkdir "$work/mnt/nocow"
	chattr +C "$work/mnt/nocow"
	"$root/faultline" record --quiet --detail normal -o "$work/host.fl" -- \
		fio --directory="$work/mnt/nocow" --size=64m --time_based --runtime="$seconds" --rate_iops=5000 --output=/dev/null \
		--name=direct --direct=1 --rw=randrw --bs=16k --name=buffered --rw=randrw --fsync=64 >/dev/null
}

interval=10s
if [ -z "$recording" ]; then
	# With the agent's settings of the JVM; what the sink takes is the difference between the last two.
	export MALLOC_ARENA_MAX=2
	throughput http://127.0.0.1:18286 max 20
	throughput http://127.0.0.1:18286 50000 "$seconds"
	throughput none 50000 "$seconds"
	record
	recording=$work/host.fl
	interval=1s # more of them in the same time; what is in one does not depend on its length
fi
"$root/faultline" replay "$recording" --influx http://127.0.0.1:18286 --influx-db host --interval $interval >/dev/null 2>"$work/said"
sent=$(sed -n 's/.*series: \([0-9,]*\) points sent.*/\1/p' "$work/said" | tr -d ,)
query() {
	curl -s -G http://127.0.0.1:18286/query --data-urlencode db=host --data-urlencode "q=$1"
}
series=$(query 'show series' | grep -o 'faultline_[^"]*' | sort -u | wc -l)
intervals=$(query 'select count(hits) from faultline_agent' | sed 's/.*Z",\([0-9]*\)].*/\1/')
sleep 3 # influxd writes its cache out a second after the last point
# Not its list of series, which is 32 MiB of mostly holes however few there are.
bytes=$(find "$work/data/host" -name '*.tsm' -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
echo "$(basename "$recording"): $series series, $sent points in $intervals intervals, $bytes bytes on disk"
awk -v intervals="$intervals" -v sent="$sent" -v bytes="$bytes" 'BEGIN {
	perInterval = sent / intervals; perPoint = bytes / sent; year = 365 * 24 * 360 * perInterval
	printf "at the default interval of 10 s, a year: %.1f million points, %.1f GiB at %.1f points an interval and %.1f bytes a point\n",
		year / 1e6, year * perPoint / 2 ^ 30, perInterval, perPoint }'
