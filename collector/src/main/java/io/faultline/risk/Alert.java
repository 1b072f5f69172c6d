package io.faultline.risk;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * A rule's finding about one cause; immutable.
 *
 * @param id names the cause: the same cause has the same id in a live run and in its replay
 * @param rule what it is about
 * @param severity how bad it is
 * @param state where it is in its life
 * @param subject what it happened to
 * @param title one sentence
 * @param firstNs when the cause was first seen, since it was last over; CLOCK_MONOTONIC
 * @param lastNs when it was last seen, or was over
 * @param count how often
 * @param isComplete whether no event that the finding rests on can be missing
 * @param verdict how sure it is
 * @param why why it is not confirmed; empty when it is
 * @param evidence what was seen, in order
 */
public record Alert(
    String id,
    Rule rule,
    Severity severity,
    State state,
    Subject subject,
    String title,
    long firstNs,
    long lastNs,
    long count,
    boolean isComplete,
    Verdict verdict,
    String why,
    List<Evidence> evidence)
    implements Serializable {

  /**
   * What an alert is about.
   *
   * @param dev device, 0 when it is about none
   * @param ino inode of the file, 0 when it is about no file
   * @param fs name of the file system, empty when it is not known
   */
  public record Subject(int dev, long ino, String fs) implements Serializable {
    /** No file system. */
    public static final Subject NONE = new Subject(0, 0, "");
  }

  /** Where an alert is in its life. */
  public enum State {
    /** Seen once; it must be seen again to be believed. */
    PENDING,
    FIRING,
    RESOLVED;

    /** The word in reports and series. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One thing that was seen.
   *
   * @param ns when, CLOCK_MONOTONIC
   * @param tid the task, or 0
   * @param comm its name
   * @param text what, such as {@code waits for glock ex flock 6/805f since 1.2 s}
   * @param stack 1 + number of the task's stack, or 0
   */
  public record Evidence(long ns, int tid, String comm, String text, int stack)
      implements Serializable {}

  /** Copies the list. */
  public Alert {
    evidence = List.copyOf(evidence);
  }

  /** The same alert, which may rest on events that are missing. */
  Alert doubted(String newWhy) {
    boolean isConfirmed = verdict == Verdict.CONFIRMED;
    return new Alert(
        id,
        rule,
        severity,
        state,
        subject,
        title,
        firstNs,
        lastNs,
        count,
        false,
        isConfirmed ? Verdict.SUSPECTED : verdict,
        isConfirmed ? newWhy : why,
        evidence);
  }

  /** The same alert in another state of its life. */
  Alert at(State newState, long newLastNs, long newCount) {
    return new Alert(
        id,
        rule,
        severity,
        newState,
        subject,
        title,
        firstNs,
        newLastNs,
        newCount,
        isComplete,
        verdict,
        why,
        evidence);
  }
}
