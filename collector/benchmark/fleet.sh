#!/bin/bash
# What a collector takes, and what a host costs. fleet.sh [PART[,PART...] [RECORDING ...]], without any all parts on recordings
# of real incidents that the checkout has:
#   process  the bare pipeline against a partition of the collector, in one process
#   results  a collector behind a broker, against the bare pipeline and Kafka's own kafka-producer-perf-test
#   scale    the same on 1 to 4 partitions, the first two recordings; draws fleet-scale.svg beside this script
#   hosts    1,000 hosts at their own pace
# Needs a built checkout (mvn -DskipTests package) and a JDK. FAULTLINE_JAVA_OPTS: -Dfaultline.events=6000000 for the first
# three, -Dfaultline.rounds=1 for scale, -Dfaultline.hosts=1000 and -Dfaultline.hosts.seconds=60 for hosts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/header.sh"
parts=${1:-process,results,scale,hosts}
[ $# -eq 0 ] || shift
for part in ${parts//,/ }; do
	case $part in
	process | results | scale | hosts) ;;
	*) echo "fleet.sh: $part (expected: process, results, scale or hosts, with commas between)" >&2; exit 2 ;;
	esac
done
if [ ! -d "$here/target/kafka" ] || [ ! -d "$root/collector/target/test-classes" ]; then
	echo "fleet.sh: not built (expected: mvn -DskipTests package)" >&2
	exit 1
fi
work=$(mktemp -d /var/tmp/faultline-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
(cd "$root" && mvn -o -q -B -ntp -pl collector dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile="$work/classpath" \
	>"$work/mvn.log" 2>&1) || { cat "$work/mvn.log" >&2; exit 1; }
options=$(sed -n 's/^collect) size="\(.*\)" ;;$/\1/p' "$root/faultline") # as the launcher starts a collector
[ -n "$options" ] || { echo "fleet.sh: $root/faultline: no options of collect (expected: collect) size=\"...\" ;;)" >&2; exit 1; }
scenarios=$root/collector/src/test/resources/io/faultline/risk/scenarios

for part in ${parts//,/ }; do
	recordings=("$@")
	if [ $# -eq 0 ]; then
		recordings=("$scenarios"/23-starvation-recorded.fl "$scenarios"/18-collision-recorded.fl "$scenarios"/66-vanishing-pages.fl)
		[ "$part" != hosts ] || recordings=("$scenarios"/*.fl "$root"/dashboards/sample/*.fl)
	fi
	java -Xms256m -Xmx3g -XX:+UseSerialGC -Djava.io.tmpdir="$work" -Dslf4j.provider=org.slf4j.nop.NOPServiceProvider \
		-Dslf4j.internal.verbosity=WARN "-Dfaultline.collector.options=$options" \
		-Dfaultline.perf.classpath="$here/target/kafka/*" -Dfaultline.picture="$here/fleet-scale.svg" ${FAULTLINE_JAVA_OPTS:-} \
		-cp "$root/collector/target/classes:$root/collector/target/test-classes:$(cat "$work/classpath")" \
		io.faultline.fleet.FleetLoad "$part" "${recordings[@]}"
done
