package io.faultline.snapshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What was read once.
 *
 * @param tasks by number: those that hold or wait for what is contended, as far as /proc told
 * @param problems what could not be read, one sentence each
 * @param unparsedLines lines that are not as the kernel prints them, which are left out
 * @param unparsedSamples the first of these, cut short, control characters included
 */
public record LockSnapshot(
    List<FileSystemLocks> fileSystems,
    Map<Long, TaskState> tasks,
    List<String> problems,
    long unparsedLines,
    List<String> unparsedSamples) {

  /** Copies what it is given. */
  public LockSnapshot {
    fileSystems = List.copyOf(fileSystems);
    tasks = Map.copyOf(tasks);
    problems = List.copyOf(problems);
    unparsedSamples = List.copyOf(unparsedSamples);
  }

  /** Says how long a request has waited; {@link Age#UNKNOWN} when it does not know. */
  @FunctionalInterface
  public interface AgeSource {
    /** Asked for every waiting request whose age is not exact yet. */
    Age ageOf(LockName lock, Request request);
  }

  /**
   * The same with what the source knows of waiting requests. An exact age replaces another; of two
   * lower bounds the larger stays.
   */
  public LockSnapshot withAges(AgeSource source) {
    List<FileSystemLocks> changed = new ArrayList<>();
    for (FileSystemLocks fileSystem : fileSystems) {
      List<Glock> glocks = new ArrayList<>();
      for (Glock glock : fileSystem.glocks()) {
        List<Request> requests = new ArrayList<>();
        for (Request request : glock.requests()) {
          boolean isOpen = request.isWaiting() && request.age().kind() != Age.Kind.EXACT;
          Age age = isOpen ? source.ageOf(glock.name(), request) : Age.UNKNOWN;
          boolean isNews =
              age.kind() == Age.Kind.EXACT || (age.isKnown() && age.ns() > request.age().ns());
          requests.add(isNews ? request.withAge(age) : request);
        }
        glocks.add(glock.withRequests(requests));
      }
      changed.add(fileSystem.withGlocks(glocks));
    }
    return new LockSnapshot(changed, tasks, problems, unparsedLines, unparsedSamples);
  }

  /**
   * The same with the least time that waits have lasted: those that an earlier snapshot saw too and
   * whose task has slept in between without waking once, so that it is the same wait and not the
   * next.
   */
  public LockSnapshot withAgesSince(LockSnapshot earlier) {
    Map<String, Long> readEndNs = new HashMap<>();
    Set<Seen> seen = new HashSet<>();
    for (FileSystemLocks fileSystem : earlier.fileSystems) {
      readEndNs.put(fileSystem.table(), fileSystem.readEndNs());
      for (Glock glock : fileSystem.glocks()) {
        for (Request request : glock.requests()) {
          if (request.isWaiting()) {
            seen.add(new Seen(glock.name(), request));
          }
        }
      }
    }
    Map<String, Long> elapsedNs = new HashMap<>();
    for (FileSystemLocks fileSystem : fileSystems) {
      Long end = readEndNs.get(fileSystem.table());
      if (end != null) {
        elapsedNs.put(fileSystem.table(), fileSystem.readStartNs() - end);
      }
    }
    return withAges(
        (lock, request) -> {
          TaskState now = tasks.get(request.tid());
          TaskState then = earlier.tasks.get(request.tid());
          boolean isSame =
              seen.contains(new Seen(lock, request))
                  && now != null
                  && then != null
                  && now.hasSleptSince(then);
          return isSame ? Age.atLeast(elapsedNs.get(lock.table())) : Age.UNKNOWN;
        });
  }

  private record Seen(LockName lock, long tid, Mode mode, String caller) {
    Seen(LockName lock, Request request) {
      this(lock, request.tid(), request.mode(), request.caller());
    }
  }
}
