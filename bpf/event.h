/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The wire contract: what the BPF programs put into the ring, what a recording holds, what Kafka carries.
 *
 * Every event is EVENT_BYTES long, little-endian, without padding, and begins with struct event_header.
 * The Java side is io.faultline.event.Event; EventLayoutTest compares the two field by field through the
 * BTF of the compiled object. Numbers (types, probes, ends, flags) are never used again for something else.
 */
#ifndef FAULTLINE_EVENT_H
#define FAULTLINE_EVENT_H

#define EVENT_BYTES 128
#define EVENT_COMM_BYTES 16

enum event_type {
	EVENT_ATTEMPT = 1,         /* an attempt ended: struct attempt_event */
	EVENT_OPERATION_END = 2,   /* an operation ended without a last full attempt: struct operation_end_event */
	EVENT_INVALIDATE_FAIL = 3, /* page cache could not be dropped for a direct write: struct invalidate_fail_event */
	EVENT_FAULT = 4,           /* a page fault, or a fault-in, in an operation: struct fault_event */
	EVENT_IN_FLIGHT = 5,       /* the sweep saw an operation that has not ended: struct attempt_event */
	EVENT_CELL = 6,            /* totals since attach of one device and direction: struct cell_event */
	EVENT_CELL_HISTOGRAM = 7,  /* a part of its attempt durations: struct cell_histogram_event */
	EVENT_PROBE_COUNTERS = 8,  /* totals since attach of one probe: struct probe_counters_event */
	EVENT_LOCK = 9,            /* one step of a request for a lock: struct lock_event */
	EVENT_LOCK_CELL = 10,      /* totals since attach of one class and mode of locks: struct lock_cell_event */
	EVENT_LOCK_HISTOGRAM = 11, /* a part of its waits: struct lock_histogram_event */
	EVENT_HANG = 12,           /* the kernel's own watchdog reports a task that does not run: struct hang_event */
	EVENT_HOOK = 13,           /* user space attached or detached a hook meanwhile: struct hook_event */
	EVENT_MAPPING = 14,        /* user space found out which file a missing page belongs to: struct mapping_event */
	EVENT_TASK = 15,           /* the sweep says what a task that waits or holds does: struct task_event */
	EVENT_WATCH = 16,          /* less, or more, is watched from now on, or nobody watched: struct watch_event */
};

/* One number for each program that can lose something; counters and sequence numbers are kept for each. */
enum probe {
	PROBE_DIO_BEGIN = 0,
	PROBE_DIO_COMPLETE = 1,
	PROBE_DIO_QUEUED = 2,
	PROBE_DIO_INVALIDATE_FAIL = 3,
	PROBE_PAGE_FAULT_USER = 4,
	PROBE_PAGE_FAULT_KERNEL = 5,
	PROBE_FAULT_IN = 6,
	PROBE_TASK_EXIT = 7,
	PROBE_BEGIN_ENDS = 8, /* what a begin found out about an earlier operation of its task */
	PROBE_EXIT_ENDS = 9,  /* what a task's exit found out about its last operation */
	PROBE_SWEEP = 10,     /* made in user space by the sweep, from the in-flight map */
	PROBE_COMPLETE_ENDS = 11, /* an operation that ended with a miss of a queued attempt: nobody retries it */
	PROBE_GLOCK_QUEUE = 12,
	PROBE_GLOCK_PROMOTE = 13,
	PROBE_GLOCK_STATE_CHANGE = 14,
	PROBE_GLOCK_DEMOTE_RQ = 15,
	PROBE_GLOCK_LOCK_TIME = 16,
	PROBE_DLM_LOCK_START = 17,
	PROBE_DLM_LOCK_END = 18,
	PROBE_DLM_AST = 19,
	PROBE_DLM_BAST = 20,
	PROBE_DLM_UNLOCK_START = 21,
	PROBE_CONTENTION_BEGIN = 22,
	PROBE_CONTENTION_END = 23,
	PROBE_PROCESS_HANG = 24,
	PROBE_BCACHEFS_WRITE = 25,
	PROBE_BCACHEFS_WRITE_END = 26,
	PROBE_COMPLETE_MISSES = 27, /* which page an attempt missed */
	PROBE_COUNT = 28,
};

