package io.faultline.source.live;

import io.faultline.event.EventHandler;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.probe.task.TaskFacts;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * Finds the names of lock tables, lockspaces and stacks that events give a number of: they exist on
 * the running host only, and a recording is read elsewhere.
 *
 * <p>Stacks are looked up all new ones at once: it takes a pass through the kernel's symbols, which
 * may last while events go on.
 */
final class NameFinder implements EventHandler {
  private static final Path GFS2 = Path.of("/sys/fs/gfs2");
  private static final Path DLM = Path.of("/sys/kernel/dlm");

  /** Numbers of one kind that are looked for; more stay without a name. */
  private static final int NAMES_MAX = 4096;

  /** How long the end waits for the last names. */
  private static final long LAST_NS = 5_000_000_000L;

  private static final long AGAIN_NS = 10_000_000L;

  private final TaskFacts facts;
  private final IntFunction<long[]> stackOf;
  private final Set<Integer> devs = new HashSet<>();
  private final Set<Integer> lockspaces = new HashSet<>();
  private final Set<Integer> stacks = new HashSet<>();
  private final Map<Integer, long[]> newStacks = new LinkedHashMap<>();
  private final Map<Integer, long[]> lookedUp = new LinkedHashMap<>();
  private final Map<Long, String> symbols = new HashMap<>(); // of those that are looked up
  private StreamConsumer consumer;

  /**
   * @param stackOf the addresses of a stack, from the innermost function outwards, by its number
   */
  NameFinder(TaskFacts facts, IntFunction<long[]> stackOf) {
    this.facts = facts;
    this.stackOf = stackOf;
  }

  /** Where names go. */
  void use(StreamConsumer newConsumer) {
    consumer = newConsumer;
  }

  @Override
  public void onLockStep(LockStep step) {
    if (step.lockClass() == LockClass.GLOCK && isNew(devs, step.dev())) {
      String id = (step.dev() >>> 20) + ":" + (step.dev() & 0xfffff);
      say(NameKind.LOCK_TABLE, step.dev(), folderWithId(GFS2, id));
    } else if (step.lockClass() == LockClass.DLM && isNew(lockspaces, step.dev())) {
      String id = Integer.toUnsignedString(step.dev());
      say(NameKind.LOCKSPACE, Integer.toUnsignedLong(step.dev()), folderWithId(DLM, id));
    }
    if (step.stack() != 0 && isNew(stacks, step.stack())) {
      newStacks.put(step.stack(), stackOf.apply(step.stack() - 1));
    }
  }

  private static boolean isNew(Set<Integer> seen, int number) {
    return seen.size() < NAMES_MAX && seen.add(number);
  }

  private void say(NameKind kind, long id, String name) {
    if (name != null) {
      consumer.onName(kind, id, name);
    }
  }

  /** The folder whose file {@code id} holds that text. */
  private static String folderWithId(Path parent, String id) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent)) {
      for (Path folder : folders) {
        Path file = folder.resolve("id");
        if (Files.isRegularFile(file) && Files.readString(file).strip().equals(id)) {
          return String.valueOf(folder.getFileName());
        }
      }
    } catch (IOException e) {
      // Unmounted meanwhile.
    }
    return null;
  }

  /** Names the stacks that are new, once their symbols are known; a later call goes on. */
  void nameStacks() {
    if (lookedUp.isEmpty()) {
      lookedUp.putAll(newStacks);
      newStacks.clear();
    }
    if (findSymbols()) {
      sayStacks();
    }
  }

  /** The same at the end: waits, for some seconds, until all have a name. */
  void nameLastStacks() {
    long untilNs = System.nanoTime() + LAST_NS;
    nameStacks();
    while (!(lookedUp.isEmpty() && newStacks.isEmpty()) && System.nanoTime() < untilNs) {
      LockSupport.parkNanos(AGAIN_NS);
      nameStacks();
    }
    lookedUp.putAll(newStacks);
    newStacks.clear();
    sayStacks();
  }

  private void sayStacks() {
    lookedUp.forEach(
        (number, frames) -> {
          StringJoiner text = new StringJoiner(";");
          for (long frame : frames) {
            String symbol = symbols.get(frame);
            text.add(symbol != null ? symbol : "0x" + Long.toHexString(frame));
          }
          if (frames.length > 0) {
            consumer.onName(NameKind.STACK, number, text.toString());
          }
        });
    lookedUp.clear();
    symbols.clear();
  }

  /**
   * Looks for the function that each address is in, with the distance from its begin.
   *
   * @return whether that is over, with or without success
   */
  private boolean findSymbols() {
    long[] addresses =
        lookedUp.values().stream().flatMapToLong(Arrays::stream).distinct().toArray();
    for (int from = 0; from < addresses.length; from += TaskFacts.SYMBOLS_MAX) {
      int to = Math.min(from + TaskFacts.SYMBOLS_MAX, addresses.length);
      if (symbols.containsKey(addresses[from])) {
        continue;
      }
      String[] names = facts.symbols(Arrays.copyOfRange(addresses, from, to));
      if (names == null) {
        return false;
      }
      for (int i = from; i < to; i++) {
        symbols.put(addresses[i], names[i - from]);
      }
    }
    return true;
  }
}
