package io.faultline.sink.journald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.alert.Notice;
import io.faultline.alert.Samples;
import io.faultline.probe.socket.DatagramReceiver;
import io.faultline.risk.Alert;
import io.faultline.sink.DeliveryException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournaldDeliveryTest {
  @TempDir private Path directory;

  /** As the journal reads it. */
  private static Map<String, String> fieldsOf(byte[] entry) {
    Map<String, String> fields = new LinkedHashMap<>();
    ByteBuffer rest = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
    while (rest.hasRemaining()) {
      int begin = rest.position();
      int end = begin;
      while (entry[end] != '\n') {
        end++;
      }
      String line = new String(entry, begin, end - begin, StandardCharsets.UTF_8);
      rest.position(end + 1);
      int equals = line.indexOf('=');
      if (equals >= 0) {
        fields.put(line.substring(0, equals), line.substring(equals + 1));
      } else {
        byte[] value = new byte[(int) rest.getLong()];
        rest.get(value);
        assertThat(rest.get()).isEqualTo((byte) '\n');
        fields.put(line, new String(value, StandardCharsets.UTF_8));
      }
    }
    return fields;
  }

  @Test
  void shouldSendAnEntryForEachAlert() throws Exception {
    Path socket = directory.resolve("socket");
    try (DatagramReceiver receiver = new DatagramReceiver(socket);
        JournaldDelivery delivery = JournaldDelivery.to(socket)) {
      delivery.deliver(
          List.of(
              Samples.notice("a", Alert.State.FIRING), Samples.notice("a", Alert.State.RESOLVED)));
      assertThat(fieldsOf(receiver.receive()))
          .containsEntry("MESSAGE", "stall firing: dio waits")
          .containsEntry("MESSAGE_ID", JournaldDelivery.MESSAGE_ID)
          .containsEntry("PRIORITY", "4")
          .containsEntry("SYSLOG_IDENTIFIER", "faultline")
          .containsEntry("FAULTLINE_ALERT_ID", "a")
          .containsEntry("FAULTLINE_RULE", "stall")
          .containsEntry("FAULTLINE_DEV", "254:1")
          .containsEntry("FAULTLINE_INO", "257")
          .containsEntry("FAULTLINE_PATH", "/srv/data")
          .containsEntry("FAULTLINE_FIRST", "2023-11-14T22:13:21Z")
          .containsEntry("FAULTLINE_EVIDENCE", "dio (7) waits for extent\nnobody holds it");
      assertThat(fieldsOf(receiver.receive()))
          .containsEntry("FAULTLINE_STATE", "resolved")
          .containsEntry("PRIORITY", "5");
    }
  }

  @Test
  void shouldNotLetANameOfAFileAddFields() throws Exception {
    Notice notice =
        new Notice(
            Samples.alert("a", Alert.State.FIRING),
            Samples.INFO,
            "/srv/x\nPRIORITY=0",
            List.of(List.of(), List.of()),
            null);
    assertThat(fieldsOf(JournaldDelivery.entryOf(notice)))
        .containsEntry("FAULTLINE_PATH", "/srv/x\nPRIORITY=0")
        .containsEntry("PRIORITY", "4");
  }

  @Test
  void shouldSayThatNobodyReceives() throws Exception {
    try (JournaldDelivery delivery = JournaldDelivery.to(directory.resolve("none"))) {
      assertThatThrownBy(() -> delivery.deliver(List.of(Samples.notice("a", Alert.State.FIRING))))
          .isInstanceOf(DeliveryException.class)
          .hasMessageContaining("nobody receives there");
    }
  }
}
