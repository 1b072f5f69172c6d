#!/bin/bash
# Runs 'docker compose' version 2 on this folder's compose.yaml, as a plugin of docker, as a program of its own, or fetched
# from Debian trixie and kept: 'config' needs no engine, and is how the file is checked.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cache=${FAULTLINE_LAB_CACHE:-/var/cache/faultline-lab}
. "$here/../suites.sh"

fail() {
	echo "compose.sh: $*" >&2
	exit 1
}

is_version_2() { # COMMAND...
	"$@" version --short 2>/dev/null | grep -qE '^v?[2-9]\.'
}

compose=(docker compose)
if ! is_version_2 "${compose[@]}"; then
	compose=(docker-compose)
fi
if ! is_version_2 "${compose[@]}"; then
	folder=$cache/compose
	compose=("$folder/root/usr/libexec/docker/cli-plugins/docker-compose")
	if [ ! -x "${compose[0]}" ]; then
		command -v apt-get >/dev/null || fail "docker compose: version 2 is missing (expected: docker with its compose plugin)"
		echo "compose.sh: fetching docker-compose from trixie" >&2
		list_suites "$folder" trixie
		(cd "$folder" && apt-get "${apt[@]}" download docker-compose >>log 2>&1) || fail "docker-compose: cannot be downloaded, see $folder/log"
		dpkg-deb -x "$folder"/docker-compose*.deb "$folder/root"
		rm -rf "$folder"/*.deb "$folder/lists"
	fi
fi
exec "${compose[@]}" -f "$here/compose.yaml" "$@"
