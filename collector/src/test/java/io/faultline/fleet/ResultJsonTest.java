package io.faultline.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.match.LockWait;
import io.faultline.report.RecordJson;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One generator for all values: none has anything of another one. */
class ResultJsonTest {
  private static final LockWait WAIT =
      new LockWait(
          LockClass.DLM,
          0x1234,
          2,
          0x805f,
          LockMode.EXCLUSIVE,
          10,
          11,
          "task",
          100,
          200,
          LockWait.End.GRANTED,
          null,
          0,
          0,
          0,
          LockWait.Place.NONE,
          0);

  private final ResultJson json = new ResultJson();

  private byte[] wait(long number, String path) {
    return json.lockWait(
        "h", "r", number, WAIT, new RecordJson.WaitNames("", null, path, List.of()));
  }

  @Test
  void shouldWriteEachValueAsIfItWereTheFirst() throws IOException {
    byte[] first = wait(1, "/a");
    byte[] large = wait(2, "/" + "b".repeat(20_000)); // above what the generator buffers
    assertThat(JSON.std.mapFrom(new String(large, UTF_8)).get("path").toString()).hasSize(20_001);
    assertThat(wait(1, "/a")).isEqualTo(first);
    assertThat(new String(first, UTF_8))
        .startsWith("{\"schema\":1,\"host\":\"h\",\"run\":\"r\",\"number\":1,\"class\":\"dlm\"")
        .contains("\"resource\":\"       2            805f\"")
        .endsWith("}");
  }

  @Test
  void shouldWriteOnAfterAValueThatCannotBeWritten() {
    byte[] first = wait(1, "/a");
    RecordJson.WaitNames noStack = new RecordJson.WaitNames("", null, "/a", null);
    assertThatThrownBy(() -> json.lockWait("h", "r", 2, WAIT, noStack))
        .isInstanceOf(NullPointerException.class); // in the middle of an object
    assertThat(wait(1, "/a")).isEqualTo(first);
  }
}
