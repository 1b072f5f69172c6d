package io.faultline.pipeline;

import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.risk.Alert;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * One line that says whether two readings of a stream came to the same: the SHA-256 of every
 * operation, lock wait and alert, in order. Live, replayed, on any machine and at any speed it is
 * the same for the same events and thresholds.
 */
public final class Digest implements StreamListener {
  private final MessageDigest sha = sha256();
  private long operations;
  private long lockWaits;
  private int alerts;
  private String text;

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private void add(String what, Object... values) {
    StringBuilder line = new StringBuilder(what);
    for (Object value : values) {
      line.append('\u001f').append(value);
    }
    sha.update(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void onOperation(Operation operation) {
    operations++;
    add(
        "operation",
        operation.pid(),
        operation.tid(),
        operation.comm(),
        operation.dev(),
        operation.ino(),
        operation.isWrite(),
        operation.pos(),
        operation.requested(),
        operation.done(),
        operation.attempts(),
        operation.retries(),
        operation.startNs(),
        operation.durationNs(),
        operation.retryNs(),
        operation.lockWaitNs(),
        operation.outcome());
  }

  @Override
  public void onLockWait(LockWait wait) {
    lockWaits++;
    add("lock_wait", wait);
  }

  @Override
  public void onEnd(StreamEnd end) {
    alerts = end.alerts().size();
    end.alerts().forEach(alert -> add("alert", describe(alert)));
    text =
        String.format(
            "sha256:%s %d operations, %d lock waits, %d alerts",
            HexFormat.of().formatHex(sha.digest()), operations, lockWaits, alerts);
  }

  private static Object[] describe(Alert alert) {
    return new Object[] {
      alert.id(),
      alert.rule(),
      alert.severity(),
      alert.state(),
      alert.title(),
      alert.firstNs(),
      alert.lastNs(),
      alert.count(),
      alert.isComplete(),
      alert.verdict(),
      alert.why(),
      alert.evidence()
    };
  }

  /**
   * The line.
   *
   * @throws IllegalStateException when the stream has not ended
   */
  public String text() {
    if (text == null) {
      throw new IllegalStateException("stream: open (expected: ended)");
    }
    return text;
  }
}
