"""How much slower a load was in the slices in which programs were attached than in those beside them.

slices.py DIRECTORY LOAD PARTS: DIRECTORY has slices-N of switch.c for each part, and part-N, what fio logged meanwhile every 5 ms;
for the load faults the slices have all. Prints the median in per cent, and of how many slices.
"""
import collections
import statistics
import sys

BIN_MS = 5


def slices_of(directory, part):
    """State, begin and end in ms, page faults, of each slice."""
    with open(f"{directory}/slices-{part}") as lines:
        for line in lines:
            state, begin, end, faults = line.split()
            yield state, float(begin), float(end), int(faults)


def reads_of(directory, part):
    """State and reads a second of each slice; None where fio logged too little: the disk stood still."""
    logged = collections.defaultdict(float)  # several jobs, several lines
    with open(f"{directory}/part-{part}") as lines:
        for line in lines:
            ms, iops = line.split(",")[:2]
            logged[int(ms)] += float(iops)
    times = sorted(logged)
    at = 0
    for state, begin, end, _ in slices_of(directory, part):
        # What is logged at a time is of the time before it.
        while at < len(times) and times[at] <= begin + BIN_MS:
            at += 1
        inside = []
        while at < len(times) and times[at] <= end:
            inside.append(logged[times[at]])
            at += 1
        yield state, statistics.mean(inside) if len(inside) > (end - begin) / BIN_MS / 2 else None


def faults_of(directory, part):
    """State and page faults a millisecond of each slice."""
    for state, begin, end, faults in slices_of(directory, part):
        yield state, faults / (end - begin)


def main():
    directory, load, parts = sys.argv[1], sys.argv[2], int(sys.argv[3])
    slower = []
    for part in range(1, parts + 1):
        rates = list((faults_of if load == "faults" else reads_of)(directory, part))
        for (_, before), (state, here), (_, after) in zip(rates, rates[1:], rates[2:]):
            if state == "on" and before and here and after:
                # The geometric mean: noise alone makes nothing slower then.
                slower.append(100 * (1 - here / (before * after) ** 0.5))
    print(statistics.median(slower), len(slower))


main()
