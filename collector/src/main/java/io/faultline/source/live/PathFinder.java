package io.faultline.source.live;

import io.faultline.event.Attempt;
import io.faultline.event.Event;
import io.faultline.event.EventHandler;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds the path of each file that events name by device and inode, through the descriptors of the
 * process, while it has the file open.
 *
 * <p>Device numbers are those of the superblock, as the events have them and /proc/self/mountinfo
 * shows them; stat(2) gives another one on btrfs. So the way leads through fdinfo (inode, mount id)
 * and mountinfo (device of the mount).
 */
final class PathFinder implements EventHandler {
  /** Files looked for; more are left without a path. */
  private static final int FILES_MAX = 65_536;

  /** Descriptors looked at for one file. */
  private static final int DESCRIPTORS_MAX = 4096;

  /** The last files seen, by hash: the common case costs two comparisons. */
  private static final int RECENT = 1024;

  private static final int LM_TYPE_INODE = 2;

  private record FileKey(int dev, long ino) {}

  private final Set<FileKey> tried = new HashSet<>();
  private final long[] recentInos = new long[RECENT];
  private final int[] recentDevs = new int[RECENT];
  private Map<String, Integer> devByMountId = new HashMap<>();
  private StreamConsumer consumer;

  /** Where paths go. */
  void use(StreamConsumer newConsumer) {
    consumer = newConsumer;
  }

  private void see(Event event, int dev, long ino) {
    int slot = (int) (ino ^ (ino >>> 10) ^ dev) & (RECENT - 1);
    if (recentInos[slot] == ino && recentDevs[slot] == dev) {
      return;
    }
    recentInos[slot] = ino;
    recentDevs[slot] = dev;
    if (tried.size() < FILES_MAX && tried.add(new FileKey(dev, ino))) {
      String path = find(event.tgid(), dev, ino);
      if (path != null) {
        consumer.onPath(dev, ino, path);
      }
    }
  }

  private String find(int tgid, int dev, long ino) {
    int seen = 0;
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(Path.of("/proc/" + tgid + "/fd"))) {
      for (Path descriptor : descriptors) {
        if (++seen > DESCRIPTORS_MAX) {
          return null;
        }
        if (isFile(tgid, String.valueOf(descriptor.getFileName()), dev, ino)) {
          return Files.readSymbolicLink(descriptor).toString();
        }
      }
    } catch (IOException e) {
      // The process is gone, or closed the file.
    }
    return null;
  }

  private boolean isFile(int tgid, String descriptor, int dev, long ino) {
    try {
      String mountId = "";
      boolean isInode = false;
      for (String line : Files.readAllLines(Path.of("/proc/" + tgid + "/fdinfo/" + descriptor))) {
        if (line.startsWith("mnt_id:")) {
          mountId = line.substring(7).trim();
        } else if (line.startsWith("ino:")) {
          isInode = Long.parseUnsignedLong(line.substring(4).trim()) == ino;
        }
      }
      return isInode && devOf(tgid, mountId) == dev;
    } catch (IOException | NumberFormatException e) {
      return false;
    }
  }

  private int devOf(int tgid, String mountId) throws IOException {
    if (!devByMountId.containsKey(mountId)) {
      Map<String, Integer> mounts = new HashMap<>();
      for (String line : Files.readAllLines(Path.of("/proc/" + tgid + "/mountinfo"))) {
        String[] fields = line.split(" ", 4);
        String[] dev = fields[2].split(":");
        mounts.put(fields[0], Integer.parseInt(dev[0]) << 20 | Integer.parseInt(dev[1]));
      }
      devByMountId = mounts;
    }
    return devByMountId.getOrDefault(mountId, 0);
  }

  @Override
  public void onAttempt(Attempt attempt) {
    see(attempt, attempt.dev(), attempt.ino());
  }

  @Override
  public void onInFlight(Attempt attempt) {
    see(attempt, attempt.dev(), attempt.ino());
  }

  @Override
  public void onInvalidateFail(InvalidateFail invalidateFail) {
    see(invalidateFail, invalidateFail.dev(), invalidateFail.ino());
  }

  @Override
  public void onLockStep(LockStep step) {
    boolean isInode =
        step.lockClass() == LockClass.GLOCK
            ? step.type() == LM_TYPE_INODE
            : step.dev() != 0 && step.number() != 0 && step.lockClass() != LockClass.DLM;
    if (isInode && !step.is(LockStep.REMOTE)) {
      see(step, step.dev(), step.number());
    }
  }
}
