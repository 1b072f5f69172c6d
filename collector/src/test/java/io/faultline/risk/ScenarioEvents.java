package io.faultline.risk;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.Fault;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.TaskLook;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The events of a scenario: each line's words become the bytes that the kernel or the sweep writes.
 *
 * <pre>
 * STEP CLASS NAME MODE tid= comm= since= granted= holder=TID:COMM:MODE stack= dev= flags
 *     STEP: request grant release abandon waiting holding submitted blocking time, state_change and
 *     demote with MODE old->new; NAME: TYPE/NUMBER in hex for glock and dlm, else an inode, an
 *     address, or the level of freeze; flags: try async remote waited in_gap
 * attempt   FS INO read|write END tid= comm= op= index= begin= pos= count= done= ret= flags
 * in_flight FS INO read|write END, the same; flags: faults_on async nowait queued shifted
 * opend     FS INO read|write LAST tid= op= attempts= result= reason= end=
 * mapping   FS INO tid= comm= op= maps= address= mapdev=
 * fault     FS INO KIND tid= op= address=
 * task      TID COMM DOING STATE run= switches= io= start= stack=; flags: in_fault in_dio in_mmap
 *     in_vma_wait
 * invalidate_fail FS INO tid= comm= pos= length=
 * hang      tid= comm=
 * cell      FS read|write operations=
 * counters  lost= probe=
 * hook      PROBE attached|detached
 * </pre>
 */
final class ScenarioEvents {
  /** Time 0 of a scenario. */
  static final long BASE_NS = 1_000_000_000_000L;

  private final List<Made> made = new ArrayList<>();
  private final EventBuilder builder = new EventBuilder();

  /**
   * An event without its number.
   *
   * @param probe whose number it gets; {@code null} for none
   */
  record Made(
      long ns,
      ByteBuffer bytes,
      Probe probe,
      int cpu,
      boolean isLost,
      boolean isCounters,
      Probe lossOf,
      long lost) {}

  List<Made> made() {
    return made;
  }

