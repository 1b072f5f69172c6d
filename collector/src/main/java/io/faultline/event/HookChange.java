package io.faultline.event;

/** A hook was attached or detached while the stream went on: a module came, or was let go. */
public final class HookChange extends Event {
  static final int VIA_BYTES = 96;
  static final int IS_ATTACHED = 24;
  static final int RESERVED = 28;
  static final int VIA = 32;

  HookChange() {}

  /** Whether it is attached from now on. */
  public boolean isAttached() {
    return s32(IS_ATTACHED) != 0;
  }

  /** How, such as {@code tp_btf/gfs2_promote}. */
  public String via() {
    return text(VIA, VIA_BYTES);
  }
}
