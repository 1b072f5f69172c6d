package io.faultline.source.live;

import io.faultline.event.EventHandler;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.probe.ProbeSet;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.BufferedReader;
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
 * <p>Stacks are looked up in /proc/kallsyms, all new ones in one pass: the table is never kept.
 */
final class NameFinder implements EventHandler {
  private static final Path GFS2 = Path.of("/sys/fs/gfs2");
  private static final Path DLM = Path.of("/sys/kernel/dlm");
  private static final Path KALLSYMS = Path.of("/proc/kallsyms");

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

  /**
   * The function that each address is in, with the distance from its begin. The table has hundreds
   * of thousands of lines, and the sweep waits meanwhile: a line that is no better costs no object
   * but itself.
   */
  private static Map<Long, String> symbolsOf(Map<Integer, long[]> stacks) {
    // Kernel addresses are negative, and all of one sign: signed order is their order.
    long[] frames =
        stacks.values().stream().flatMapToLong(Arrays::stream).sorted().distinct().toArray();
    long[] begins = new long[frames.length];
    Arrays.fill(begins, Long.MIN_VALUE);
    String[] names = new String[frames.length];
    try (BufferedReader lines = Files.newBufferedReader(KALLSYMS)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        long begin = Long.parseUnsignedLong(line, 0, space, 16);
        int first = Arrays.binarySearch(frames, begin);
        first = first < 0 ? -first - 1 : first;
        if (first == frames.length || begins[first] >= begin) {
          continue; // frames that are higher have a begin that is no lower
        }
        if ("tTwW".indexOf(line.charAt(space + 1)) < 0) {
          continue;
        }
        int module = line.indexOf('\t');
        String function = line.substring(space + 3, module < 0 ? line.length() : module);
        for (int i = first; i < frames.length && begins[i] < begin; i++) {
          begins[i] = begin;
          names[i] = function;
        }
      }
    } catch (IOException e) {
      // Addresses stay addresses.
    }
    Map<Long, String> symbols = new HashMap<>();
    for (int i = 0; i < frames.length; i++) {
      String address = "0x" + Long.toHexString(frames[i]);
      symbols.put(
          frames[i],
          names[i] == null ? address : names[i] + "+0x" + Long.toHexString(frames[i] - begins[i]));
    }
    return symbols;
  }
}
