package io.faultline.risk;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.Probe;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What somebody's file system did, in a file that a person can read, and the alerts that must come
 * of it.
 *
 * <pre>
 * # what happened, and where it is told
 * expect deadlock critical firing confirmed "in the title, the reason or the evidence" ...
 * forbid stall
 * 1.0 waiting glock 2/10 ex tid=7 comm=dd since=0.1
 * 1.0 every 0.5 times 3 task 7 dd lock D run=0.5
 * 2.0 lost release glock 2/10 ex tid=7 since=0.1
 * </pre>
 *
 * <p>A line is a time in seconds and an event ({@link ScenarioEvents} has their words); {@code
 * every} repeats it, {@code $i} in it is the number of the repetition from 0; {@code lost} gives
 * the event a number, and nobody receives it. Times after {@code =} are seconds, or with a sign
 * seconds from the event's own. Events are sorted by time; of one time they stay in order.
 *
 * <p>Instead of events, {@code recording FILE} takes those of a recording beside it, which a kernel
 * made when the incident was provoked there.
 */
final class Scenario {
  private static final Path DIRECTORY = Path.of("src/test/resources/io/faultline/risk/scenarios");

  /** An alert that must be there at the end. */
  record Expected(
      Rule rule, Severity severity, Alert.State state, Verdict verdict, List<String> texts) {
    boolean isMetBy(Alert alert) {
      String all = describe(alert);
      return alert.rule() == rule
          && alert.severity() == severity
          && alert.state() == state
          && alert.verdict() == verdict
          && texts.stream().allMatch(all::contains);
    }
  }

  /** What a stream came to: the alerts at its end, and all that were told of on the way. */
  record Result(List<Alert> alerts, List<Alert> told) {}

  /** An event, and whether it arrives. */
  record Numbered(long ns, ByteBuffer bytes, boolean isLost) {}

  private final String name;
  private final List<Expected> expected = new ArrayList<>();
  private final List<Rule> forbidden = new ArrayList<>();
  private final List<Numbered> events = new ArrayList<>();

  private Scenario(String name) {
    this.name = name;
  }