enum attempt_end {
	ATTEMPT_OPEN = 0,         /* not ended: only in EVENT_IN_FLIGHT */
	ATTEMPT_FULL = 1,         /* all bytes that were asked for */
	ATTEMPT_END_OF_FILE = 2,  /* a read that met the end of the file */
	ATTEMPT_MISS_NONE = 3,    /* a page was missing: no progress */
	ATTEMPT_MISS_PARTIAL = 4, /* a page was missing after some bytes */
	ATTEMPT_SHORT = 5,        /* fewer bytes, and no missing page can be the cause: faults were enabled */
	ATTEMPT_FAILED = 6,       /* an error other than a missing page */
	ATTEMPT_SILENT = 7,       /* iomap_dio_rw returned without iomap_dio_complete: end of file, -ENOTBLK, -EAGAIN,
				   * -ENOMEM; when is not known, ktime_ns is the moment that showed it */
	ATTEMPT_AGAIN = 8,        /* -EAGAIN: it would have had to wait (IOCB_NOWAIT); io_uring issues it again */
};

/* attempt_event.flags */
enum attempt_flag {
	ATTEMPT_WRITE = 1 << 0,
	ATTEMPT_ASYNC = 1 << 1,           /* kiocb.ki_complete is set: AIO or io_uring */
	ATTEMPT_NOWAIT = 1 << 2,          /* IOCB_NOWAIT */
	ATTEMPT_PARTIAL_OK = 1 << 3,      /* IOMAP_DIO_PARTIAL */
	ATTEMPT_NOFAULT = 1 << 4,         /* iov_iter.nofault */
	ATTEMPT_FAULTS_DISABLED = 1 << 5, /* task_struct.pagefault_disabled > 0 */
	ATTEMPT_QUEUED = 1 << 6,          /* iomap_dio_rw returned -EIOCBQUEUED: the region ended before the attempt */
	ATTEMPT_SHIFTED = 1 << 7,         /* a retry that does not start where its operation started */
	ATTEMPT_SLOW = 1 << 8,            /* at least config.slow_ns */
	ATTEMPT_WAITED = 1 << 9,          /* an event of this call says that its task waited for a lock */
	ATTEMPT_MAPPING = 1 << 10,        /* task_struct.faults_disabled_mapping: bcachefs */
};

enum lock_class {
	LOCK_RWSEM = 0, /* none of the known ones */
	LOCK_GLOCK = 1,
	LOCK_DLM = 2,
	LOCK_I_RWSEM = 3,
	LOCK_MMAP = 4,
	LOCK_INVALIDATE = 5, /* address_space.invalidate_lock */
	LOCK_FREEZE = 6,     /* super_block.s_writers */
	LOCK_EXTENT = 7,     /* btrfs */
	LOCK_CLASS_COUNT = 8,
};

/* Each class has modes of its own: those of a glock are not those of the DLM lock below it. */
enum lock_mode {
	LOCK_MODE_NONE = 0,
	LOCK_MODE_UNLOCKED = 1, /* LM_ST_* of fs/gfs2/glock.h */
	LOCK_MODE_EXCLUSIVE = 2,
	LOCK_MODE_DEFERRED = 3,
	LOCK_MODE_SHARED = 4,
	LOCK_MODE_DLM_NL = 5, /* DLM_LOCK_* of include/uapi/linux/dlmconstants.h */
	LOCK_MODE_DLM_CR = 6,
	LOCK_MODE_DLM_CW = 7,
	LOCK_MODE_DLM_PR = 8,
	LOCK_MODE_DLM_PW = 9,
	LOCK_MODE_DLM_EX = 10,
	LOCK_MODE_READ = 11,
	LOCK_MODE_WRITE = 12,
	LOCK_MODE_COUNT = 16,
};

enum lock_step {
	LOCK_REQUEST = 1,
	LOCK_GRANT = 2,
	LOCK_RELEASE = 3,
	LOCK_ABANDON = 4,      /* the request ended without a grant */
	LOCK_STATE_CHANGE = 5, /* of a glock: mode is the new state, holder_mode the old one */
	LOCK_DEMOTE = 6,       /* mode is what the glock is asked to become, holder_mode what it is */
	LOCK_TIME = 7,         /* a reply of the DLM: request_ns to grant_ns */
	LOCK_SUBMITTED = 8,    /* dlm_lock() has returned; status is its error */
	LOCK_BLOCKING = 9,     /* another node wants the DLM lock, in mode */
	LOCK_WAITING = 10,     /* the sweep saw a request that is not granted */
	LOCK_HOLDING = 11,     /* the sweep saw who holds a lock that others wait for */
};

