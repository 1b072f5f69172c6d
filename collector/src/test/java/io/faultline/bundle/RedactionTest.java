package io.faultline.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RedactionTest {
  private final Redaction redaction = new Redaction();

  @Test
  void shouldKeepTheShapeOfPaths() {
    assertThat(redaction.path("/srv/mail/inbox")).isEqualTo("/name1/name2/name3");
    assertThat(redaction.path("/srv/mail/sent (deleted)"))
        .isEqualTo("/name1/name2/name4 (deleted)");
    assertThat(redaction.path("/")).isEqualTo("/");
    assertThat(redaction.table("cluster:mail")).isEqualTo("lock1:lock2");
    assertThat(redaction.table("mail")).isEqualTo("lock2");
  }

  @Test
  void shouldReplaceTheNameInAFilter() {
    StreamInfo info =
        new StreamInfo(
            "h", "6.1", "b", 1, 1, "core", "full", "pid=4 comm=my app cgroup=7", List.of());
    assertThat(redaction.info(info).filters()).isEqualTo("pid=4 comm=task1 cgroup=7");
    assertThat(redaction.comm("my app")).isEqualTo("task1");
  }

  @Test
  void shouldReplaceNamesInJson() throws IOException {
    assertThat(
            redaction.json(
                "{\"tasks\":[{\"comm\":\"db\",\"wchan\":\"do_wait\"}],\"table\":\"a:b\"}"))
        .contains("\"task1\"", "\"do_wait\"", "\"lock1:lock2\"")
        .doesNotContain("\"db\"");
  }

  private static final class Resources implements StreamConsumer, EventHandler {
    final List<String> names = new ArrayList<>();
    private final EventDecoder decoder = new EventDecoder(this);

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      decoder.decode(buffer, offset);
    }

    @Override
    public void onPath(int dev, long ino, String path) {}

    @Override
    public void onLockStep(LockStep step) {
      names.add(step.resource());
    }
  }

  private static EventBuilder dlm(String first8, String next16) {
    byte[] first = first8.getBytes(StandardCharsets.US_ASCII);
    return new EventBuilder()
        .begin(EventType.LOCK, Probe.DLM_AST, 0, 1)
        .lock(LockClass.DLM, 7, 0, 0, 0)
        .lockRequest(LockStep.Kind.GRANT, 1, 1, 2, LockMode.DLM_EX)
        .lockTask(0, "dlm_recv", 0, 0)
        .lockResource(
            ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getLong(),
            next16.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void shouldReplaceNamesOfLocksThatAreNoNumbers() {
    Resources resources = new Resources();
    StreamConsumer consumer = redaction.of(resources);
    consumer.onEvent(dlm("       2", "            805f").buffer(), 0);
    consumer.onEvent(dlm("payroll-", "volume\0\0\0\0\0\0\0\0\0\0").buffer(), 0);
    assertThat(resources.names).containsExactly("2            805f", "resource1");
  }

  @Test
  void shouldLeaveOutWhatItDoesNotKnow() {
    List<Integer> events = new ArrayList<>();
    StreamConsumer consumer =
        redaction.of(
            new StreamConsumer() {
              @Override
              public void onEvent(ByteBuffer buffer, int offset) {
                events.add(offset);
              }

              @Override
              public void onPath(int dev, long ino, String path) {}
            });
    ByteBuffer later = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    consumer.onEvent(later.put(14, (byte) 200), 0);
    assertThat(events).isEmpty();
    assertThat(redaction.dropped()).isEqualTo(1);
  }
}
