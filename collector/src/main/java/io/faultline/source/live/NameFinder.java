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

  /** The function that each address is in, with the distance from its begin. */
  private static Map<Long, String> symbolsOf(Map<Integer, long[]> stacks) {
    Map<Long, String> symbols = new LinkedHashMap<>();
    Map<Long, Long> begins = new LinkedHashMap<>();
    for (long[] frames : stacks.values()) {
      for (long frame : frames) {
        symbols.put(frame, "0x" + Long.toHexString(frame));
        begins.put(frame, 0L);
      }
    }
    try (BufferedReader lines = Files.newBufferedReader(KALLSYMS)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        char type = line.charAt(space + 1);
        if (type != 't' && type != 'T' && type != 'w' && type != 'W') {
          continue;
        }
        long begin = Long.parseUnsignedLong(line, 0, space, 16);
        for (Map.Entry<Long, Long> entry : begins.entrySet()) {
          long frame = entry.getKey();
          if (Long.compareUnsigned(begin, frame) <= 0
              && Long.compareUnsigned(begin, entry.getValue()) > 0) {
            entry.setValue(begin);
            String name = line.substring(space + 3);
            int module = name.indexOf('\t');
            String function = module < 0 ? name : name.substring(0, module);
            symbols.put(frame, function + "+0x" + Long.toHexString(frame - begin));
          }
        }
      }
    } catch (IOException e) {
      // Addresses stay addresses.
    }
    return symbols;
  }
}