/* lock_event.flags */
enum lock_flag {
	LOCK_WAITED = 1 << 0,       /* not granted at once, in the requester's own context */
	LOCK_IN_GAP = 1 << 1,       /* the task is between two attempts of an operation */
	LOCK_REMOTE = 1 << 2,       /* asked for by another node */
	LOCK_TRY = 1 << 3,          /* LM_FLAG_TRY or LM_FLAG_TRY_1CB: will not wait */
	LOCK_ASYNC = 1 << 4,        /* GL_ASYNC: the requester waits elsewhere, with a timeout */
	LOCK_HOLDER_WAITS = 1 << 5, /* who is named as holder is a waiter in front */
	LOCK_EMITTED = 1 << 6,      /* its grant is an event */
};

enum operation_end_reason {
	OPERATION_END_NEXT = 1,   /* the task began another operation */
	OPERATION_END_EXIT = 2,   /* the task ended */
	OPERATION_END_SWEEP = 3,  /* the sweep saw that the task has left the system call */
	OPERATION_END_REUSED = 4, /* another task, or a re-issue, uses the same kiocb */
	OPERATION_END_QUEUED = 5, /* a queued attempt missed: the system call has left, nobody retries */
	OPERATION_END_RETURN = 6, /* the file system's write function returned after the miss */
};

enum fault_kind {
	FAULT_USER = 1,
	FAULT_KERNEL = 2,
	FAULT_IN = 3, /* the kernel faults pages in by hand: no exception is raised */
	FAULT_MISSING = 4, /* not a fault: the page that an attempt missed */
};

#define RESULT_UNKNOWN ((__s64)0x8000000000000000ULL)

struct event_header {
	__u64 ktime_ns; /* CLOCK_MONOTONIC */
	__u32 seq;      /* of this CPU and probe: a gap is a lost event */
	__u16 cpu;      /* CPU_NONE for what user space made */
	__u8 type;      /* enum event_type */
	__u8 probe;     /* enum probe */
	__u32 tgid;
	__u32 tid;
};

#define CPU_NONE 0xffff

/* EVENT_ATTEMPT at its end (ktime_ns), EVENT_IN_FLIGHT when swept. (iocb, operation_ns) names the operation. */
struct attempt_event {
	struct event_header header;
	__u64 iocb;
	__u64 operation_ns; /* begin of the operation's first attempt */
	__u64 begin_ns;
	__u64 region_ns; /* how long the region lasted: to the end of the attempt, or until it was queued */
	__u64 ino;
	__s64 pos;         /* at begin; done_before is part of it */
	__u64 count;       /* bytes left to do at begin */
	__u64 done_before; /* bytes that earlier attempts did */
	__s64 ret;         /* as iomap_dio_complete returns it: bytes with done_before, 0, or a negative errno */
	__u32 dev;         /* as in the kernel: major << 20 | minor */
	__u32 fs_magic;
	__u16 flags; /* enum attempt_flag */
	__u8 end;    /* enum attempt_end */
	__u8 call;   /* low bits of the number of the task's system call, 0 when it has none */
	__u32 index; /* 0 for the first attempt of the operation */
	__u8 comm[EVENT_COMM_BYTES];
};

struct operation_end_event {
	struct event_header header;
	__u64 iocb;
	__u64 operation_ns;
	__u64 end_ns; /* end of the last attempt */
	__u64 ino;
	__s64 pos;       /* where the operation started */
	__u64 requested; /* bytes */
	__u64 done;      /* bytes that direct attempts did */
	__s64 result;    /* bytes that the system call returned, 0 when it failed, or RESULT_UNKNOWN */
	__u32 dev;
	__u32 fs_magic;
	__u16 flags;  /* enum attempt_flag of the last attempt */
	__u8 last;    /* enum attempt_end of the last attempt */
	__u8 reason;  /* enum operation_end_reason */
	__u32 attempts;
	__u8 comm[EVENT_COMM_BYTES];
	__u64 reserved2;
};

struct invalidate_fail_event {
	struct event_header header;
	__u64 ino;
	__s64 pos;
	__u64 length;
	__u32 dev;
	__u32 fs_magic;
	__u8 comm[EVENT_COMM_BYTES];
	__u64 reserved[7];
};

