package io.faultline.event;

/** Which kind of lock; the ordinal is {@code enum lock_class} of {@code bpf/event.h}. */
public enum LockClass {
  /** A read-write semaphore that is none of the following. */
  RWSEM("rwsem"),
  /** gfs2's lock of an inode, resource group or other object; cluster-wide, above DLM. */
  GLOCK("glock"),
  /** A lock of the distributed lock manager. */
  DLM("dlm"),
  /** {@code inode.i_rwsem}. */
  I_RWSEM("i_rwsem"),
  /** {@code mm_struct.mmap_lock}. */
  MMAP("mmap_lock"),
  /** {@code address_space.invalidate_lock}. */
  INVALIDATE("invalidate_lock"),
  /** {@code super_block.s_writers}: a file system that is frozen, or being frozen. */
  FREEZE("freeze"),
  /** A range of a btrfs file. */
  EXTENT("extent");

  private static final LockClass[] BY_NUMBER = values();

  /** The word in reports and series. */
  public final String label;

  LockClass(String label) {
    this.label = label;
  }

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }

  /** The class of that number; {@link #RWSEM} for one that this version does not know. */
  public static LockClass of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : RWSEM;
  }
}
