package io.faultline.probe.task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads files of tasks that may keep their reader waiting, and does not wait for long.
 *
 * <p>For {@code stat}, {@code stack} and {@code io} the kernel takes exec_update_lock (fs/proc;
 * seen of 6.12.117 and 6.18). Who replaces itself with another program has it while waiting for
 * mmap_lock of the memory that it leaves (exec_mmap() in fs/exec.c): between vfork and exec that is
 * the parent's, and a parent that is stuck with mmap_lock keeps everybody waiting who looks at its
 * child. Such a task is in uninterruptible sleep, which {@code status} says without a lock: only
 * tasks in that state are read on another thread. One thread may use this.
 */
public final class TaskFiles implements AutoCloseable {
  /** What the kernel calls the threads that read. */
  public static final String READER_COMM = "faultline-task";

  /** The unit of {@link #startNs}: USER_HZ is 100 on every supported architecture. */
  public static final long NS_PER_TICK = 10_000_000;

  private static final long PATIENCE_NS = 500_000_000L;

  /** What all readings that are in vain may take in {@link #INTERVAL_NS}. */
  private static final long IN_VAIN_NS_MAX = 1_000_000_000L;

  private static final long INTERVAL_NS = 5_000_000_000L;

  /**
   * Tasks that do not answer, each of which keeps a thread (of TasksMax in the units); more are not
   * asked.
   */
  private static final int SILENT_MAX = 16;

  private final Map<Integer, Future<String>> silent = new HashMap<>();
  private final ExecutorService readers = Executors.newCachedThreadPool(daemonsOf(READER_COMM));
  private long beganNs;
  private long inVainNs;

  /** Threads that keep no process, and that a reading which never ends may be left to. */
  static ThreadFactory daemonsOf(String name) {
    return reading -> {
      Thread thread = new Thread(reading, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Where the files of a task are. */
  public static Path of(int tgid, int tid) {
    return Path.of("/proc/" + tgid + "/task/" + tid);
  }

  /**
   * The letter of its state in {@code status}, such as {@code D}.
   *
   * @throws IOException when it is gone
   */
  public static char state(int tgid, int tid) throws IOException {
    String status = Files.readString(of(tgid, tid).resolve("status"));
    int at = status.indexOf("\nState:\t");
    if (at < 0) {
      throw new IOException("status: without a state");
    }
    return status.charAt(at + 8);
  }

  /**
   * The text of a file of the task; {@code null} when it does not answer.
   *
   * @throws IOException when the task is gone, or it is not permitted
   */
  public String read(int tgid, int tid, String name) throws IOException {
    Path file = of(tgid, tid).resolve(name);
    if (state(tgid, tid) != 'D') {
      return Files.readString(file);
    }
    silent.values().removeIf(Future::isDone);
    if (silent.containsKey(tid) || silent.size() >= SILENT_MAX) {
      return null;
    }
    long nowNs = System.nanoTime();
    if (nowNs - beganNs >= INTERVAL_NS) {
      beganNs = nowNs;
      inVainNs = 0;
    }
    Future<String> reading = readers.submit(() -> Files.readString(file));
    try {
      long patienceNs = Math.min(PATIENCE_NS, Math.max(0, IN_VAIN_NS_MAX - inVainNs));
      return reading.get(patienceNs, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      silent.put(tid, reading);
      inVainNs += System.nanoTime() - nowNs;
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      throw new IOException(file + ": cannot be read", e.getCause());
    }
  }

  /**
   * The boot time at which the task started, in ns; 0 when it does not answer.
   *
   * @throws IOException when the task is gone
   */
  public long startNs(int tgid, int tid) throws IOException {
    String stat = read(tgid, tid, "stat");
    if (stat == null) {
      return 0;
    }
    // Field 2 is the name in brackets and may hold anything; starttime is the 20th after it.
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]) * NS_PER_TICK;
  }

  @Override
  public void close() {
    readers.shutdownNow();
  }
}
