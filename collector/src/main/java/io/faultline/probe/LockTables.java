package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The lock requests that other running Faultlines follow at the moment: their tables are maps in
 * the kernel, which any process with CAP_SYS_ADMIN may open.
 */
public final class LockTables {
  private static final int MAP_GET_NEXT_ID = 12;
  private static final int MAP_GET_FD_BY_ID = 14;
  private static final int OBJ_GET_INFO_BY_FD = 15;
  private static final int INFO_BYTES = 80;
  private static final int INFO_VALUE_SIZE = 12; // struct bpf_map_info
  private static final int INFO_MAX_ENTRIES = 16;
  private static final int INFO_NAME = 24;
  private static final String NAME = "lock_slots";

  private LockTables() {}

  /** What all of them hold; empty when none runs, or that is not permitted. */
  public static List<LockRequest> ofRunning() {
    List<LockRequest> requests = new ArrayList<>();
    try {
      for (int id = next(0); id != 0; id = next(id)) {
        int fd = open(id);
        if (fd >= 0) {
          if (isLockTable(fd)) {
            read(fd, requests);
          }
          Libc.close(fd);
        }
      }
    } catch (LastErrorException e) {
      // Not permitted: nobody's table can be read.
    }
    return requests;
  }

  /** The id of the map after that one, or 0. */
  private static int next(int id) {
    try (Memory attributes = new Memory(12)) {
      attributes.clear();
      attributes.setInt(0, id);
      Libc.bpf(MAP_GET_NEXT_ID, attributes);
      return attributes.getInt(4);
    } catch (LastErrorException e) {
      if (e.getErrorCode() == Libc.ENOENT) {
        return 0;
      }
      throw e;
    }
  }

  private static int open(int id) {
    try (Memory attributes = new Memory(12)) {
      attributes.clear();
      attributes.setInt(0, id);
      return Libc.bpf(MAP_GET_FD_BY_ID, attributes);
    } catch (LastErrorException e) {
      return -1; // gone in this moment
    }
  }

  private static boolean isLockTable(int fd) {
    try (Memory attributes = new Memory(16);
        Memory info = new Memory(INFO_BYTES)) {
      info.clear();
      attributes.setInt(0, fd);
      attributes.setInt(4, INFO_BYTES);
      attributes.setPointer(8, info);
      Libc.bpf(OBJ_GET_INFO_BY_FD, attributes);
      return info.getString(INFO_NAME).equals(NAME)
          && info.getInt(INFO_VALUE_SIZE) == StateLayout.LOCK_SLOT_BYTES
          && info.getInt(INFO_MAX_ENTRIES) == StateLayout.LOCK_SLOTS;
    }
  }

  private static void read(int fd, List<LockRequest> requests) {
    long bytes = (long) StateLayout.LOCK_SLOTS * StateLayout.LOCK_SLOT_BYTES;
    Pointer pages = Libc.mmap(bytes, Libc.PROT_READ, fd, 0);
    ByteBuffer slots = pages.getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < bytes; at += StateLayout.LOCK_SLOT_BYTES) {
      LockRequest request = LockRequest.of(slots, at);
      if (request != null) {
        requests.add(request);
      }
    }
    Libc.munmap(pages, bytes);
  }
}
