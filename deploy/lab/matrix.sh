#!/bin/bash
# What Faultline sees on each kernel of the lab and on this one, as the table in bpf/SUPPORT.md: the output of 'doctor', hook by
# hook, and whether the selftest finds exactly what it provokes, with both loaders. matrix.sh [KERNEL...], as root; each
# kernel takes about a minute, and fetches its package the first time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(5.10 6.1 6.12 newest)

# Says in a fixed form what both ask of it. Runs in the guests too.
cat >"$work/look" <<'LOOK'
echo "KERNEL $(uname -r)"
faultline doctor 2>&1 | sed 's/^/TEXT /' || true
for loader in core bcc; do
	if said=$(faultline selftest --dir "$1" --loader $loader 2>&1); then result=ok; else result=no; fi
	echo "SELFTEST $2 $loader $result"
	[ $result = ok ] || printf '%s\n' "$said" | grep -E 'DIFFERS|\(expected: ' | sed "s,^ *,WHY $2 $loader: ,"
done
LOOK

for kernel in "${kernels[@]}"; do
	for fs in btrfs gfs2; do
		echo "matrix: $kernel, $fs" >&2
		"$here/lab" run --kernel "$kernel" --fs $fs --timeout 280 -- \
			sh -c "$(printf 'set -- "$LAB_MNT" %s\n%s' $fs "$(cat "$work/look")")" >"$work/$kernel.$fs" 2>&1 || true
	done
done
python3 "$here/matrix.py" "$work" "${kernels[@]}" >"$root/bpf/SUPPORT.md"
echo "matrix: $root/bpf/SUPPORT.md" >&2
