package io.faultline.source.live;

import io.faultline.event.EventHandler;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.probe.ProbeSet;
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

/**
 * Finds the names of lock tables, lockspaces and stacks that events give a number of: they exist on
 * the running host only, and a recording is read elsewhere.
 *
 * <p>Stacks are looked up all new ones at once: it takes a pass through the kernel's symbols.
 */
final class NameFinder implements EventHandler {
  private static final Path GFS2 = Path.of("/sys/fs/gfs2");
  private static final Path DLM = Path.of("/sys/kernel/dlm");

  /** Numbers of one kind that are looked for; more stay without a name. */
  private static final int NAMES_MAX = 4096;

  private final ProbeSet probes;
  private final Set<Integer> devs = new HashSet<>();
  private final Set<Integer> lockspaces = new HashSet<>();
  private final Set<Integer> stacks = new HashSet<>();
  private final Map<Integer, long[]> newStacks = new LinkedHashMap<>();
  private StreamConsumer consumer;

  NameFinder(ProbeSet probes) {
    this.probes = probes;
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
      newStacks.put(step.stack(), probes.stack(step.stack() - 1));
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

  /** Names the stacks that came since the last call. */
  void nameStacks() {
    if (newStacks.isEmpty()) {
      return;
    }
    Map<Long, String> symbols = symbolsOf(newStacks);
    newStacks.forEach(
        (number, frames) -> {
          StringJoiner text = new StringJoiner(";");
          for (long frame : frames) {
            text.add(symbols.get(frame));
          }
          if (frames.length > 0) {
            consumer.onName(NameKind.STACK, number, text.toString());
          }
        });
    newStacks.clear();
  }

  /** The function that each address is in, with the distance from its begin. */
  private Map<Long, String> symbolsOf(Map<Integer, long[]> stacks) {
    long[] addresses = stacks.values().stream().flatMapToLong(Arrays::stream).distinct().toArray();
    Map<Long, String> symbols = new HashMap<>();
    for (int from = 0; from < addresses.length; from += TaskFacts.SYMBOLS_MAX) {
      int to = Math.min(from + TaskFacts.SYMBOLS_MAX, addresses.length);
      String[] names = probes.facts().symbols(Arrays.copyOfRange(addresses, from, to));
      for (int i = from; i < to; i++) {
        String name = names[i - from];
        symbols.put(addresses[i], name != null ? name : "0x" + Long.toHexString(addresses[i]));
      }
    }
    return symbols;
  }
}
