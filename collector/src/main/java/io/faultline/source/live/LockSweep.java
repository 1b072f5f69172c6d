package io.faultline.source.live;

import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.probe.LockRequest;
import io.faultline.probe.ProbeSet;
import io.faultline.probe.task.ProcFacts;
import io.faultline.probe.task.TaskFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The part of the sweep that looks at locks: who has been waiting for more than {@value
 * #AGE_MIN_MS} ms, and who holds what they wait for. A deadlock emits nothing: this is where it
 * shows.
 */
final class LockSweep {
  private static final Set<String> READERS = Set.of(ProcFacts.READER_COMM, TaskFiles.READER_COMM);
  private static final long AGE_MIN_MS = 1000;
  private static final long AGE_MIN_NS = AGE_MIN_MS * 1_000_000;
  private static final long AGAIN_NS = 10_000_000_000L;

  /** A task that was woken has its lock only once it runs, which takes as long as CPUs are busy. */
  private static final long DOUBT_NS = 5_000_000_000L;

  /** A request: the same place may be taken by another one. */
  private record Name(long key, long requestNs) {}

  /** Tasks of which one sweep says what they do; holders that wait come first. */
  private static final int TASKS_MAX = 256;

  private final ProbeSet probes;
  private final TaskWatch tasks;
  private Map<Name, Long> saidAt = new HashMap<>();
  private Map<Name, Long> awakeSince = new HashMap<>();

  LockSweep(ProbeSet probes, TaskWatch tasks) {
    this.probes = probes;
    this.tasks = tasks;
  }

  /**
   * One sweep.
   *
   * @param isLast hits have ended: whatever waits is said
   * @param newEvent an event of that time, to be filled
   * @param emit hands it over
   * @return whether anything was said
   */
  boolean sweep(
      long nowNs, boolean isLast, Function<EventType, EventBuilder> newEvent, Runnable emit) {
    List<LockRequest> requests = probes.lockRequests();
    List<LockRequest> waiting = new ArrayList<>();
    Map<Name, Long> awakeNow = new HashMap<>();
    for (LockRequest request : requests) {
      long ageNs = nowNs - request.requestNs();
      if (!request.isWaiting() || (ageNs < AGE_MIN_NS && !isLast) || isOurs(request)) {
        continue;
      }
      if (isBlocked(request)) {
        waiting.add(request);
      } else if (ageNs >= AGE_MIN_NS) {
        Name name = new Name(request.key(), request.requestNs());
        long sinceNs = awakeSince.getOrDefault(name, nowNs);
        if (nowNs - sinceNs >= DOUBT_NS || !Files.exists(taskOf(request))) {
          probes.forgetLockRequest(request); // its end was missed
        } else {
          awakeNow.put(name, sinceNs);
        }
      }
    }
    awakeSince = awakeNow;
    Map<Name, Long> saidNow = new HashMap<>();
    Set<Name> due = new HashSet<>();
    for (LockRequest request : waiting) {
      Name name = new Name(request.key(), request.requestNs());
      long ageNs = nowNs - request.requestNs();
      Long before = saidAt.get(name);
      boolean isDue = isLast || before == null || ageNs >= nextAge(before);
      saidNow.put(name, isDue ? ageNs : before);
      if (isDue) {
        due.add(name);
      }
    }
    saidAt = saidNow;
    if (!due.isEmpty()) {
      say(requests, waiting, due, newEvent, emit);
    }
    return !due.isEmpty();
  }

  /**
   * Those that are due, and whoever waits while others wait for what it holds: a cycle is seen only
   * when all of it is seen at one moment.
   */
  private void say(
      List<LockRequest> requests,
      List<LockRequest> waiting,
      Set<Name> due,
      Function<EventType, EventBuilder> newEvent,
      Runnable emit) {
    Set<Long> wanted = new HashSet<>();
    Set<Integer> waiters = new HashSet<>();
    for (LockRequest request : waiting) {
      wanted.add(request.lock());
      waiters.add(request.tid());
    }
    Set<Integer> knots = firstBesideMmapLock(waiting);
    for (LockRequest request : waiting) {
      if (waiters.contains(request.holderTid())) {
        knots.add(request.holderTid()); // of a semaphore nothing else says who holds it
      }
    }
    for (LockRequest request : requests) {
      if (isHeld(request) && wanted.contains(request.lock()) && waiters.contains(request.tid())) {
        knots.add(request.tid());
      }
    }
    List<LockRequest> said = new ArrayList<>();
    Set<Long> locks = new HashSet<>();
    Set<Integer> saidWaiters = new HashSet<>();
    for (LockRequest request : waiting) {
      if (knots.contains(request.tid())
          || due.contains(new Name(request.key(), request.requestNs()))) {
        said.add(request);
        locks.add(request.lock());
        saidWaiters.add(request.tid());
      }
    }
    Map<Integer, Integer> toWatch = new LinkedHashMap<>();
    said.stream()
        .filter(request -> knots.contains(request.tid()))
        .forEach(request -> toWatch.put(request.tid(), request.tgid()));
    for (LockRequest request : requests) {
      if (isHeld(request)
          && (locks.contains(request.lock()) || saidWaiters.contains(request.tid()))) {
        toWatch.put(request.tid(), request.tgid());
        probes.noteSaid(request);
        fill(newEvent.apply(EventType.LOCK), LockStep.Kind.HOLDING, request);
        emit.run();
      }
    }
    for (LockRequest request : said) {
      probes.noteSaid(request);
      toWatch.put(request.tid(), request.tgid());
      if (request.holderTid() != 0) {
        toWatch.putIfAbsent(request.holderTid(), tgidOf(request.holderTid()));
      }
      fill(newEvent.apply(EventType.LOCK), LockStep.Kind.WAITING, request);
      emit.run();
    }
    Set<Integer> tgids = new LinkedHashSet<>();
    for (LockRequest request : said) {
      if (request.lockClass() == LockClass.MMAP && request.holderMode() != LockMode.WRITE) {
        tgids.add(request.tgid());
      }
    }
    toWatch.entrySet().stream()
        .filter(task -> task.getValue() != 0)
        .limit(TASKS_MAX)
        .map(task -> tasks.see(task.getValue(), task.getKey()))
        .forEach(seen -> say(seen, newEvent, emit));
    // The owner of a semaphore says that it is only once it has it: whoever asks in between names
    // nobody, or an earlier one.
    Set<Integer> known = new HashSet<>(toWatch.keySet());
    requests.stream().filter(LockRequest::isWaiting).forEach(request -> known.add(request.tid()));
    for (int tgid : tgids) {
      tasks.inMmap(tgid, tid -> !known.contains(tid)).forEach(seen -> say(seen, newEvent, emit));
    }
  }

  private static void say(
      TaskWatch.Seen seen, Function<EventType, EventBuilder> newEvent, Runnable emit) {
    if (seen != null) {
      seen.fill(newEvent.apply(EventType.TASK));
      emit.run();
    }
  }

  /**
   * Of each lock that a process with a wait for mmap_lock waits for, who asked first: who has
   * mmap_lock is in no request, and may be any of them.
   */
  private static Set<Integer> firstBesideMmapLock(List<LockRequest> waiting) {
    Set<Integer> tgids = new HashSet<>();
    for (LockRequest request : waiting) {
      if (request.lockClass() == LockClass.MMAP) {
        tgids.add(request.tgid());
      }
    }
    Map<Long, LockRequest> first = new HashMap<>();
    for (LockRequest request : waiting) {
      if (tgids.contains(request.tgid())) {
        first.merge(
            request.lock(),
            request,
            (one, other) -> one.requestNs() <= other.requestNs() ? one : other);
      }
    }
    Set<Integer> tids = new HashSet<>();
    first.values().forEach(request -> tids.add(request.tid()));
    return tids;
  }

  /** Whether it is our own look at a task that is stuck, or at the mappings of one. */
  private static boolean isOurs(LockRequest request) {
    return request.lockClass() == LockClass.RWSEM && READERS.contains(commOf(request));
  }

  private static boolean isHeld(LockRequest request) {
    return !request.isWaiting() && request.lock() != 0;
  }

  /** A second look after a second, which confirms a deadlock; then at doubling ages. */
  static long nextAge(long ageNs) {
    if (ageNs < 2 * AGE_MIN_NS) {
      return ageNs + AGE_MIN_NS;
    }
    return ageNs < AGAIN_NS ? Math.min(2 * ageNs, AGAIN_NS) : ageNs + AGAIN_NS;
  }

  private static void fill(EventBuilder event, LockStep.Kind kind, LockRequest request) {
    event
        .task(request.tgid(), request.tid())
        .lock(request.lockClass(), request.dev(), request.type(), request.number(), request.lock())
        .lockRequest(kind, request.key(), request.requestNs(), request.grantNs(), request.mode())
        .lockTask(request.call(), commOf(request), request.flags(), request.stack())
        .lockHolder(request.holderTid(), request.holderMode(), request.holderName());
    if (request.lockClass() == LockClass.DLM) {
      event.lockResource(request.number(), request.holderComm());
    }
  }

  private static String commOf(LockRequest request) {
    if (request.lockClass() == LockClass.DLM) {
      return request.comm();
    }
    try {
      return Files.readString(taskOf(request).resolve("comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static int tgidOf(int tid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + tid + "/status"))) {
        if (line.startsWith("Tgid:")) {
          return Integer.parseInt(line.substring(5).trim());
        }
      }
    } catch (IOException e) {
      // Gone, or of another namespace.
    }
    return 0;
  }

  private static Path taskOf(LockRequest request) {
    return TaskFiles.of(request.tgid(), request.tid());
  }

  /** Whether the task is there and sleeps: nobody runs while it waits for a lock. */
  private static boolean isBlocked(LockRequest request) {
    try {
      char state = TaskFiles.state(request.tgid(), request.tid());
      // A request of the DLM, and an asynchronous one, is not waited for by the task that made it.
      return request.lock() == 0
          || (request.flags() & LockStep.ASYNC) != 0
          || state == 'D'
          || state == 'S'
          || state == 'T'
          || state == 'I';
    } catch (IOException e) {
      return false;
    }
  }
}