  /** All scenarios, by name. */
  static List<Scenario> all() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      List<Scenario> scenarios = new ArrayList<>();
      for (Path file : files.sorted().filter(file -> file.toString().endsWith(".txt")).toList()) {
        scenarios.add(parse(file.getFileName().toString(), Files.readAllLines(file)));
      }
      return scenarios;
    }
  }

  List<Expected> expected() {
    return expected;
  }

  List<Rule> forbidden() {
    return forbidden;
  }

  List<Numbered> events() {
    return events;
  }

  @Override
  public String toString() {
    return name;
  }

  /**
   * Reads a scenario.
   *
   * @throws IllegalArgumentException that names file and line, and what was expected
   */
  static Scenario parse(String name, List<String> lines) {
    Scenario scenario = new Scenario(name);
    ScenarioEvents events = new ScenarioEvents();
    int number = 0;
    for (String line : lines) {
      number++;
      try {
        scenario.take(line.strip(), number, events);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + ":" + number + ": " + e.getMessage(), e);
      }
    }
    scenario.number(events.made());
    return scenario;
  }

  private void take(String line, int number, ScenarioEvents events) {
    if (number == 1 && !line.startsWith("# ")) {
      throw new IllegalArgumentException("first line: (expected: # and where it is from)");
    }
    if (line.isEmpty() || line.startsWith("#")) {
      return;
    }
    List<String> words = ScenarioWords.split(line);
    switch (words.get(0)) {
      case "expect" -> {
        if (words.size() < 5) {
          throw new IllegalArgumentException(
              "expect: " + words.size() + " words (expected: rule severity state verdict)");
        }
        expected.add(
            new Expected(
                ScenarioWords.of(Rule.class, words.get(1)),
                ScenarioWords.of(Severity.class, words.get(2)),
                ScenarioWords.of(Alert.State.class, words.get(3)),
                ScenarioWords.of(Verdict.class, words.get(4)),
                words.subList(5, words.size())));
      }
      case "forbid" ->
          words.stream().skip(1).forEach(word -> forbidden.add(ScenarioWords.of(Rule.class, word)));
      case "recording" -> {
        if (words.size() != 2) {
          throw new IllegalArgumentException(
              "recording: " + words.size() + " words (expected: a file)");
        }
        read(DIRECTORY.resolve(words.get(1)));
      }
      default -> events.add(words);
    }
  }

  /** The events as they were recorded, with the numbers that they have. */
  private void read(Path recording) {
    StreamConsumer consumer =
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {
            byte[] bytes = new byte[Event.BYTES];
            buffer.get(offset, bytes);
            ByteBuffer copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            events.add(new Numbered(copy.getLong(0), copy, false));
          }

          @Override
          public void onPath(int dev, long ino, String path) {
            // Rules know files by number.
          }
        };
    try (RecordingReader reader = RecordingReader.open(recording)) {
      while (reader.poll(consumer, 4096) != EventSource.END) {
        // until all is read
      }
      if (!reader.damage().isEmpty()) {
        throw new IllegalArgumentException("recording: " + reader.damage());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives every event its number, as a kernel of one CPU and the sweep do. */
  private void number(List<ScenarioEvents.Made> made) {
    Map<String, Integer> next = new TreeMap<>();
    made.stream()
        .sorted(Comparator.comparingLong(ScenarioEvents.Made::ns))
        .forEach(
            event -> {
              ByteBuffer bytes = event.bytes();
              if (event.probe() != null) {
                int seq = next.merge(event.probe() + "/" + event.cpu(), 1, Integer::sum) - 1;
                bytes.putInt(8, seq);
              }
              events.add(new Numbered(event.ns(), bytes, event.isLost()));
              if (event.isCounters()) {
                addCounters(event, next);
              }
            });
  }

  /** The totals of every probe, as the sweep says them last. */
  private void addCounters(ScenarioEvents.Made event, Map<String, Integer> next) {
    events.remove(events.size() - 1);
    EventBuilder builder = new EventBuilder();
    for (Probe probe : Probe.values()) {
      long emitted = 0;
      for (Map.Entry<String, Integer> entry : next.entrySet()) {
        emitted += entry.getKey().startsWith(probe + "/") ? entry.getValue() : 0;
      }
      long lost = probe == event.lossOf() ? event.lost() : 0;
      builder
          .begin(io.faultline.event.EventType.PROBE_COUNTERS, probe, Event.CPU_NONE, event.ns())
          .counters(emitted + lost, emitted, 0, 0, lost);
      events.add(new Numbered(event.ns(), ScenarioEvents.bytesOf(builder), event.isLost()));
    }
  }

  /** Sends the events that arrive through the pipeline. */
  Result run() {
    return run(events.stream().filter(event -> !event.isLost()).toList());
  }

  static Result run(List<Numbered> events) {
    List<Alert> told = new ArrayList<>();
    Pipeline pipeline =
        new Pipeline(
            new StreamListener() {
              @Override
              public void onAlert(Alert alert) {
                told.add(alert);
              }
            });
    for (Numbered event : events) {
      pipeline.onEvent(event.bytes(), 0);
    }
    pipeline.finish();
    return new Result(pipeline.alerts(), told);
  }

  /** An alert as a failed test shows it. */
  static String describe(Alert alert) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s %s %s %s \"%s\"%n  why: %s; seen %d times for %.1f s%s",
            alert.rule().label(),
            alert.severity().label(),
            alert.state().label(),
            alert.verdict().label(),
            alert.title(),
            alert.why(),
            alert.count(),
            (alert.lastNs() - alert.firstNs()) / 1e9,
            alert.isComplete() ? "" : "; incomplete"));
    for (Alert.Evidence evidence : alert.evidence()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n  %.3f %s (%d): %s%s",
              (evidence.ns() - ScenarioEvents.BASE_NS) / 1e9,
              evidence.comm(),
              evidence.tid(),
              evidence.text(),
              evidence.stack() == 0 ? "" : " [stack " + evidence.stack() + "]"));
    }
    return text.toString();
  }
}
