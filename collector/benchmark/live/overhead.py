"""The same facts as overhead.bt, with bcc's Python front end."""

import os
import signal
import sys
import time

from bcc import BPF

TEXT = r"""
struct key { u64 dev; u64 write; u64 bucket; };
struct place { u64 dev; u64 write; };
struct event { u64 ns, ino, pos, duration_ns; s64 ret; u32 tid, dev; s32 error; char comm[16]; };
BPF_HASH(begins, u32, u64, 16384);
BPF_HASH(waits, u32, u64, 16384);
BPF_PERCPU_HASH(attempts, struct place, u64, 256);
BPF_PERCPU_HASH(bytes, struct place, u64, 256);
BPF_PERCPU_HASH(retries, u64, u64, 256);
BPF_PERCPU_HASH(queued, u64, u64, 256);
BPF_PERCPU_HASH(misses, u64, u64, 256);
BPF_PERCPU_HASH(durations, struct key, u64, 16384);
BPF_PERCPU_ARRAY(counts, u64, 4);
BPF_HISTOGRAM(waited);
BPF_PERF_OUTPUT(events);

TRACEPOINT_PROBE(iomap, iomap_dio_rw_begin) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns(), dev = args->dev;
    struct place place = {.dev = dev, .write = (args->ki_flags >> 18) & 1};
    begins.update(&tid, &now);
    attempts.increment(place);
    if (args->done_before > 0)
        retries.increment(dev);
    return 0;
}
TRACEPOINT_PROBE(iomap, iomap_dio_complete) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 dev = args->dev, now = bpf_ktime_get_ns(), *begin = begins.lookup(&tid), ns = begin ? now - *begin : 0;
    struct place place = {.dev = dev, .write = (args->ki_flags >> 18) & 1};
    struct key key = {.dev = dev, .write = place.write, .bucket = bpf_log2l(ns)};
    begins.delete(&tid);
    durations.increment(key);
    if (args->ret > 0)
        bytes.increment(place, args->ret);
    if (args->error == -14 || (!args->error && !args->ret) || ns > 100000000) {
        struct event event = {.ns = now, .ino = args->ino, .pos = args->pos, .duration_ns = ns, .ret = args->ret,
                              .tid = tid, .dev = dev, .error = args->error};
        bpf_get_current_comm(event.comm, sizeof(event.comm));
        misses.increment(dev);
        events.perf_submit(args, &event, sizeof(event));
    }
    return 0;
}
TRACEPOINT_PROBE(iomap, iomap_dio_rw_queued) { u64 dev = args->dev; queued.increment(dev); return 0; }
TRACEPOINT_PROBE(iomap, iomap_dio_invalidate_fail) {
    struct event event = {.ns = bpf_ktime_get_ns(), .ino = args->ino, .tid = bpf_get_current_pid_tgid(), .dev = args->dev};
    bpf_get_current_comm(event.comm, sizeof(event.comm));
    events.perf_submit(args, &event, sizeof(event));
    return 0;
}
TRACEPOINT_PROBE(exceptions, page_fault_user) { counts.increment(0); return 0; }
TRACEPOINT_PROBE(exceptions, page_fault_kernel) { counts.increment(1); return 0; }
TRACEPOINT_PROBE(mmap_lock, mmap_lock_acquire_returned) { counts.increment(2); return 0; }
TRACEPOINT_PROBE(lock, contention_begin) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();
    if (!(args->flags & 33))
        waits.update(&tid, &now);
    return 0;
}
TRACEPOINT_PROBE(lock, contention_end) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 *begin = waits.lookup(&tid);
    if (begin) {
        waited.increment(bpf_log2l(bpf_ktime_get_ns() - *begin));
        waits.delete(&tid);
    }
    return 0;
}
TRACEPOINT_PROBE(sched, sched_process_exit) {
    u32 tid = bpf_get_current_pid_tgid();
    begins.delete(&tid);
    waits.delete(&tid);
    return 0;
}
TRACEPOINT_PROBE(sched, sched_process_hang) {
    struct event event = {.ns = bpf_ktime_get_ns(), .tid = args->pid};
    events.perf_submit(args, &event, sizeof(event));
    return 0;
}
"""

# Types of tracepoints' fields that stand-ins for kernel headers, as in bpf/bcc, do not have.
TYPES = {"pid_t": "int", "dev_t": "unsigned int", "ino_t": "unsigned long", "loff_t": "long long", "ssize_t": "long"}
has_headers = os.path.exists(os.environ.get("BCC_KERNEL_SOURCE", "") + "/Makefile")
programs = BPF(text=TEXT, cflags=[] if has_headers else [f"-D{name}={type}" for name, type in TYPES.items()])


def on_event(cpu, data, size):
    event = programs["events"].event(data)
    print(event.ns, event.tid, event.comm.decode(), event.dev, event.ino, event.pos, event.error, event.ret, event.duration_ns)


def drain():
    for name in ("attempts", "bytes", "retries", "queued", "misses", "durations"):
        for key, value in programs[name].items():
            fields = [getattr(key, field) for field, _ in key._fields_] if hasattr(key, "_fields_") else [key.value]
            print(name, *fields, sum(value))
    print("counts", *[sum(value) for value in programs["counts"].values()])
    print("waited", *[value.value for value in programs["waited"].values()])


programs["events"].open_perf_buffer(on_event)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
due = time.monotonic() + 1
while True:
    programs.perf_buffer_poll(timeout=max(1, int(1000 * (due - time.monotonic()))))
    if time.monotonic() >= due:
        drain()
        due += 1