  static ByteBuffer bytesOf(EventBuilder builder) {
    byte[] bytes = new byte[Event.BYTES];
    builder.buffer().get(0, bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A line: a time, perhaps a repetition and {@code lost}, and the event. */
  void add(List<String> line) {
    double seconds = ScenarioWords.seconds("time", line.get(0));
    int at = 1;
    double step = 0;
    long times = 1;
    if (line.size() > 4 && line.get(1).equals("every") && line.get(3).equals("times")) {
      step = ScenarioWords.seconds("every", line.get(2));
      times = ScenarioWords.number("times", line.get(4));
      at = 5;
    }
    boolean isLost = line.size() > at && line.get(at).equals("lost");
    at += isLost ? 1 : 0;
    if (line.size() <= at) {
      throw new IllegalArgumentException("event: none (expected: a word after the time)");
    }
    for (long i = 0; i < times; i++) {
      List<String> words = new ArrayList<>();
      for (String word : line.subList(at + 1, line.size())) {
        words.add(word.replace("$i", Long.toString(i)));
      }
      add(line.get(at), words, BASE_NS + Math.round((seconds + i * step) * 1e9), isLost);
    }
  }

  private void add(String verb, List<String> words, long ns, boolean isLost) {
    switch (verb) {
      case "attempt", "in_flight" -> attempt(verb.equals("attempt"), words, ns, isLost);
      case "opend" -> operationEnd(words, ns, isLost);
      case "mapping" -> mapping(words, ns, isLost);
      case "fault" -> fault(words, ns, isLost);
      case "task" -> task(words, ns, isLost);
      case "invalidate_fail" -> invalidateFail(words, ns, isLost);
      case "hang" -> hang(words, ns, isLost);
      case "cell" -> cell(words, ns, isLost);
      case "counters" -> counters(words, ns, isLost);
      case "hook" -> hook(words, ns, isLost);
      default -> lock(verb, words, ns, isLost);
    }
  }

  private void keep(ScenarioWords words, long ns, Probe probe, int cpu, boolean isLost) {
    words.end();
    made.add(new Made(ns, bytesOf(builder), probe, cpu, isLost, false, null, 0));
  }

  private static int magicOf(String fs) {
    return switch (fs) {
      case "btrfs" -> 0x9123683E;
      case "gfs2" -> 0x01161970;
      case "xfs" -> 0x58465342;
      case "ext4" -> 0xEF53;
      case "bcachefs" -> 0xCA451A4E;
      default ->
          throw new IllegalArgumentException(
              "fs: " + fs + " (expected: btrfs, gfs2, xfs, ext4 or bcachefs)");
    };
  }

  private static int devOf(ScenarioWords words, String key, String fs) {
    String text = words.text(key, fs.equals("gfs2") ? "254:0" : "0:40");
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException(key + ": " + text + " (expected: MAJOR:MINOR)");
    }
    return (int)
        (ScenarioWords.number(key, text.substring(0, colon)) << 20
            | ScenarioWords.number(key, text.substring(colon + 1)));
  }

  // ---- locks ----

  private static LockMode modeOf(LockClass lockClass, String label) {
    for (LockMode mode : LockMode.values()) {
      boolean isOfDlm = mode.name().startsWith("DLM_");
      if (mode.label.equals(label) && isOfDlm == (lockClass == LockClass.DLM)) {
        return mode;
      }
    }
    throw new IllegalArgumentException("mode: " + label + " (expected: one of " + lockClass + ")");
  }

  private static LockClass classOf(String label) {
    for (LockClass lockClass : LockClass.values()) {
      if (lockClass.label.equals(label)) {
        return lockClass;
      }
    }
    throw new IllegalArgumentException(
        "lock: " + label + " (expected: glock, dlm, mmap_lock, ...)");
  }

  private static Probe probeOf(LockStep.Kind kind, LockClass lockClass) {
    boolean isDlm = lockClass == LockClass.DLM;
    return switch (kind) {
      case WAITING, HOLDING -> Probe.SWEEP;
      case REQUEST -> isDlm ? Probe.DLM_LOCK_START : Probe.GLOCK_QUEUE;
      case GRANT ->
          isDlm
              ? Probe.DLM_AST
              : lockClass == LockClass.GLOCK ? Probe.GLOCK_PROMOTE : Probe.CONTENTION_END;
      case RELEASE -> Probe.GLOCK_QUEUE;
      case ABANDON ->
          isDlm
              ? Probe.DLM_AST
              : lockClass == LockClass.GLOCK ? Probe.GLOCK_QUEUE : Probe.CONTENTION_END;
      case STATE_CHANGE -> Probe.GLOCK_STATE_CHANGE;
      case DEMOTE -> Probe.GLOCK_DEMOTE_RQ;
      case TIME -> Probe.GLOCK_LOCK_TIME;
      case SUBMITTED -> Probe.DLM_LOCK_END;
      case BLOCKING -> Probe.DLM_BAST;
      case UNKNOWN -> throw new IllegalArgumentException("step: unknown (expected: a known one)");
    };
  }

  private void lock(String verb, List<String> line, long ns, boolean isLost) {
    LockStep.Kind kind = ScenarioWords.of(LockStep.Kind.class, verb);
    ScenarioWords words = new ScenarioWords(line, 3, ns);
    LockClass lockClass = classOf(words.next());
    String name = words.next();
    String[] modes = words.next().split("->");
    boolean isOfGlock = kind == LockStep.Kind.STATE_CHANGE || kind == LockStep.Kind.DEMOTE;
    if (modes.length != (isOfGlock ? 2 : 1)) {
      throw new IllegalArgumentException(
          "mode: " + modes.length + " (expected: " + (isOfGlock ? "old->new)" : "one)"));
    }
    LockMode mode = modeOf(lockClass, modes[modes.length - 1]);
    int type = typeOf(lockClass, name);
    long number = numberOf(lockClass, name);
    int tid = words.tid(0);
    if (tid == 0 && !isOfGlock) {
      throw new IllegalArgumentException("tid: none (expected: of the task that asked)");
    }
    long requestNs = words.at("since", kind == LockStep.Kind.REQUEST ? ns : isOfGlock ? 0 : -1);
    if (requestNs < 0) {
      throw new IllegalArgumentException("since: none (expected: when it was asked for)");
    }
    Probe probe = probeOf(kind, lockClass);
    int cpu = probe == Probe.SWEEP ? Event.CPU_NONE : (int) words.number("cpu", 0);
    int dev = lockClass == LockClass.DLM ? 3 : devOf(words, "dev", "gfs2");
    boolean isOfDevice = lockClass != LockClass.MMAP && lockClass != LockClass.RWSEM;
    builder
        .begin(EventType.LOCK, probe, cpu, ns)
        .task((int) words.number("tgid", tid), tid)
        .lock(
            lockClass,
            isOfDevice ? dev : 0,
            type,
            isOfDevice ? number : 0,
            lockClass == LockClass.DLM ? 0 : addressOf(lockClass, type, number))
        .lockRequest(
            kind,
            0xffffc90000000000L + tid * 4096L + lockClass.number() * 512L + number % 512,
            requestNs,
            words.at("granted", grantedNs(kind, requestNs, ns)),
            mode)
        .lockTask(
            (int) words.number("call", 0),
            words.text("comm", tid == 0 ? "kworker" : "task" + tid),
            flagsOf(words),
            (int) words.number("stack", 0))
        .lockStatus((int) words.number("status", 0));
    lockHolder(words, lockClass, isOfGlock ? modeOf(lockClass, modes[0]) : LockMode.NONE);
    if (lockClass == LockClass.DLM) {
      byte[] resource = String.format("%8x%16x", type, number).getBytes(StandardCharsets.US_ASCII);
      builder.lockResource(
          ByteBuffer.wrap(resource).order(ByteOrder.LITTLE_ENDIAN).getLong(),
          java.util.Arrays.copyOfRange(resource, 8, 24));
    }
    keep(words, ns, probe, cpu, isLost);
  }

  private static long grantedNs(LockStep.Kind kind, long requestNs, long ns) {
    return switch (kind) {
      case GRANT -> ns;
      case HOLDING, RELEASE -> requestNs + 1000;
      default -> 0;
    };
  }

  private static int flagsOf(ScenarioWords words) {
    return (words.is("try") ? LockStep.TRY : 0)
        | (words.is("async") ? LockStep.ASYNC : 0)
        | (words.is("remote") ? LockStep.REMOTE : 0)
        | (words.is("waited") ? LockStep.WAITED : 0)
        | (words.is("in_gap") ? LockStep.IN_GAP : 0);
  }

  private void lockHolder(ScenarioWords words, LockClass lockClass, LockMode oldMode) {
    String holder = words.text("holder", "");
    if (holder.isEmpty()) {
      builder.lockHolder(0, oldMode, "");
      return;
    }
    String[] parts = holder.split(":");
    if (parts.length != 3) {
      throw new IllegalArgumentException("holder: " + holder + " (expected: TID:COMM:MODE)");
    }
    builder.lockHolder(
        (int) ScenarioWords.number("holder", parts[0]), modeOf(lockClass, parts[2]), parts[1]);
  }

  private static int typeOf(LockClass lockClass, String name) {
    if (lockClass == LockClass.FREEZE) {
      return 1 + List.of("write", "pagefault", "fs").indexOf(name);
    }
    return name.indexOf('/') < 0
        ? 0
        : (int) ScenarioWords.number("type", name.substring(0, name.indexOf('/')));
  }

  private static long numberOf(LockClass lockClass, String name) {
    int slash = name.indexOf('/');
    if (lockClass == LockClass.FREEZE) {
      return 0;
    }
    return slash < 0
        ? ScenarioWords.number("lock", name)
        : ScenarioWords.number("lock", "0x" + name.substring(slash + 1));
  }

  private static long addressOf(LockClass lockClass, int type, long number) {
    return 0xffff888000000000L
        + ((long) lockClass.number() << 36)
        + ((long) type << 32)
        + number * 8;
  }

  // ---- operations ----

  private void attempt(boolean isEnded, List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 4, ns);
    String fs = words.next();
    long ino = ScenarioWords.number("inode", words.next());
    boolean isWrite = isWrite(words.next());
    AttemptEnd end = ScenarioWords.of(AttemptEnd.class, words.next());
    int tid = words.tid(1);
    long done = words.number("done", 0);
    long count = words.number("count", 8192);
    long beginNs = words.at("begin", isEnded ? ns - 1_000_000 : ns);
    long startNs = words.at("op", beginNs);
    Probe probe = isEnded ? Probe.DIO_COMPLETE : Probe.SWEEP;
    int cpu = isEnded ? (int) words.number("cpu", 0) : Event.CPU_NONE;
    builder
        .begin(isEnded ? EventType.ATTEMPT : EventType.IN_FLIGHT, probe, cpu, ns)
        .task((int) words.number("tgid", tid), tid)
        .attemptOperation(
            words.number("iocb", 0x9000 + tid), startNs, (int) words.number("index", 0))
        .attemptFile(devOf(words, "dev", fs), magicOf(fs), ino)
        .attemptRange(words.number("pos", 0) + done, count - done, done)
        .attemptTimes(beginNs, isEnded && end != AttemptEnd.SILENT ? ns - beginNs : 0)
        .attemptFlags(attemptFlags(words, isWrite), words.text("comm", "task" + tid))
        .attemptEnd(end, words.number("ret", retOf(end, count)))
        .attemptCall((int) words.number("call", 0));
    keep(words, ns, probe, cpu, isLost);
  }

