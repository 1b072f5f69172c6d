#!/bin/sh
# Checks every dashboard, strictly, against the types of @grafana/schema: a name that is misspelt, a value that is none of
# those allowed, an option of another panel. Exit code 77 when node, npm or its packages cannot be had.
set -eu
cd "$(dirname "$0")"
for program in node npm; do
	command -v $program >/dev/null || { echo "check.sh: $program: not found (expected: packages nodejs and npm)" >&2; exit 77; }
done
if ! [ -d node_modules/@grafana/schema ] || ! [ -d node_modules/typescript ]; then
	npm install --no-package-lock --ignore-scripts --no-audit --no-fund >/dev/null ||
		{ echo "check.sh: npm cannot fetch the packages of package.json" >&2; exit 77; }
fi
exec node check.mjs
