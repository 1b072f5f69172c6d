#!/bin/bash
# Draws every dashboard from its JSON, with Grafana's own libraries in a headless Chromium, over a real influxd and a real
# Prometheus that hold the recordings of dashboards/sample: into dashboards/pictures. Fetches 500 MB from npm the first time,
# so it is no part of the build. Needs a built checkout, node, npm, chromium, influxd, prometheus and curl.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
for program in node npm chromium influxd prometheus curl; do
	command -v $program >/dev/null || { echo "render.sh: $program: not found (expected: Debian's package)" >&2; exit 1; }
done
if [ ! -d "$here/node_modules" ]; then
	echo "render.sh: fetching Grafana's libraries" >&2
	(cd "$here" && npm install --no-package-lock --ignore-scripts --legacy-peer-deps --no-audit --no-fund)
	node "$here/node_modules/esbuild/install.js"
fi
work=$(mktemp -d)
started=()
end() {
	[ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
await() { # SECONDS COMMAND...
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || { echo "render.sh: $*: not in time" >&2; exit 1; }
		sleep 0.2
	done
}

influx=http://127.0.0.1:18386
cat >"$work/influxd.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:18388"
[meta]
dir = "$work/meta"
[data]
dir = "$work/data"
wal-dir = "$work/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[subscriber]
enabled = false
[http]
bind-address = "127.0.0.1:18386"
log-enabled = false
CONF
influxd -config "$work/influxd.conf" >"$work/influxd.log" 2>&1 &
started+=($!)
await 20 curl -sf $influx/ping
targets=
for recording in "$here"/../sample/*.fl; do
	name=$(basename "$recording" .fl)
	"$root/faultline" replay "$recording" --influx $influx --influx-db incident >/dev/null 2>"$work/$name.said"
	"$root/faultline" replay "$recording" --web 127.0.0.1:0 --speed 3 >/dev/null 2>"$work/$name" &
	started+=($!)
	await 20 grep -q 'page at' "$work/$name"
	targets="$targets, $(sed -n 's,.*http://\([^/]*\)/.*,\1,p' "$work/$name")"
done
cat >"$work/prometheus.yml" <<CONF
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: faultline
    static_configs: [ targets: [ ${targets#, } ] ]
CONF
prometheus=http://127.0.0.1:18390
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:18390 \
	>"$work/prometheus.log" 2>&1 &
started+=($!)
began=$(date +%s%3N)
for recording in "$here"/../sample/*.fl; do
	await 300 grep -q 'recording has ended' "$work/$(basename "$recording" .fl)"
done
sleep 12 # the end is scraped, and a step of its own
ended=$(date +%s%3N)
time_of() { # first|last: of all intervals, ms
	curl -sG $influx/query --data-urlencode db=incident --data-urlencode epoch=ms \
		--data-urlencode "q=select $1(hits) from faultline_agent" | sed 's/.*\[\[\([0-9]*\),.*/\1/'
}
cd "$here" && node render.mjs $influx $prometheus "$(time_of first)" $(($(time_of last) + 1)) "$began" "$ended"
