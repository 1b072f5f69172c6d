"""The table of bpf/SUPPORT.md from what matrix.sh heard: matrix.py FOLDER KERNEL..."""

import re
import sys

folder, kernels = sys.argv[1], sys.argv[2:]


def lines_of(kernel, fs, word):
    with open(f"{folder}/{kernel}.{fs}", errors="replace") as file:
        return [line.split(word + " ", 1)[1].rstrip() for line in file if re.match(rf"(\d: )?{word} ", line)]


releases, hooks, tests, refusals = {}, {}, {}, {}
for kernel in kernels:
    releases[kernel] = (lines_of(kernel, "btrfs", "KERNEL") or ["did not start"])[0]
    for fs in ("btrfs", "gfs2"):
        for line in lines_of(kernel, fs, "TEXT"):
            hook = re.match(r"\s*\w+\s+(\w+)\s+((?:tp_btf|raw_tp|tp|kprobe|kretprobe)/\S+|-)\s", line + " ")
            if hook:
                ways = hooks.setdefault(hook[1], {})
                if ways.get(kernel, "-") == "-":
                    ways[kernel] = hook[2]
        for line in lines_of(kernel, fs, "SELFTEST"):
            name, loader, result = line.split()
            tests.setdefault((name, loader), {})[kernel] = result
        for why in lines_of(kernel, fs, "WHY"):
            refusals.setdefault(kernel, why)

print("# Kernels\n")
print("Written by `sudo deploy/lab/matrix.sh` from what `faultline doctor` and `faultline selftest` say in guests of the lab;")
print("the way in which each hook is attached, and whether the selftest finds exactly what it provokes.\n")
print("| | " + " | ".join(releases[k] for k in kernels) + " |")
print("| --- |" + " --- |" * len(kernels))
for (name, loader), results in sorted(tests.items()):
    print(f"| selftest, {name}, {loader} | " + " | ".join(results.get(k, "") for k in kernels) + " |")
for hook, ways in hooks.items():
    print(f"| {hook} | " + " | ".join(ways.get(k, "") for k in kernels) + " |")
for kernel, sentence in refusals.items():
    print(f"\n{releases[kernel]}: `{sentence}`")
