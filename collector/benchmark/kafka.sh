#!/bin/bash
# One agent's journal into a real broker (KRaft, one node, loopback) until it is acknowledged, beside Kafka's own
# ProducerPerformance with records of as many bytes and the same settings, in turn; and back out of the topic. Arguments: a
# recording, and how many events (6000000). Without a recording fio and the trigger make one, as in journal.sh, which needs
# root, fio, gcc and btrfs-progs. Needs a built checkout (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -d "$here/target/kafka" ] || { echo "kafka.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
broker=
cleanup() {
	if [ -n "$broker" ]; then
		kill -9 "$broker" 2>/dev/null || true
		wait "$broker" 2>/dev/null || true
	fi
	if mountpoint -q "$work/mnt"; then umount "$work/mnt"; fi
	rm -rf "$work"
}
trap cleanup EXIT
. "$here/header.sh"
recording=${1:-}
events=${2:-6000000}
ours="$here/target/*:$here/target/lib/*"
# The launcher's options for an agent; the producer to compare with gets them too, and then what it likes.
agent="-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=24m -XX:MaxMetaspaceSize=64m"

if [ -z "$recording" ]; then
	recording=$work/mix.fl
	gcc -O2 -pthread -o "$work/dio" "$root/bpf/test/trigger/dio.c"
	mkdir "$work/mnt"
	truncate -s 512M "$work/image"
	mkfs.btrfs -q "$work/image" >/dev/null
	mount -o loop "$work/image" "$work/mnt"
	chattr +C "$work/mnt"
	cat >"$work/mix.sh" <<-MIX
		fio --name=mix --directory=$work/mnt --size=64M --rw=randrw --direct=1 --ioengine=psync --bsrange=4k-64k --numjobs=2 \
			--time_based --runtime=10 --output=/dev/null &
		while kill -0 \$! 2>/dev/null; do
			$work/dio --file $work/mnt/missing --operations 997 --threads 4 --buffer mixed --rw mixed >/dev/null
		done
	MIX
	"$root/faultline" record -q -o "$recording" --mount "$work/mnt" --detail full --ring-bytes 67108864 -- sh "$work/mix.sh"
fi
host=$(java -cp "$ours" io.faultline.benchmark.FleetThroughput journal "$recording" "$work/journal" "$events")
bytes=$(java -cp "$ours" io.faultline.benchmark.FleetThroughput payloads "$work/journal" "$work/payloads")
echo "$events events, in records of 64 events and $bytes bytes"

cat >"$work/server.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:19293
listeners=PLAINTEXT://127.0.0.1:19292,CONTROLLER://127.0.0.1:19293
advertised.listeners=PLAINTEXT://127.0.0.1:19292
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$work/kafka
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
log.cleaner.dedupe.buffer.size=2097152
CONF
kafka="java -Xms64m -Xmx512m -XX:+UseSerialGC -cp $here/target/kafka/*:$here/target/lib/*"
$kafka kafka.tools.StorageTool format -t "$($kafka kafka.tools.StorageTool random-uuid 2>/dev/null | tail -1)" \
	-c "$work/server.properties" >"$work/format.log" 2>&1
$kafka kafka.Kafka "$work/server.properties" >"$work/broker.log" 2>&1 &
broker=$!

perf() {
	java $1 -cp "$here/target/kafka/*:$here/target/lib/*" org.apache.kafka.tools.ProducerPerformance --topic perf --num-records $((events / 64)) \
		--throughput -1 --payload-file "$work/payloads" --producer-props bootstrap.servers=127.0.0.1:19292 acks=all \
		enable.idempotence=true compression.type=lz4 linger.ms=5 batch.size=262144 buffer.memory=4194304 \
		max.in.flight.requests.per.connection=$2 2>"$work/perf.log" | tail -1
}
for round in 1 2 3; do
	echo "round $round"
	sent=$(java $agent -cp "$ours" io.faultline.benchmark.FleetThroughput send "$work/journal" 127.0.0.1:19292 "round$round")
	echo "$sent" | tail -1
	same=$(perf "$agent" 1)
	free=$(perf -Xmx512m 5)
	echo "$sent
same:$same
free:$free" | awk '
		/^from/ { match($0, /s: [0-9,]+ events/); n = substr($0, RSTART + 3, RLENGTH - 10); gsub(",", "", n); ours = n }
		/^same:/ { match($0, /[0-9.]+ records\/sec/); same = substr($0, RSTART, RLENGTH - 12) * 64 }
		/^free:/ { match($0, /[0-9.]+ records\/sec/); free = substr($0, RSTART, RLENGTH - 12) * 64 }
		END { printf "ProducerPerformance, as many bytes a record: %.0f events/s with our settings and JVM, %.0f with 5 requests in flight and 512 MiB\n", same, free
			printf "ratio of ours to it: %.2f, %.2f\n", ours / same, ours / free }'
done
java -Xmx1g -XX:+UseSerialGC -cp "$ours" io.faultline.benchmark.FleetThroughput read 127.0.0.1:19292 round3 "$host"
