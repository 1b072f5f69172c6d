package io.faultline.event;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes events: those that the sweep makes in user space, and those that tests make up.
 *
 * <p>{@code begin*} clears all bytes, so that no field keeps what an earlier event had. Every
 * setter writes one field of {@code bpf/event.h}. One builder belongs to one thread; {@link
 * #buffer()} is valid until the next {@code begin*}.
 */
public final class EventBuilder {
  private static final byte[] ZERO = new byte[Event.BYTES];

  private final ByteBuffer buffer = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** The event's bytes from 0 to {@link Event#BYTES}. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** A new event. {@code cpu} is {@link Event#CPU_NONE} for what user space made. */
  public EventBuilder begin(EventType type, Probe probe, int cpu, long ktimeNs) {
    buffer.put(0, ZERO);
    buffer.putLong(Event.KTIME_NS, ktimeNs);
    buffer.putShort(Event.CPU, (short) cpu);
    buffer.put(Event.TYPE, (byte) type.number);
    buffer.put(Event.PROBE, (byte) probe.number());
    return this;
  }

  /** Sets the sequence number. */
  public EventBuilder seq(int seq) {
    buffer.putInt(Event.SEQ, seq);
    return this;
  }

  /** Sets process and thread id. */
  public EventBuilder task(int tgid, int tid) {
    buffer.putInt(Event.TGID, tgid);
    buffer.putInt(Event.TID, tid);
    return this;
  }

  /** Attempt: everything but when and where it was seen, from another one. */
  public EventBuilder attemptOf(Attempt attempt) {
    int length = Event.BYTES - Event.HEADER_BYTES;
    buffer.put(Event.HEADER_BYTES, attempt.buffer(), attempt.offset() + Event.HEADER_BYTES, length);
    return task(attempt.tgid(), attempt.tid());
  }

  /** Attempt: the operation that it belongs to. */
  public EventBuilder attemptOperation(long iocb, long operationNs, int index) {
    buffer.putLong(Attempt.IOCB, iocb);
    buffer.putLong(Attempt.OPERATION_NS, operationNs);
    buffer.putInt(Attempt.INDEX, index);
    return this;
  }

  /** Attempt: the file. */
  public EventBuilder attemptFile(int dev, int fsMagic, long ino) {
    buffer.putInt(Attempt.DEV, dev);
    buffer.putInt(Attempt.FS_MAGIC, fsMagic);
    buffer.putLong(Attempt.INO, ino);
    return this;
  }

  /** Attempt: what it was asked to do. */
  public EventBuilder attemptRange(long pos, long count, long doneBefore) {
    buffer.putLong(Attempt.POS, pos);
    buffer.putLong(Attempt.COUNT, count);
    buffer.putLong(Attempt.DONE_BEFORE, doneBefore);
    return this;
  }

  /** Attempt: its begin and the length of its region. */
  public EventBuilder attemptTimes(long beginNs, long regionNs) {
    buffer.putLong(Attempt.BEGIN_NS, beginNs);
    buffer.putLong(Attempt.REGION_NS, regionNs);
    return this;
  }

  /** Attempt: its flags and the task's name. */
  public EventBuilder attemptFlags(int flags, String comm) {
    buffer.putShort(Attempt.FLAGS, (short) flags);
    return comm(Attempt.COMM, comm);
  }

  /** Attempt: how it ended. */
  public EventBuilder attemptEnd(AttemptEnd end, long ret) {
    buffer.put(Attempt.END, (byte) end.number());
    buffer.putLong(Attempt.RET, ret);
    return this;
  }

  /** Operation end: the operation, and when its last attempt ended. */
  public EventBuilder endOperation(long iocb, long operationNs, long endNs, int attempts) {
    buffer.putLong(OperationEnd.IOCB, iocb);
    buffer.putLong(OperationEnd.OPERATION_NS, operationNs);
    buffer.putLong(OperationEnd.END_NS, endNs);
    buffer.putInt(OperationEnd.ATTEMPTS, attempts);
    return this;
  }

  /** Operation end: the file. */
  public EventBuilder endFile(int dev, int fsMagic, long ino) {
    buffer.putInt(OperationEnd.DEV, dev);
    buffer.putInt(OperationEnd.FS_MAGIC, fsMagic);
    buffer.putLong(OperationEnd.INO, ino);
    return this;
  }

  /** Operation end: what was asked for, what direct attempts did, what the system call returned. */
  public EventBuilder endRange(long pos, long requested, long done, long result) {
    buffer.putLong(OperationEnd.POS, pos);
    buffer.putLong(OperationEnd.REQUESTED, requested);
    buffer.putLong(OperationEnd.DONE, done);
    buffer.putLong(OperationEnd.RESULT, result);
    return this;
  }

  /** Operation end: the last attempt, the reason and the task's name. */
  public EventBuilder endReason(
      int flags, AttemptEnd last, OperationEnd.Reason reason, String comm) {
    buffer.putShort(OperationEnd.FLAGS, (short) flags);
    buffer.put(OperationEnd.LAST, (byte) last.number());
    buffer.put(OperationEnd.REASON, (byte) reason.ordinal());
    return comm(OperationEnd.COMM, comm);
  }

  /** Invalidate failure: all of it. */
  public EventBuilder invalidateFail(
      int dev, int fsMagic, long ino, long pos, long length, String comm) {
    buffer.putInt(InvalidateFail.DEV, dev);
    buffer.putInt(InvalidateFail.FS_MAGIC, fsMagic);
    buffer.putLong(InvalidateFail.INO, ino);
    buffer.putLong(InvalidateFail.POS, pos);
    buffer.putLong(InvalidateFail.LENGTH, length);
    return comm(InvalidateFail.COMM, comm);
  }

  /** Fault: all of it. */
  public EventBuilder fault(
      long iocb, long operationNs, Fault.Kind kind, long address, boolean rejected) {
    buffer.putLong(Fault.IOCB, iocb);
    buffer.putLong(Fault.OPERATION_NS, operationNs);
    buffer.putLong(Fault.ADDRESS, address);
    buffer.putInt(Fault.KIND, kind.ordinal());
    buffer.putInt(Fault.REJECTED, rejected ? 1 : 0);
    return this;
  }

  /** Fault: of which file the operation is. */
  public EventBuilder faultFile(int dev, int fsMagic, long ino) {
    buffer.putInt(Fault.DEV, dev);
    buffer.putInt(Fault.FS_MAGIC, fsMagic);
    buffer.putLong(Fault.INO, ino);
    return this;
  }

  /** Mapping: the operation, its file and the address, as {@code fault} gives them. */
  public EventBuilder mappingOf(Fault fault, String comm) {
    task(fault.tgid(), fault.tid());
    buffer.putInt(Mapping.KIND, fault.kind().ordinal());
    return mapping(fault.iocb(), fault.operationNs(), fault.address(), comm)
        .mappingOfFile(fault.dev(), fault.fsMagic(), fault.ino());
  }

  /** Mapping: the operation and the address. */
  public EventBuilder mapping(long iocb, long operationNs, long address, String comm) {
    buffer.putLong(Mapping.IOCB, iocb);
    buffer.putLong(Mapping.OPERATION_NS, operationNs);
    buffer.putLong(Mapping.ADDRESS, address);
    return comm(Mapping.COMM, comm);
  }

  /** Mapping: of which file the operation is. */
  public EventBuilder mappingOfFile(int dev, int fsMagic, long ino) {
    buffer.putInt(Mapping.FILE_DEV, dev);
    buffer.putInt(Mapping.FS_MAGIC, fsMagic);
    buffer.putLong(Mapping.FILE_INO, ino);
    return this;
  }

  /** Mapping: which file is mapped; inode 0 when none is. */
  public EventBuilder mapped(int dev, long ino) {
    buffer.putInt(Mapping.DEV, dev);
    buffer.putLong(Mapping.INO, ino);
    return this;
  }

  /** Task look: how far the task has come. */
  public EventBuilder lookProgress(long runNs, long switches, long ioBytes, long startNs) {
    buffer.putLong(TaskLook.RUN_NS, runNs);
    buffer.putLong(TaskLook.SWITCHES, switches);
    buffer.putLong(TaskLook.IO_BYTES, ioBytes);
    buffer.putLong(TaskLook.START_NS, startNs);
    return this;
  }

  /** Task look: what the task does. */
  public EventBuilder lookDoing(
      TaskLook.Doing doing, char state, int stack, int flags, String comm) {
    buffer.putInt(TaskLook.DOING, doing.ordinal());
    buffer.putInt(TaskLook.STATE, state);
    buffer.putInt(TaskLook.STACK, stack);
    buffer.putInt(TaskLook.FLAGS, flags);
    return comm(TaskLook.COMM, comm);
  }

  /** Cell or cell histogram: whose it is. */
  public EventBuilder cell(int dev, int fsMagic, boolean write) {
    buffer.putInt(Cell.DEV, dev);
    buffer.putInt(Cell.FS_MAGIC, fsMagic);
    buffer.putInt(Cell.WRITE, write ? 1 : 0);
    return this;
  }

  /**
   * Cell: its ten totals, in the order of {@code struct cell_event} from {@code attempts} to {@code
   * emitted}.
   */
  public EventBuilder cellTotals(long... totals) {
    return longs(Cell.ATTEMPTS, totals, 10);
  }

  /** Cell histogram: the first bucket and at most {@link CellHistogram#PART} counts. */
  public EventBuilder histogram(int firstBucket, long... counts) {
    buffer.putInt(CellHistogram.FIRST_BUCKET, firstBucket);
    return longs(CellHistogram.COUNTS, counts, CellHistogram.PART);
  }

  /** Probe counters: its eight totals, in the order of {@code struct probe_counters_event}. */
  public EventBuilder counters(long... totals) {
    return longs(ProbeCounters.HITS, totals, 8);
  }

  /** Lock step: what is asked for, and how. */
  public EventBuilder lock(LockClass lockClass, int dev, int type, long number, long address) {
    buffer.put(LockStep.LOCK_CLASS, (byte) lockClass.number());
    buffer.putInt(LockStep.DEV, dev);
    buffer.putInt(LockStep.TYPE, type);
    buffer.putLong(LockStep.NUMBER, number);
    buffer.putLong(LockStep.LOCK, address);
    return this;
  }

  /** Lock step: whose it is; {@code grantNs} is 0 while it is not granted. */
  public EventBuilder lockRequest(
      LockStep.Kind kind, long request, long requestNs, long grantNs, LockMode mode) {
    buffer.put(LockStep.STEP, (byte) kind.ordinal());
    buffer.putLong(LockStep.REQUEST, request);
    buffer.putLong(LockStep.REQUEST_NS, requestNs);
    buffer.putLong(LockStep.GRANT_NS, grantNs);
    buffer.put(LockStep.MODE, (byte) mode.number());
    return this;
  }

  /** Lock step: the requester's call and name, flags and stack. */
  public EventBuilder lockTask(int call, String comm, int flags, int stack) {
    buffer.put(LockStep.CALL, (byte) call);
    buffer.putInt(LockStep.FLAGS, flags);
    buffer.putInt(LockStep.STACK, stack);
    return comm(LockStep.COMM, comm);
  }

  /** Lock step of the DLM: the 24 bytes of its resource's name. */
  public EventBuilder lockResource(long first8, byte[] next16) {
    buffer.putLong(LockStep.NUMBER, first8);
    buffer.put(LockStep.HOLDER_COMM, next16, 0, Event.COMM_BYTES);
    return this;
  }

  /** Lock step: who is in the way. */
  public EventBuilder lockHolder(int tid, LockMode mode, String comm) {
    buffer.putInt(LockStep.HOLDER_TID, tid);
    buffer.put(LockStep.HOLDER_MODE, (byte) mode.number());
    return comm(LockStep.HOLDER_COMM, comm);
  }

  /** Lock step: the status of a DLM reply. */
  public EventBuilder lockStatus(int status) {
    buffer.putInt(LockStep.STATUS, status);
    return this;
  }

  /** Attempt: the low bits of its call's number. */
  public EventBuilder attemptCall(int call) {
    buffer.put(Attempt.CALL, (byte) call);
    return this;
  }

  /** Lock cell: its six totals, in the order of {@code struct lock_cell_event}. */
  public EventBuilder lockCell(LockClass lockClass, LockMode mode, long... totals) {
    buffer.putInt(LockCell.LOCK_CLASS, lockClass.number());
    buffer.putInt(LockCell.MODE, mode.number());
    return longs(LockCell.GRANTS, totals, 6);
  }

  /** Lock histogram: the first bucket and at most {@link CellHistogram#PART} counts. */
  public EventBuilder lockHistogram(
      LockClass lockClass, LockMode mode, int firstBucket, long... counts) {
    buffer.putInt(LockHistogram.LOCK_CLASS, lockClass.number());
    buffer.putInt(LockHistogram.MODE, mode.number());
    buffer.putInt(LockHistogram.FIRST_BUCKET, firstBucket);
    return longs(LockHistogram.COUNTS, counts, CellHistogram.PART);
  }

  /** Hang: the task's name. */
  public EventBuilder hang(String comm) {
    return comm(Hang.COMM, comm);
  }

  /** Hook change. */
  public EventBuilder hookChange(boolean isAttached, String via) {
    byte[] bytes = via.getBytes(StandardCharsets.UTF_8);
    buffer.putInt(HookChange.IS_ATTACHED, isAttached ? 1 : 0);
    buffer.put(HookChange.VIA, bytes, 0, Math.min(bytes.length, HookChange.VIA_BYTES - 1));
    return this;
  }

  /** How much is watched from now on. */
  public EventBuilder watchLevel(int level, String why) {
    return watch(WatchChange.Kind.LEVEL, 0, level, why);
  }

  /** Nobody has watched since {@code sinceNs}. */
  public EventBuilder watchStalled(long sinceNs, String why) {
    return watch(WatchChange.Kind.STALLED, sinceNs, 0, why);
  }

  private EventBuilder watch(WatchChange.Kind kind, long sinceNs, int level, String why) {
    byte[] bytes = why.getBytes(StandardCharsets.UTF_8);
    buffer.putLong(WatchChange.SINCE_NS, sinceNs);
    buffer.putInt(WatchChange.KIND, kind.ordinal() + 1);
    buffer.putInt(WatchChange.LEVEL, level);
    buffer.put(WatchChange.WHY, bytes, 0, Math.min(bytes.length, WatchChange.WHY_BYTES - 1));
    return this;
  }

  private EventBuilder longs(int at, long[] values, int limit) {
    if (values.length > limit) {
      throw new IllegalArgumentException(
          "values: " + values.length + " (expected: at most " + limit + ")");
    }
    for (int i = 0; i < values.length; i++) {
      buffer.putLong(at + 8 * i, values[i]);
    }
    return this;
  }

  private EventBuilder comm(int at, String comm) {
    byte[] bytes = comm.getBytes(StandardCharsets.UTF_8);
    buffer.put(at, bytes, 0, Math.min(bytes.length, Event.COMM_BYTES - 1));
    return this;
  }
}