  private static boolean isWrite(String word) {
    if (!word.equals("read") && !word.equals("write")) {
      throw new IllegalArgumentException("direction: " + word + " (expected: read or write)");
    }
    return word.equals("write");
  }

  private static long retOf(AttemptEnd end, long count) {
    return switch (end) {
      case FULL -> count;
      case MISS_NONE -> -14;
      case FAILED -> -5;
      case MISS_PARTIAL, SHORT -> count / 2;
      default -> 0;
    };
  }

  private static int attemptFlags(ScenarioWords words, boolean isWrite) {
    boolean isRegion = !words.is("faults_on");
    return (isWrite ? Attempt.WRITE : 0)
        | (isRegion ? Attempt.NOFAULT | Attempt.PARTIAL_OK : 0)
        | (words.is("async") ? Attempt.ASYNC : 0)
        | (words.is("nowait") ? Attempt.NOWAIT : 0)
        | (words.is("queued") ? Attempt.QUEUED : 0)
        | (words.is("shifted") ? Attempt.SHIFTED : 0);
  }

  private void operationEnd(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 4, ns);
    String fs = words.next();
    long ino = ScenarioWords.number("inode", words.next());
    boolean isWrite = isWrite(words.next());
    AttemptEnd last = ScenarioWords.of(AttemptEnd.class, words.next());
    int tid = words.tid(1);
    long count = words.number("count", 8192);
    String result = words.text("result", "unknown");
    OperationEnd.Reason reason =
        ScenarioWords.of(OperationEnd.Reason.class, words.text("reason", "next"));
    builder
        .begin(EventType.OPERATION_END, Probe.BEGIN_ENDS, 0, ns)
        .task((int) words.number("tgid", tid), tid)
        .endOperation(
            words.number("iocb", 0x9000 + tid),
            words.at("op", ns),
            words.at("end", ns),
            (int) words.number("attempts", 1))
        .endFile(devOf(words, "dev", fs), magicOf(fs), ino)
        .endRange(
            words.number("pos", 0),
            count,
            words.number("done", 0),
            result.equals("unknown")
                ? OperationEnd.RESULT_UNKNOWN
                : ScenarioWords.number("result", result))
        .endReason(attemptFlags(words, isWrite), last, reason, words.text("comm", "task" + tid));
    keep(words, ns, Probe.BEGIN_ENDS, 0, isLost);
  }

  private void mapping(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 2, ns);
    String fs = words.next();
    long ino = ScenarioWords.number("inode", words.next());
    int tid = words.tid(1);
    int dev = devOf(words, "dev", fs);
    builder
        .begin(EventType.MAPPING, Probe.SWEEP, Event.CPU_NONE, ns)
        .task((int) words.number("tgid", tid), tid)
        .mapping(
            words.number("iocb", 0x9000 + tid),
            words.at("op", ns),
            words.number("address", 0x7f0000001000L),
            words.text("comm", "task" + tid))
        .mappingOfFile(dev, magicOf(fs), ino);
    String other = words.text("mapdev", "");
    builder.mapped(
        other.isEmpty() ? dev : (int) ScenarioWords.number("mapdev", other),
        words.number("maps", 0));
    keep(words, ns, Probe.SWEEP, Event.CPU_NONE, isLost);
  }

  private void fault(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 3, ns);
    String fs = words.next();
    long ino = ScenarioWords.number("inode", words.next());
    Fault.Kind kind = ScenarioWords.of(Fault.Kind.class, words.next());
    int tid = words.tid(1);
    builder
        .begin(EventType.FAULT, Probe.PAGE_FAULT_KERNEL, 0, ns)
        .task(tid, tid)
        .fault(0x9000 + tid, words.at("op", ns), kind, words.number("address", 0), false)
        .faultFile(devOf(words, "dev", fs), magicOf(fs), ino);
    keep(words, ns, Probe.PAGE_FAULT_KERNEL, 0, isLost);
  }

  // ---- the rest ----

  private void task(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 4, ns);
    int tid = (int) ScenarioWords.number("tid", words.next());
    String comm = words.next();
    TaskLook.Doing doing = ScenarioWords.of(TaskLook.Doing.class, words.next());
    char state = words.next().charAt(0);
    builder
        .begin(EventType.TASK, Probe.SWEEP, Event.CPU_NONE, ns)
        .task((int) words.number("tgid", tid), tid)
        .lookProgress(
            words.length("run"),
            words.number("switches", 0),
            words.number("io", 0),
            words.length("start"))
        .lookDoing(
            doing,
            state,
            (int) words.number("stack", 0),
            (words.is("in_fault") ? TaskLook.IN_FAULT : 0)
                | (words.is("in_dio") ? TaskLook.IN_DIO : 0)
                | (words.is("in_mmap") ? TaskLook.IN_MMAP : 0)
                | (words.is("in_vma_wait") ? TaskLook.IN_VMA_WAIT : 0),
            comm);
    keep(words, ns, Probe.SWEEP, Event.CPU_NONE, isLost);
  }

  private void invalidateFail(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 2, ns);
    String fs = words.next();
    long ino = ScenarioWords.number("inode", words.next());
    int tid = words.tid(1);
    builder
        .begin(EventType.INVALIDATE_FAIL, Probe.DIO_INVALIDATE_FAIL, 0, ns)
        .task(tid, tid)
        .invalidateFail(
            devOf(words, "dev", fs),
            magicOf(fs),
            ino,
            words.number("pos", 0),
            words.number("length", 4096),
            words.text("comm", "task" + tid));
    keep(words, ns, Probe.DIO_INVALIDATE_FAIL, 0, isLost);
  }

  private void hang(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 0, ns);
    int tid = words.tid(1);
    builder
        .begin(EventType.HANG, Probe.PROCESS_HANG, 0, ns)
        .task(tid, tid)
        .hang(words.text("comm", "task" + tid));
    keep(words, ns, Probe.PROCESS_HANG, 0, isLost);
  }

  private void cell(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 2, ns);
    String fs = words.next();
    boolean isWrite = isWrite(words.next());
    long operations = words.number("operations", 0);
    builder
        .begin(EventType.CELL, Probe.SWEEP, Event.CPU_NONE, ns)
        .cell(devOf(words, "dev", fs), magicOf(fs), isWrite)
        .cellTotals(operations, operations, operations);
    keep(words, ns, null, Event.CPU_NONE, isLost);
  }

  private void counters(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 0, ns);
    long lost = words.number("lost", 0);
    Probe probe = ScenarioWords.of(Probe.class, words.text("probe", "glock_queue"));
    words.end();
    made.add(new Made(ns, ByteBuffer.allocate(Event.BYTES), null, 0, isLost, true, probe, lost));
  }

  private void hook(List<String> line, long ns, boolean isLost) {
    ScenarioWords words = new ScenarioWords(line, 2, ns);
    Probe probe = ScenarioWords.of(Probe.class, words.next());
    String change = words.next();
    if (!change.equals("attached") && !change.equals("detached")) {
      throw new IllegalArgumentException(
          "change: " + change.toLowerCase(Locale.ROOT) + " (expected: attached or detached)");
    }
    builder
        .begin(EventType.HOOK, probe, Event.CPU_NONE, ns)
        .hookChange(change.equals("attached"), "tp_btf/" + probe.label);
    keep(words, ns, null, Event.CPU_NONE, isLost);
  }
}