struct fault_event {
	struct event_header header;
	__u64 iocb;
	__u64 operation_ns;
	__u64 address;    /* 0 for FAULT_IN */
	__u64 error_code; /* of the exception */
	__u32 kind;       /* enum fault_kind */
	__u32 rejected;   /* 1 when faults were disabled: the kernel refused it */
	__u64 ino;        /* of the operation's file */
	__u32 dev;
	__u32 fs_magic;
	__u64 reserved[6];
};

struct cell_event {
	struct event_header header;
	__u32 dev;
	__u32 fs_magic;
	__u32 write; /* 1 for writes */
	__u32 reserved;
	__u64 attempts;
	__u64 fault_disabled_attempts;
	__u64 operations;
	__u64 retried_operations;
	__u64 retries;
	__u64 misses_none;
	__u64 misses_partial;
	__u64 bytes;
	__u64 retry_ns;
	__u64 emitted; /* attempts that are events of their own in the stream; the others exist only here */
	__u64 reserved2;
};

#define CELL_HISTOGRAM_BUCKETS 48 /* bucket b counts durations in [2^b, 2^(b+1)) ns; the last one also what is longer */
#define CELL_HISTOGRAM_PART 11

struct cell_histogram_event {
	struct event_header header;
	__u32 dev;
	__u32 fs_magic;
	__u32 write;
	__u32 first_bucket;
	__u64 counts[CELL_HISTOGRAM_PART];
};

struct probe_counters_event {
	struct event_header header;
	__u64 hits;
	__u64 emitted;
	__u64 aggregated;
	__u64 skipped;
	__u64 lost;
	__u64 in_operation; /* page faults and fault-ins in an operation */
	__u64 rejected;     /* page faults while faults were disabled */
	__u64 missed;       /* runs that the kernel suppressed (recursion); part of hits and of lost */
	__u64 reserved[5];
};

/* (request, request_ns) names the request; header has the task that made it. */
struct lock_event {
	struct event_header header;
	__u64 request;    /* address of the gfs2_holder; of the waiting task, plus 1; lockspace << 32 | lkb */
	__u64 lock;       /* kernel address of the lock; 0 for DLM */
	__u64 number;     /* of the glock, or inode number; the first 8 bytes of a DLM resource's name */
	__u64 request_ns; /* 0 when nobody saw it */
	__u64 grant_ns;   /* 0 while it is not granted */
	__u32 dev;        /* major << 20 | minor; the lockspace for DLM; 0 when the lock belongs to no device */
	__u32 type;       /* of the glock; level of freezing */
	__u8 lock_class;  /* enum lock_class */
	__u8 mode;        /* enum lock_mode */
	__u8 step;        /* enum lock_step */
	__u8 call;        /* as in attempt_event */
	__u32 flags;      /* enum lock_flag */
	__u32 holder_tid; /* who held it when it was requested, or was first in line; 0 when nobody is known */
	__u8 holder_mode; /* enum lock_mode */
	__u8 reserved[3];
	__s32 status;     /* of a DLM reply */
	__u32 stack;      /* 1 + id in the map of stacks, 0 for none */
	__u8 comm[EVENT_COMM_BYTES];
	__u8 holder_comm[EVENT_COMM_BYTES]; /* the next 16 bytes of a DLM resource's name */
};

struct lock_cell_event {
	struct event_header header;
	__u32 lock_class;
	__u32 mode;
	__u64 grants;
	__u64 waits;    /* those that were not granted at once */
	__u64 wait_ns;
	__u64 wait_max_ns;
	__u64 emitted;  /* waits that are events of their own */
	__u64 abandoned;
	__u64 reserved[6];
};

struct lock_histogram_event {
	struct event_header header;
	__u32 lock_class;
	__u32 mode;
	__u32 first_bucket;
	__u32 reserved;
	__u64 counts[CELL_HISTOGRAM_PART];
};

struct hang_event {
	struct event_header header; /* the task that hangs */
	__u8 comm[EVENT_COMM_BYTES];
	__u64 reserved[11];
};

#define HOOK_VIA_BYTES 96

struct hook_event {
	struct event_header header; /* the probe */
	__u32 is_attached;
	__u32 reserved;
	__u8 via[HOOK_VIA_BYTES]; /* such as tp_btf/gfs2_promote */
};

