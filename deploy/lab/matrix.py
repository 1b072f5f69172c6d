"""The table of bpf/SUPPORT.md from what matrix.sh heard: matrix.py FOLDER KERNEL..."""

import re
import sys

NOTES = """
## Hits that the kernel leaves out

The kernel does not run a program inside itself on one CPU. It counts what it left out (`recursion_misses` of the program), which
Faultline takes for hits that are lost, so that no account closes that should not. When does that happen?

- **Up to v6.19** tracepoints run with preemption off: only an interrupt can come between, so it concerns hooks that interrupts
  reach too, which are those on locks (and `dio_complete` of queued requests).
- **From v7.0 on** tracepoints run under SRCU, preemptible. A task that is preempted inside a program keeps the CPU's other
  tasks from running that program until it runs again: their hits, of any hook on a tracepoint, are left out meanwhile. It takes a
  preemption within some hundred nanoseconds, so it is rare on an idle machine, and in an emulated one, where a program takes a
  hundred times as long, it is seen: 5 of 17 exits of tasks, once, with bcc. It does not depend on the loader. A lost `task_exit` costs
  nothing but the closed account: the sweep ends what the task had begun. A lost hit of `dio_begin` or `dio_complete` is an
  attempt that is missing from the totals, and the report says INCOMPLETE.
  Nor is it certain there that two programs which count into the same cell of one CPU never come between each other's load and
  store: totals of v7.0 and later may be short by one for such a preemption.
- Disabling preemption in the program (`bpf_preempt_disable`) would not help: the CPU is given up when it is enabled again, and
  that is still inside the program. Kprobes run with preemption off, on every kernel.
"""

folder, kernels = sys.argv[1], sys.argv[2:]


def lines_of(kernel, fs, word):
    with open(f"{folder}/{kernel}.{fs}", errors="replace") as file:
        return [line.split(word + " ", 1)[1].rstrip() for line in file if re.match(rf"(\d: )?{word} ", line)]


releases, hooks, tests, refusals = {}, {}, {}, {}
for kernel in kernels:
    releases[kernel] = (lines_of(kernel, "btrfs", "KERNEL") or ["did not start"])[0]
    for fs in ("btrfs", "gfs2"):
        for line in lines_of(kernel, fs, "TEXT"):
            hook = re.match(r"\s*\w+\s+(\w+)\s+((?:/proc/vmstat or )?(?:tp_btf|raw_tp|tp|kprobe|kretprobe)/\S+|-)\s", line + " ")
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
print(NOTES, end="")
