package io.faultline.event;

/** One step of a request for a lock, or of the lock itself. The header has the requesting task. */
public final class LockStep extends Event {
  /** Flag: not granted at once, in the requester's own context. */
  public static final int WAITED = 1;

  /** Flag: the task is between two attempts of an operation. */
  public static final int IN_GAP = 1 << 1;

  /** Flag: asked for by another node. */
  public static final int REMOTE = 1 << 2;

  /** Flag: a try, which does not wait. */
  public static final int TRY = 1 << 3;

  /** Flag: the requester waits elsewhere, with a timeout. */
  public static final int ASYNC = 1 << 4;

  /** Flag: who is named as holder is a waiter in front. */
  public static final int HOLDER_WAITS = 1 << 5;

  /** Flag: the grant is an event. */
  public static final int EMITTED = 1 << 6;

  static final int REQUEST = 24;
  static final int LOCK = 32;
  static final int NUMBER = 40;
  static final int REQUEST_NS = 48;
  static final int GRANT_NS = 56;
  static final int DEV = 64;
  static final int TYPE = 68;
  static final int LOCK_CLASS = 72;
  static final int MODE = 73;
  static final int STEP = 74;
  static final int CALL = 75;
  static final int FLAGS = 76;
  static final int HOLDER_TID = 80;
  static final int HOLDER_MODE = 84;
  static final int RESERVED = 85;
  static final int STATUS = 88;
  static final int STACK = 92;
  static final int COMM = 96;
  static final int HOLDER_COMM = 112;

  private static final int RESOURCE_TYPE_CHARS = 8;
  private static final int RESOURCE_NUMBER_CHARS = 16;

  /** What happened; the number is {@code enum lock_step}. */
  public enum Kind {
    /** Not a kind that this version knows. */
    UNKNOWN("unknown"),
    /** The lock was asked for. */
    REQUEST("request"),
    /** It was granted. */
    GRANT("grant"),
    /** It was given back. */
    RELEASE("release"),
    /** The request ended without a grant. */
    ABANDON("abandon"),
    /** A glock's state changed from {@link #holderMode()} to {@link #mode()}. */
    STATE_CHANGE("state_change"),
    /** A glock that is in {@link #holderMode()} is asked to become {@link #mode()}. */
    DEMOTE("demote"),
    /** A reply of the DLM, from {@link #requestNs()} to {@link #grantNs()}. */
    TIME("time"),
    /** {@code dlm_lock()} has returned {@link #status()}. */
    SUBMITTED("submitted"),
    /** Another node wants the DLM lock. */
    BLOCKING("blocking"),
    /** The sweep saw a request that is not granted. */
    WAITING("waiting"),
    /** The sweep saw who holds a lock that others wait for. */
    HOLDING("holding");

    private static final Kind[] BY_NUMBER = values();

    /** The word in reports. */
    public final String label;

    Kind(String label) {
      this.label = label;
    }

    static Kind of(int number) {
      return number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }
  }

  LockStep() {}

  /** With {@link #requestNs()} the name of the request. */
  public long request() {
    return u64(REQUEST);
  }

  /** Kernel address of the lock; 0 for DLM. */
  public long lock() {
    return u64(LOCK);
  }

  /**
   * Number of the glock, or inode number; for a DLM lock of gfs2 that of the glock above it, for
   * one of somebody else the first bytes of its name.
   */
  public long number() {
    if (lockClass() != LockClass.DLM) {
      return u64(NUMBER);
    }
    return isOfGlock() ? hex(HOLDER_COMM, RESOURCE_NUMBER_CHARS) : u64(NUMBER);
  }

  /** Whether it is a DLM lock that gfs2 named: {@code "%8x%16llx"} of type and number. */
  private boolean isOfGlock() {
    return hex(NUMBER, RESOURCE_TYPE_CHARS) >= 0 && isHex(HOLDER_COMM, RESOURCE_NUMBER_CHARS);
  }

  /** The name of a DLM lock's resource, without the blanks around it. */
  public String resource() {
    return text(NUMBER, RESOURCE_TYPE_CHARS)
        .concat(text(HOLDER_COMM, RESOURCE_NUMBER_CHARS))
        .trim();
  }

  private boolean isHex(int at, int length) {
    boolean hasDigit = false;
    for (int i = 0; i < length; i++) {
      int c = u8(at + i);
      if (Character.digit(c, 16) >= 0) {
        hasDigit = true;
      } else if (c != ' ' || hasDigit) {
        return false;
      }
    }
    return hasDigit;
  }

  private long hex(int at, int length) {
    if (!isHex(at, length)) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      int c = u8(at + i);
      value = value << 4 | (c == ' ' ? 0 : Character.digit(c, 16));
    }
    return value;
  }

  /** When it was asked for; 0 when nobody saw that. */
  public long requestNs() {
    return u64(REQUEST_NS);
  }

  /** When it was granted; 0 while it is not. */
  public long grantNs() {
    return u64(GRANT_NS);
  }

  /** Device; the lockspace's number for DLM; 0 when the lock belongs to no device. */
  public int dev() {
    return s32(DEV);
  }

  /** Type of the glock (LM_TYPE_*), also for its DLM lock; or level of freezing. */
  public int type() {
    if (lockClass() != LockClass.DLM) {
      return s32(TYPE);
    }
    return isOfGlock() ? (int) hex(NUMBER, RESOURCE_TYPE_CHARS) : 0;
  }

  /** Which kind of lock. */
  public LockClass lockClass() {
    return LockClass.of(u8(LOCK_CLASS));
  }

  /** How it is wanted or held. */
  public LockMode mode() {
    return LockMode.of(u8(MODE));
  }

  /** What happened. */
  public Kind kind() {
    return Kind.of(u8(STEP));
  }

  /** As {@link Attempt#call()}. */
  public int call() {
    return u8(CALL);
  }

  /** The flags of this class, or-ed. */
  public int flags() {
    return s32(FLAGS);
  }

  /** Whether all bits of {@code flag} are set. */
  public boolean is(int flag) {
    return (flags() & flag) == flag;
  }

  /** Who held it when it was asked for, or stood first in line; 0 when nobody is known. */
  public int holderTid() {
    return s32(HOLDER_TID);
  }

  /** How the holder held it. */
  public LockMode holderMode() {
    return LockMode.of(u8(HOLDER_MODE));
  }

  /** Status of a DLM reply. */
  public int status() {
    return s32(STATUS);
  }

  /** 1 + number of the stack, or 0. */
  public int stack() {
    return s32(STACK);
  }

  /** Name of the task. */
  public String comm() {
    return comm(COMM);
  }

  /** Name of the holder. */
  public String holderComm() {
    return lockClass() == LockClass.DLM ? "" : comm(HOLDER_COMM);
  }
}
