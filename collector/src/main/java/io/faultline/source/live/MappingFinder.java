package io.faultline.source.live;

import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Finds out which file the page belongs to that an attempt missed, from /proc/PID/maps: a lock of
 * that file was needed while the lock of the operation's file was held. The process must still be
 * there; what it maps is believed for a second.
 */
final class MappingFinder implements EventHandler {
  /** Takes what was found. */
  interface Output {
    /** The page at the fault's address is one of that file; inode 0 when it is one of none. */
    void onMapping(Fault fault, int dev, long ino, String comm);
  }

  /** Processes read between two calls of {@link #refill}; more misses stay without an answer. */
  private static final int READINGS_MAX = 8;

  private static final int READING_MS_MAX = 20;
  private static final int AREAS_MAX = 1024;
  private static final long BELIEVED_NS = 1_000_000_000L;

  /** A page of a process; an area is known by the pages that were asked for. */
  private record Page(int tgid, long number) {}

  private record Area(int dev, long ino, String comm, long readNs) {}

  private final Output output;
  private final Map<Page, Area> areas = new LinkedHashMap<>();
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "faultline-mappings");
            thread.setDaemon(true);
            return thread;
          });
  private Future<Area> reading; // the last one, or null
  private Page late; // what it reads, when it did not end in time
  private int readings;

  MappingFinder(Output output) {
    this.output = output;
  }

  /** A new interval, in which processes may be read again. */
  void refill() {
    readings = READINGS_MAX;
  }

  @Override
  public void onFault(Fault fault) {
    if (fault.kind() != Fault.Kind.MISSING) {
      return;
    }
    keepLate();
    Page page = new Page(fault.tgid(), fault.address() >>> 12);
    Area area = areas.get(page);
    long nowNs = System.nanoTime();
    if (area == null || nowNs - area.readNs() > BELIEVED_NS) {
      if (readings == 0) {
        return;
      }
      readings--;
      area = readInTime(page, fault);
      if (area == null) {
        return;
      }
      keep(page, area);
    }
    output.onMapping(fault, area.dev(), area.ino(), area.comm());
  }

  private void keep(Page page, Area area) {
    areas.remove(page);
    if (areas.size() == AREAS_MAX) {
      Iterator<Page> oldest = areas.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    areas.put(page, area);
  }

  /**
   * As {@link #read}, but for a moment only: the kernel takes mmap_lock to list the mappings, and a
   * process that is stuck may hold it. Until such a reading has ended nothing more is read.
   */
  private Area readInTime(Page page, Fault fault) {
    if (reading != null && !reading.isDone()) {
      return null;
    }
    int tid = fault.tid();
    long address = fault.address();
    reading = reader.submit(() -> read(page.tgid(), tid, address));
    try {
      return reading.get(READING_MS_MAX, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      return null;
    } catch (TimeoutException e) {
      late = page;
      return null;
    }
  }

  /** On a host that is busy an answer comes late: then it serves the next miss of that page. */
  private void keepLate() {
    if (late == null || !reading.isDone()) {
      return;
    }
    try {
      Area area = reading.get();
      if (area != null) {
        keep(late, area);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      // As if the process were gone.
    }
    late = null;
  }

  /** The area around the address; {@code null} when the process is gone, or nothing is there. */
  private static Area read(int tgid, int tid, long address) {
    Path process = Path.of("/proc/" + tgid);
    try (BufferedReader lines = Files.newBufferedReader(process.resolve("maps"))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        // 7f0c2e000000-7f0c2e021000 rw-p 00000000 fe:01 805f  /path
        int dash = line.indexOf('-');
        int space = line.indexOf(' ', dash);
        long begin = Long.parseUnsignedLong(line, 0, dash, 16);
        long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
        if (Long.compareUnsigned(begin, address) <= 0 && Long.compareUnsigned(address, end) < 0) {
          String[] fields = line.split(" +", 6);
          int colon = fields[3].indexOf(':');
          int dev =
              Integer.parseInt(fields[3], 0, colon, 16) << 20
                  | Integer.parseInt(fields[3], colon + 1, fields[3].length(), 16);
          String comm = Files.readString(process.resolve("task/" + tid + "/comm")).strip();
          return new Area(dev, Long.parseLong(fields[4]), comm, System.nanoTime());
        }
      }
    } catch (IOException e) {
      // The process is gone.
    }
    return null;
  }
}
