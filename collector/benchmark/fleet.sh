#!/bin/sh
# What a collector takes: the bare pipeline against a partition of the collector in one process, a collector behind a
# broker on 1, 2 and 4 partitions, and what a host costs of many. fleet.sh [RECORDING ...]; without any, recordings of
# real incidents that the tests have.
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/../.." && pwd)
cd "$home"
mvn -o -q -B -ntp -pl collector -Dspotless.check.skip=true -DskipTests package
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
mvn -o -q -B -ntp -pl collector dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile="$classpath"
if [ $# -eq 0 ]; then
	dir=collector/src/test/resources/io/faultline/risk/scenarios
	set -- $dir/23-starvation-recorded.fl $dir/18-collision-recorded.fl $dir/66-vanishing-pages.fl
fi
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xms256m -Xmx3g -XX:+UseSerialGC -Dslf4j.provider=org.slf4j.nop.NOPServiceProvider \
	-Dslf4j.internal.verbosity=WARN -Dfaultline.collector.flag=-XX:TieredStopAtLevel=4 ${FAULTLINE_JAVA_OPTS:-} \
	-cp "collector/target/classes:collector/target/test-classes:$(cat "$classpath")" io.faultline.fleet.FleetLoad "$@"
