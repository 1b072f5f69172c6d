package io.faultline.source.live;

import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import io.faultline.probe.task.TaskFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Finds out which file the page belongs to that an attempt missed, from its mappings: a lock of
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

  private static final int AREAS_MAX = 1024;
  private static final long BELIEVED_NS = 1_000_000_000L;

  /** A page of a process; an area is known by the pages that were asked for. */
  private record Page(int tgid, long number) {}

  private record Area(int dev, long ino, String comm, long readNs) {}

  private final TaskFacts facts;
  private final Output output;
  private final Map<Page, Area> areas = new LinkedHashMap<>();
  private int readings;

  MappingFinder(TaskFacts facts, Output output) {
    this.facts = facts;
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
    Page page = new Page(fault.tgid(), fault.address() >>> 12);
    Area area = areas.get(page);
    long nowNs = System.nanoTime();
    if (area == null || nowNs - area.readNs() > BELIEVED_NS) {
      if (readings == 0) {
        return;
      }
      readings--;
      area = read(fault.tgid(), fault.tid(), fault.address(), nowNs);
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

  private Area read(int tgid, int tid, long address, long nowNs) {
    TaskFacts.FileArea area = facts.area(tgid, address);
    if (area == null) {
      return null;
    }
    return new Area(area.dev(), area.ino(), commOf(tgid, tid), nowNs);
  }

  private static String commOf(int tgid, int tid) {
    try {
      return Files.readString(Path.of("/proc/" + tgid + "/task/" + tid + "/comm")).strip();
    } catch (IOException e) {
      return ""; // it has ended since
    }
  }
}
