package io.faultline.sink.journald;

import io.faultline.alert.Notice;
import io.faultline.match.FileSystems;
import io.faultline.probe.socket.UnixDatagram;
import io.faultline.risk.Alert;
import io.faultline.sink.Delivery;
import io.faultline.sink.DeliveryException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes alerts to the systemd journal in its own protocol, one entry each.
 *
 * <pre>
 * MESSAGE=the title                     a value of one line
 * FAULTLINE_EVIDENCE\n                  a value of more: its name alone on a line,
 * &lt;length, 64 bits, little-endian&gt;value\n   then its length and the value as it is
 * </pre>
 *
 * <p>The fields are MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, and FAULTLINE_ with ALERT_ID,
 * RULE, SEVERITY, STATE, VERDICT, COUNT, COMPLETE, DEV, FS, INO, PATH, FIRST, LAST, EVIDENCE; those
 * of which nothing is known are left out.
 */
public final class JournaldDelivery implements Delivery {
  /** Where the journal takes entries. */
  public static final Path SOCKET = Path.of("/run/systemd/journal/socket");

  /** MESSAGE_ID of every alert: {@code journalctl MESSAGE_ID=...} lists them. */
  public static final String MESSAGE_ID = "5c9f6d0c3ad54bb2a3c8f1e0b7d2946a";

  /** Below what a datagram may have (net.core.wmem_default); larger entries need a memfd. */
  private static final int EVIDENCE_CHARS_MAX = 32_768;

  private final UnixDatagram socket;

  private JournaldDelivery(UnixDatagram socket) {
    this.socket = socket;
  }

  /** Entries for the journal behind that socket. */
  public static JournaldDelivery to(Path socket) throws IOException {
    return new JournaldDelivery(UnixDatagram.to(socket.toString()));
  }

  @Override
  public String name() {
    return "journald";
  }

  @Override
  public void deliver(List<Notice> notices) throws DeliveryException {
    for (Notice notice : notices) {
      try {
        socket.send(entryOf(notice));
      } catch (IOException e) {
        throw DeliveryException.passing(e.getMessage());
      }
    }
  }

  static byte[] entryOf(Notice notice) {
    Alert alert = notice.alert();
    Alert.Subject subject = alert.subject();
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    add(
        entry,
        "MESSAGE",
        alert.rule().label() + " " + alert.state().label() + ": " + alert.title());
    add(entry, "MESSAGE_ID", MESSAGE_ID);
    add(entry, "PRIORITY", "" + priorityOf(notice));
    add(entry, "SYSLOG_IDENTIFIER", "faultline");
    add(entry, "FAULTLINE_ALERT_ID", alert.id());
    add(entry, "FAULTLINE_RULE", alert.rule().label());
    add(entry, "FAULTLINE_SEVERITY", alert.severity().label());
    add(entry, "FAULTLINE_STATE", alert.state().label());
    add(entry, "FAULTLINE_VERDICT", alert.verdict().label());
    add(entry, "FAULTLINE_COUNT", "" + alert.count());
    add(entry, "FAULTLINE_COMPLETE", "" + alert.isComplete());
    add(entry, "FAULTLINE_DEV", subject.dev() == 0 ? "" : FileSystems.devOf(subject.dev()));
    add(entry, "FAULTLINE_FS", subject.fs());
    add(entry, "FAULTLINE_INO", subject.ino() == 0 ? "" : "" + subject.ino());
    add(entry, "FAULTLINE_PATH", notice.path() == null ? "" : notice.path());
    add(entry, "FAULTLINE_FIRST", notice.first().toString());
    add(entry, "FAULTLINE_LAST", notice.last().toString());
    String evidence = notice.evidenceText();
    add(
        entry,
        "FAULTLINE_EVIDENCE",
        evidence.substring(0, Math.min(evidence.length(), EVIDENCE_CHARS_MAX)));
    return entry.toByteArray();
  }

  /** syslog's numbers: critical, warning, notice, informational. */
  private static int priorityOf(Notice notice) {
    if (notice.isResolved()) {
      return 5;
    }
    return switch (notice.alert().severity()) {
      case CRITICAL -> 2;
      case WARNING -> 4;
      case INFO -> 6;
    };
  }

  private static void add(ByteArrayOutputStream entry, String name, String value) {
    if (value.isEmpty()) {
      return;
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    entry.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
    if (value.indexOf('\n') < 0) {
      entry.write('=');
    } else {
      entry.write('\n');
      entry.writeBytes(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(bytes.length)
              .array());
    }
    entry.writeBytes(bytes);
    entry.write('\n');
  }

  @Override
  public void close() {
    socket.close();
  }
}
