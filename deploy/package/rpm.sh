#!/bin/sh
# Packs the staged tree as an rpm: rpm.sh TREE VERSION OUTDIR. Without rpmbuild it says so and does nothing.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$(CDPATH='' cd -- "$1" && pwd)
# A tilde sorts before the version that is to come; a hyphen is not allowed.
version=$(echo "$2" | tr - '~')
mkdir -p "$3"
out=$(CDPATH='' cd -- "$3" && pwd)
if ! command -v rpmbuild >/dev/null 2>&1; then
	echo "SKIPPED rpm: no rpmbuild (expected: apt-get install rpm, or dnf install rpm-build)" >&2
	exit 0
fi
rm -f "$out"/*.rpm
rpmbuild --quiet -bb --define "_topdir $out/rpmbuild" --define "_rpmdir $out" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
	--define "faultline_version $version" --define "faultline_tree $tree" --define '_build_id_links none' \
	--define '__brp_strip %{nil}' --define '_binary_payload w3.zstdio' "$here/faultline.spec"
rm -rf "$out/rpmbuild"
ls "$out"/*.rpm
