package io.faultline.probe;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Predicate;

/**
 * Page faults in user mode, from what the kernel counts anyway: a program at each of them would
 * cost a storm of faults some 3 %, even an empty one.
 *
 * <p>The kernel counts every fault that it handles, whatever mode it was taken in. Faults in kernel
 * mode are those of {@link Hook#PAGE_FAULT_KERNEL}, less the rejected ones, which are not handled.
 * What is left are the faults in user mode, and pages that the kernel faults in for a task without
 * an exception (get_user_pages). One thread.
 */
public final class UserFaults {
  /** How they are counted, where a hook has how it is attached. */
  public static final String VIA = "/proc/vmstat";

  private static final String FIELD = "\npgfault ";

  private final Path vmstat;
  private long base;
  private long hits;
  private long skipped;
  private boolean isSkipping;

  /**
   * Counts from here on.
   *
   * @throws IOException when there is no such count; says why
   */
  UserFaults(Path vmstat) throws IOException {
    this.vmstat = vmstat;
    base = handled();
  }

  /**
   * Whether the kernel's count does instead of a program: it knows no tasks and no addresses, and
   * without the hook in kernel mode nobody would know user mode's part of it.
   */
  static boolean suffice(Predicate<Hook> isPlanned, ProbeOptions options) {
    return isPlanned.test(Hook.PAGE_FAULT_USER)
        && isPlanned.test(Hook.PAGE_FAULT_KERNEL)
        && !options.isFull()
        && !options.filter().isOfTasks();
  }

  /** Why the kernel's count cannot be had here; {@code null} when it can. */
  public static String obstacle() {
    try {
      new UserFaults(Path.of(VIA));
      return null;
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** The ways to count them that the plan has in detail normal and full, in words. */
  public static String describe(HookPlan plan) {
    String via = plan.viaOf(Hook.PAGE_FAULT_USER);
    boolean isBoth =
        plan.wayOf(Hook.PAGE_FAULT_USER) != null
            && plan.wayOf(Hook.PAGE_FAULT_KERNEL) != null
            && obstacle() == null;
    return isBoth ? VIA + " or " + via : via;
  }

  private long handled() throws IOException {
    String text;
    try {
      text = "\n" + Files.readString(vmstat);
    } catch (NoSuchFileException e) {
      throw new IOException(vmstat + ": is not there", e);
    } catch (AccessDeniedException e) {
      throw new IOException(vmstat + ": may not be read", e);
    }
    int at = text.indexOf(FIELD);
    int end = text.indexOf('\n', at + 1);
    if (at < 0 || end < 0) {
      throw new IOException(vmstat + ": has no count of page faults (expected: pgfault)");
    }
    try {
      return Long.parseLong(text.substring(at + FIELD.length(), end));
    } catch (NumberFormatException e) {
      throw new IOException(vmstat + ": pgfault is no number", e);
    }
  }

  /**
   * Goes on from here: what came since the last {@link #look} is not counted.
   *
   * @param kernelFaults those handled that the hook in kernel mode has counted
   */
  void resume(long kernelFaults) {
    try {
      base = handled() - kernelFaults - hits;
    } catch (IOException e) {
      // It was there before: what came meanwhile is counted with the rest.
    }
  }

  /**
   * Counts what came since.
   *
   * @param kernelFaults as of {@link #resume}, read just before
   */
  void look(long kernelFaults) {
    long now;
    try {
      now = handled() - kernelFaults - base;
    } catch (IOException e) {
      return; // it was there before: the next look has all
    }
    // The two counts are not of the same moment, so they may seem to go back.
    if (now > hits) {
      skipped += isSkipping ? now - hits : 0;
      hits = now;
    }
  }

  /** Whether what comes from now on is left out, as a filter or to save. */
  void skip(boolean isNowSkipping) {
    isSkipping = isNowSkipping;
  }

  boolean isSkipping() {
    return isSkipping;
  }

  /** All that were counted; never less than before. */
  long hits() {
    return hits;
  }

  /** Those of them that were left out. */
  long skipped() {
    return skipped;
  }
}
