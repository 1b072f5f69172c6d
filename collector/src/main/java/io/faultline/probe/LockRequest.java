package io.faultline.probe;

import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A copy of one place of the table of lock requests: a request that is not granted, or not
 * released.
 *
 * @param place where it stands in the table
 * @param key names the request together with {@code requestNs}
 * @param lock kernel address of the lock; 0 for DLM
 * @param number number of the glock, or inode number
 * @param requestNs when it was made, CLOCK_MONOTONIC
 * @param grantNs when it was granted; 0 while it waits
 * @param call low bits of the number of the task's system call
 * @param dev device, or lockspace
 * @param type of the glock
 * @param tgid process
 * @param tid task
 * @param flags flags of {@link io.faultline.event.LockStep}
 * @param holderTid who was in the way when it was made, or 0
 * @param holderComm its name, 16 bytes; part of the resource's name for DLM
 * @param comm name of the task that made it, for DLM
 * @param stack 1 + number of the stack, or 0
 */
@SuppressWarnings("ArrayRecordComponent") // 16 bytes of the kernel's, read once
public record LockRequest(
    int place,
    long key,
    long lock,
    long number,
    long requestNs,
    long grantNs,
    int call,
    int dev,
    int type,
    int tgid,
    int tid,
    LockClass lockClass,
    LockMode mode,
    int flags,
    int holderTid,
    LockMode holderMode,
    byte[] holderComm,
    String comm,
    int stack) {

  /** Reads the place; {@code null} when it is free or changed while it was read. */
  static LockRequest of(ByteBuffer slots, int at) {
    long key = slots.getLong(at + StateLayout.LOCK_SLOT_KEY);
    long requestNs = slots.getLong(at + StateLayout.LOCK_SLOT_REQUEST_NS);
    if (key == 0 || requestNs == 0) {
      return null;
    }
    long syscalls = slots.getLong(at + StateLayout.LOCK_SLOT_SYSCALLS);
    LockRequest request =
        new LockRequest(
            at / StateLayout.LOCK_SLOT_BYTES,
            key,
            slots.getLong(at + StateLayout.LOCK_SLOT_LOCK),
            slots.getLong(at + StateLayout.LOCK_SLOT_NUMBER),
            requestNs,
            slots.getLong(at + StateLayout.LOCK_SLOT_GRANT_NS),
            syscalls == 0 ? 0 : 0x80 | (int) (syscalls & 0xff),
            slots.getInt(at + StateLayout.LOCK_SLOT_DEV),
            slots.getInt(at + StateLayout.LOCK_SLOT_TYPE),
            slots.getInt(at + StateLayout.LOCK_SLOT_TGID),
            slots.getInt(at + StateLayout.LOCK_SLOT_TID),
            LockClass.of(slots.get(at + StateLayout.LOCK_SLOT_LOCK_CLASS)),
            LockMode.of(slots.get(at + StateLayout.LOCK_SLOT_MODE)),
            slots.getInt(at + StateLayout.LOCK_SLOT_FLAGS),
            slots.getInt(at + StateLayout.LOCK_SLOT_HOLDER_TID),
            LockMode.of(slots.get(at + StateLayout.LOCK_SLOT_HOLDER_MODE)),
            bytesAt(slots, at + StateLayout.LOCK_SLOT_HOLDER_COMM),
            text(bytesAt(slots, at + StateLayout.LOCK_SLOT_COMM)),
            slots.getInt(at + StateLayout.LOCK_SLOT_STACK));
    boolean isSame =
        slots.getLong(at + StateLayout.LOCK_SLOT_KEY) == key
            && slots.getLong(at + StateLayout.LOCK_SLOT_REQUEST_NS) == requestNs;
    return isSame ? request : null;
  }

  private static byte[] bytesAt(ByteBuffer slots, int at) {
    byte[] bytes = new byte[16];
    slots.get(at, bytes);
    return bytes;
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** Name of the holder. */
  public String holderName() {
    return text(holderComm);
  }

  /** Whether it waits. */
  public boolean isWaiting() {
    return grantNs == 0;
  }
}
