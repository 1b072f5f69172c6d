#!/bin/bash
# Decoding, matching and recording, by JMH. Arguments are JMH's: a pattern of names, -f, -wi, -i, ... Needs a built checkout
# (mvn -DskipTests package).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$here/target/lib" ] || { echo "jmh.sh: not built (expected: mvn -DskipTests package)" >&2; exit 1; }
. "$here/header.sh"
[ $# -gt 0 ] || set -- -f 1 -wi 2 -i 3 -w 1 -r 2
java -cp "$here/target/*:$here/target/lib/*" org.openjdk.jmh.Main "$@" | grep -E '^(Benchmark  |[A-Za-z]+Benchmark\.|[0-9,]+ events;)'
