package io.faultline.alert;

import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.StreamInfo;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An alert with what its numbers stand for.
 *
 * @param alert the finding
 * @param info the host, and its clocks
 * @param path of the file that it is about; {@code null} when it is not known
 * @param stacks for each evidence the functions of its stack, innermost first; empty for none
 * @param silence why nobody is told; {@code null} when somebody is
 */
public record Notice(
    Alert alert, StreamInfo info, String path, List<List<String>> stacks, Silence silence) {
  /** Copies the list. */
  public Notice {
    stacks = List.copyOf(stacks);
  }

  /** Wall-clock time at which the cause was first seen. */
  public Instant first() {
    return info.wallTimeOf(alert.firstNs());
  }

  /** Wall-clock time at which the cause was last seen, or was over. */
  public Instant last() {
    return info.wallTimeOf(alert.lastNs());
  }

  /** Whether the cause is over. */
  public boolean isResolved() {
    return alert.state() == Alert.State.RESOLVED;
  }

  /** One evidence as people read it: the task, and what was seen. */
  public static String lineOf(Alert.Evidence evidence) {
    return evidence.tid() == 0
        ? evidence.text()
        : evidence.comm() + " (" + evidence.tid() + ") " + evidence.text();
  }

  /** All evidence, a line each. */
  public String evidenceText() {
    return alert.evidence().stream().map(Notice::lineOf).collect(Collectors.joining("\n"));
  }
}