/* (iocb, operation_ns) names the operation, (file_dev, file_ino) its file, (dev, ino) what its buffer maps. */
struct mapping_event {
	struct event_header header;
	__u64 iocb;
	__u64 operation_ns;
	__u64 address;
	__u64 file_ino;
	__u64 ino; /* 0 when the buffer maps no file */
	__u32 file_dev;
	__u32 fs_magic;
	__u32 dev;
	__u32 kind; /* enum fault_kind of the event that asked */
	__u8 comm[EVENT_COMM_BYTES];
	__u64 reserved[4];
};

enum task_doing {
	TASK_DOING_UNKNOWN = 0, /* its stack cannot be read, or is none of the following */
	TASK_DOING_RUN = 1,
	TASK_DOING_LOCK = 2,      /* waits for a lock of the node */
	TASK_DOING_DLM = 3,       /* waits for an answer of the lock manager, or of gfs2's log of another node */
	TASK_DOING_IO = 4,        /* waits for a device */
	TASK_DOING_RECLAIM = 5,   /* looks for memory */
	TASK_DOING_WRITEBACK = 6, /* is throttled, or waits for dirty pages or reserved space */
	TASK_DOING_FAULT = 7,     /* serves a page fault */
	TASK_DOING_FREEZE = 8,    /* waits for a frozen file system */
};

/* task_event.flags */
enum task_flag {
	TASK_IN_FAULT = 1 << 0,    /* a page fault is on its stack */
	TASK_IN_DIO = 1 << 1,      /* a direct read or write is */
	TASK_IN_MMAP = 1 << 2,     /* has mmap_lock for write, unless it waits for that: mmap, munmap, fork */
	TASK_IN_VMA_WAIT = 1 << 3, /* it waits until page faults have left a mapping, whose lock no hook shows (v6.15) */
};

/* What one sweep saw of one task; two of them say whether it gets on. */
struct task_event {
	struct event_header header;
	__u64 run_ns;   /* time that the task has run since its start */
	__u64 switches; /* times that it was switched away from */
	__u64 io_bytes; /* that it read or wrote */
	__u64 start_ns; /* boot time of its start */
	__u32 doing;    /* enum task_doing */
	__u32 state;    /* the letter of /proc/PID/stat */
	__u32 stack;    /* 1 + number of the stack, or 0 */
	__u32 flags;    /* enum task_flag */
	__u8 comm[EVENT_COMM_BYTES];
	__u64 reserved2[5];
};

enum watch_kind {
	WATCH_LEVEL = 1,   /* the observer's budget: detail is shed in the order of io.faultline.budget.Level */
	WATCH_STALLED = 2, /* the reader was away: hits between since_ns and ktime_ns were skipped */
};

#define WATCH_WHY_BYTES 88

struct watch_event {
	struct event_header header;
	__u64 since_ns; /* WATCH_STALLED: from when on hits were skipped */
	__u32 kind;     /* enum watch_kind */
	__u32 level;    /* WATCH_LEVEL: what is shed from now on; 0 for nothing */
	__u8 why[WATCH_WHY_BYTES];
};

#define EVENT_SIZE_ASSERT(name) _Static_assert(sizeof(struct name) == EVENT_BYTES, #name ": wire format, see Event.java")
_Static_assert(sizeof(struct event_header) == 24, "event_header: wire format, see Event.java");
EVENT_SIZE_ASSERT(attempt_event);
EVENT_SIZE_ASSERT(operation_end_event);
EVENT_SIZE_ASSERT(invalidate_fail_event);
EVENT_SIZE_ASSERT(fault_event);
EVENT_SIZE_ASSERT(cell_event);
EVENT_SIZE_ASSERT(cell_histogram_event);
EVENT_SIZE_ASSERT(probe_counters_event);
EVENT_SIZE_ASSERT(lock_event);
EVENT_SIZE_ASSERT(lock_cell_event);
EVENT_SIZE_ASSERT(lock_histogram_event);
EVENT_SIZE_ASSERT(hang_event);
EVENT_SIZE_ASSERT(hook_event);
EVENT_SIZE_ASSERT(mapping_event);
EVENT_SIZE_ASSERT(task_event);
EVENT_SIZE_ASSERT(watch_event);

#endif
