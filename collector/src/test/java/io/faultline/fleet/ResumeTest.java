package io.faultline.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.event.Event;
import io.faultline.match.RandomOperations;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.ScenarioStreams;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream that is cut, and goes on from what was written down: nobody can tell. */
class ResumeTest {
  private static final int CUTS_MAX = 40;

  /** What a stream came to: its digest, and every alert that was told of on the way. */
  private record Result(String digest, List<Alert> told) {}

  static List<String> names() throws IOException {
    return List.copyOf(ScenarioStreams.all().keySet());
  }

  private static Result run(List<ByteBuffer> events, Random cuts) throws IOException {
    Digest digest = new Digest();
    List<Alert> told = new ArrayList<>();
    StreamListener teller =
        new StreamListener() {
          @Override
          public void onAlert(Alert alert) {
            told.add(alert);
          }
        };
    Pipeline pipeline = new Pipeline(digest, teller);
    double share = cuts == null ? 0 : Math.min(1, (double) CUTS_MAX / events.size());
    for (ByteBuffer event : events) {
      if (cuts != null && cuts.nextDouble() < share) {
        byte[] bytes = Snapshot.write(pipeline.state());
        pipeline =
            Pipeline.resume(
                Snapshot.read(bytes, Pipeline.State.class), RuleSettings.DEFAULT, digest, teller);
        assertThat(Snapshot.sizeOf(Snapshot.write(pipeline.state())))
            .as("bytes, written again")
            .isEqualTo(Snapshot.sizeOf(bytes));
      }
      pipeline.onEvent(event, 0);
    }
    pipeline.finish();
    return new Result(digest.text() + " of " + pipeline.decoded(), told);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void shouldSayTheSameOfEveryScenarioWhereverItIsCut(String name) throws IOException {
    List<ByteBuffer> events = ScenarioStreams.all().get(name);
    Result whole = run(events, null);
    for (int seed = 1; seed <= 3; seed++) {
      assertThat(run(events, new Random(seed))).as("seed %d", seed).isEqualTo(whole);
    }
  }

  /** Operations at random, and among them ten scenarios at once, numbered as one host's. */
  @RepeatedTest(10)
  void shouldSayTheSameOfARandomHost(RepetitionInfo repetition) throws IOException {
    Random random = new Random(repetition.getCurrentRepetition());
    List<ByteBuffer> events = new ArrayList<>();
    RandomOperations operations =
        new RandomOperations(random, (buffer, offset) -> events.add(copy(buffer, offset)));
    operations.run(500);
    operations.finish();
    List<List<ByteBuffer>> scenarios = List.copyOf(ScenarioStreams.all().values());
    for (int i = 0; i < 10; i++) {
      scenarios.get(random.nextInt(scenarios.size())).forEach(event -> events.add(copy(event, 0)));
    }
    events.sort(Comparator.comparingLong(event -> Event.ktimeNsOf(event, 0)));
    number(events);
    Result whole = run(events, null);
    assertThat(run(events, random))
        .as("seed %d", repetition.getCurrentRepetition())
        .isEqualTo(whole);
    assertThat(whole.told()).isNotEmpty();
  }

  private static ByteBuffer copy(ByteBuffer buffer, int offset) {
    ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return copy.put(0, buffer, offset, Event.BYTES);
  }

  private static void number(List<ByteBuffer> events) {
    Map<Integer, Integer> next = new HashMap<>();
    for (ByteBuffer event : events) {
      int source = event.getShort(12) << 8 | event.get(15);
      event.putInt(8, next.merge(source, 1, Integer::sum) - 1);
    }
  }

  @Test
  void shouldRefuseWhatIsNoSnapshot() {
    byte[] bytes = Snapshot.write(new Pipeline().state());
    byte[] other = bytes.clone();
    other[0] ^= 1;
    assertThatThrownBy(() -> Snapshot.read(other, Pipeline.State.class))
        .isInstanceOf(IOException.class)
        .hasMessage("snapshot: not of this form (expected: one of this version)");
    byte[] large = ByteBuffer.wrap(bytes.clone()).putInt(4, Integer.MAX_VALUE).array();
    assertThatThrownBy(() -> Snapshot.read(large, Pipeline.State.class))
        .hasMessageContaining("2147483647 bytes unpacked (expected: at most");
    for (int seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        Snapshot.read(damaged, Pipeline.State.class);
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("expected: ");
      }
    }
  }

  @Test
  void shouldReadNoOtherClasses() {
    byte[] bytes = Snapshot.write(new java.util.Locale("en"));
    assertThatThrownBy(() -> Snapshot.read(bytes, java.util.Locale.class))
        .hasMessageContaining("REJECTED");
  }
}
