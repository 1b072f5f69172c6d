#!/bin/sh
# Coverage-guided fuzzing, as the tests do it for a minute each: fuzz.sh [SECONDS [TARGET,TARGET...]]. The tests try the same
# inputs in every build, this tries others each time. What was learnt is kept in collector/target/fuzz and used by the next
# run; a finding is an input there, and becomes a seed in collector/src/test/fuzz/TARGET/found-WHAT once it is fixed.
. "$(dirname -- "$0")/../deploy/setup.sh"

need_build
install_missing
cd "$root"
exec mvn -B -ntp -q -pl collector verify -Dspotless.check.skip=true -Dtest=NoSuch -Dsurefire.failIfNoSpecifiedTests=false \
	-Dit.test=FuzzIT -Dfaultline.fuzz.seconds="${1:-300}" -Dfaultline.fuzz.seed=0 -Dfaultline.fuzz.targets="${2:-}"
