"""The same facts as overhead.bt, with bcc's Python front end."""

import os
import signal

from bcc import BPF

TEXT = r"""
struct key { u64 dev; u64 bucket; };
BPF_HASH(begins, u32, u64, 16384);
BPF_HASH(waits, u32, u64, 16384);
BPF_PERCPU_HASH(attempts, u64, u64, 256);
BPF_PERCPU_HASH(misses, u64, u64, 256);
BPF_HASH(ns, struct key, u64, 16384);
BPF_PERCPU_ARRAY(counts, u64, 4);
BPF_HISTOGRAM(waited);

TRACEPOINT_PROBE(iomap, iomap_dio_rw_begin) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns(), dev = args->dev;
    begins.update(&tid, &now);
    attempts.increment(dev);
    return 0;
}
TRACEPOINT_PROBE(iomap, iomap_dio_complete) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 dev = args->dev, *begin = begins.lookup(&tid);
    if (begin) {
        struct key key = {.dev = dev, .bucket = bpf_log2l(bpf_ktime_get_ns() - *begin)};
        ns.increment(key);
        begins.delete(&tid);
    }
    if (args->error == -14 || (!args->error && !args->ret))
        misses.increment(dev);
    return 0;
}
TRACEPOINT_PROBE(exceptions, page_fault_user) { counts.increment(0); return 0; }
TRACEPOINT_PROBE(exceptions, page_fault_kernel) { counts.increment(1); return 0; }
TRACEPOINT_PROBE(mmap_lock, mmap_lock_acquire_returned) { counts.increment(2); return 0; }
TRACEPOINT_PROBE(lock, contention_begin) {
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();
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
"""

# Types of tracepoints' fields that stand-ins for kernel headers, as in bpf/bcc, do not have.
TYPES = {"dev_t": "unsigned int", "ino_t": "unsigned long", "loff_t": "long long", "ssize_t": "long"}
has_headers = os.path.exists(os.environ.get("BCC_KERNEL_SOURCE", "") + "/Makefile")
programs = BPF(text=TEXT, cflags=[] if has_headers else [f"-D{name}={type}" for name, type in TYPES.items()])
print("ready", flush=True)
signal.signal(signal.SIGINT, lambda *_: None)
signal.pause()
