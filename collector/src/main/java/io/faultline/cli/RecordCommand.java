package io.faultline.cli;

import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.HookChange;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.journal.JournalLimits;
import io.faultline.journal.JournalRange;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code record}. */
@Command(
    name = "record",
    description = "Records the events of the running kernel into a file or a journal, for report.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Ends at Ctrl-C, after --duration, or when CMD ends. Examples:",
      "  faultline record -o incident.fl --duration 30s",
      "  faultline record -o copy.fl --mount /srv -- cp --reflink=never a b",
      "  faultline record -o db1.fl --from kafka --kafka broker:9092 --host db1 --since 2h",
    })
final class RecordCommand implements Callable<Integer> {
  private static final long PROGRESS_NS = 1_000_000_000L;
  private static final int COPY_BATCH = 4096;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Output output;

  /** Where to: one of both. */
  private static final class Output {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description = "the recording")
    private Path file;

    @Option(
        names = "--journal",
        paramLabel = "DIR",
        description =
            "instead of a file: a directory of segments, bounded in size and age, that goes on"
                + " after a crash or a full disk")
    private Path journal;

    Path path() {
      return file == null ? journal : file;
    }
  }

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "how long, such as 30s; default: until Ctrl-C")
  private Duration duration;

  @Option(
      names = {"-q", "--quiet"},
      description = "no progress")
  private boolean isQuiet;

  @Option(
      names = "--digest",
      description = "say at the end what matcher and rules made of it, as one line")
  private boolean isDigest;

  @Option(
      names = "--from",
      paramLabel = "kernel|kafka",
      description =
          "what is recorded: the running kernel, or what an agent has sent to Kafka; default kernel")
  private Origin origin;

  private enum Origin {
    KERNEL,
    KAFKA
  }

  @Mixin private KafkaOptions kafka;

  @Mixin private RangeOptions range;

  @Mixin private LiveOptions live;

  @Parameters(paramLabel = "-- CMD", description = "record for as long as this command runs")
  private List<String> command = List.of();

  @Override
  public Integer call() throws Exception {
    checkOutput();
    if (isFromKafka()) {
      return copy();
    }
    PrintWriter err = spec.commandLine().getErr();
    try (LiveSource source = live.open(LiveOptions.Detail.FULL);
        RecordTarget target = openTarget(source.info())) {
      Digest digest = new Digest();
      Pipeline pipeline = isDigest ? new Pipeline(digest) : null;
      Counting counting = new Counting(target.consumer(), pipeline, err);
      Pump pump = new Pump(source, counting).stopOnSignals();
      Process process = command.isEmpty() ? null : start(pump);
      if (!isQuiet) {
        err.printf(
            "recording to %s (%s loader, detail %s)%s%n",
            output.path(),
            source.info().loader(),
            source.info().detail(),
            command.isEmpty() && duration == null ? ", end with Ctrl-C" : "");
        err.flush();
      }
      Progress progress = new Progress(isQuiet ? null : err);
      long[] shownNs = {System.nanoTime()};
      pump.run(
          duration,
          nowNs -> {
            target.flushIfDue(nowNs);
            if (nowNs - shownNs[0] >= PROGRESS_NS) {
              shownNs[0] = nowNs;
              progress.show("%,d events, ring %,d bytes", counting.events, source.ringUsedBytes());
            }
          });
      progress.end();
      int status = process == null ? 0 : end(process);
      target.close();
      if (!isQuiet) {
        err.printf(
            "recorded %,d events, %,d bytes: faultline report %s%n",
            counting.events, target.bytes(), output.path());
        err.flush();
      }
      if (pipeline != null) {
        pipeline.finish();
        spec.commandLine().getOut().println(digest.text());
        spec.commandLine().getOut().flush();
      }
      if (status != 0) {
        throw new CommandFailure(
            "command: " + command.get(0) + " ended with " + status + " (expected: 0)");
      }
      checkFilter(source, counting);
      return 0;
    }
  }

  private boolean isFromKafka() {
    boolean isWanted = kafka.isWanted();
    String wrong = null;
    if (origin == Origin.KAFKA && !isWanted) {
      wrong = "--from: kafka without brokers (expected: --kafka HOST:PORT and --host NAME)";
    } else if (origin == Origin.KERNEL && isWanted) {
      wrong = "--from: kernel with --kafka (expected: one of both)";
    } else if (!isWanted && !range.range().equals(JournalRange.ALL)) {
      wrong = "--since, --until: of the running kernel (expected: with --from kafka)";
    } else if (isWanted && output.file == null) {
      wrong = "--journal: of what is over (expected: --output FILE)";
    } else if (isWanted && (duration != null || !command.isEmpty())) {
      wrong = "--duration, CMD: with --from kafka (expected: --since, --until or --offsets)";
    }
    if (wrong != null) {
      throw new ParameterException(spec.commandLine(), wrong);
    }
    return isWanted;
  }

  /** Records what an agent has sent. */
  private int copy() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    try (KafkaSource source = kafka.open(range.range().since(), range.range().until());
        RecordTarget target = RecordTarget.file(output.file, source.info())) {
      Digest digest = new Digest();
      Pipeline pipeline = isDigest ? new Pipeline(digest) : null;
      StreamConsumer consumer =
          pipeline == null ? target.consumer() : new Tap(target.consumer(), pipeline);
      Progress progress = new Progress(isQuiet ? null : err);
      long events = 0;
      long shownNs = System.nanoTime();
      for (int count; (count = source.poll(consumer, COPY_BATCH)) != EventSource.END; ) {
        events += count;
        if (System.nanoTime() - shownNs >= PROGRESS_NS) {
          shownNs = System.nanoTime();
          progress.show("%,d events", events);
        }
      }
      progress.end();
      target.close();
      source.notes().forEach(note -> err.println("note: " + note));
      source.damage().forEach(err::println);
      if (!isQuiet) {
        err.printf(
            "recorded %,d events, %,d bytes: faultline report %s%n",
            events, target.bytes(), output.file);
      }
      err.flush();
      if (pipeline != null) {
        pipeline.finish();
        spec.commandLine().getOut().println(digest.text());
        spec.commandLine().getOut().flush();
      }
      return 0;
    }
  }

  /** A filter that lets nothing through is more often a mistake than a quiet system. */
  private static void checkFilter(LiveSource source, Counting counting) throws CommandFailure {
    String filters = source.info().filters();
    long attempts = source.probes().hits(Probe.DIO_BEGIN);
    long skipped = source.probes().skipped(Probe.DIO_BEGIN);
    if (!filters.isEmpty()
        && attempts > 0
        && attempts == skipped
        && counting.handler.lockSteps == 0) {
      throw new CommandFailure(
          "filter: "
              + filters
              + " let none of "
              + attempts
              + " direct I/O attempts through (expected: some; report without a filter shows what there is)");
    }
  }

  private RecordTarget openTarget(StreamInfo info) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    return output.file != null
        ? RecordTarget.file(output.file, info)
        : RecordTarget.journal(
            output.journal,
            info,
            JournalLimits.DEFAULT,
            line -> {
              err.println(line);
              err.flush();
            });
  }

  private void checkOutput() {
    if (output.file == null) {
      return; // a journal makes its directory, or says why not
    }
    Path parent = output.file.toAbsolutePath().getParent();
    if (Files.isDirectory(output.file)) {
      throw new ParameterException(
          spec.commandLine(), "--output: " + output.file + " is a directory (expected: a file)");
    }
    if (!Files.isDirectory(parent)) {
      throw new ParameterException(
          spec.commandLine(),
          "--output: " + parent + " does not exist (expected: an existing directory)");
    }
  }

  private Process start(Pump pump) throws CommandFailure {
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      process.onExit().thenRun(pump::stop);
      return process;
    } catch (IOException e) {
      throw new CommandFailure(
          "command: " + command.get(0) + " cannot be started (expected: a program in PATH)");
    }
  }

  /** What became of a hook, as people are told of it. */
  static String textOf(HookChange change) {
    if (change.probe() == null || change.probe() == Probe.SWEEP) {
      return "hooks of a module could not be attached: " + change.via();
    }
    return String.format(
        "hook %s: %s %s",
        change.probe().label, change.isAttached() ? "attached," : "detached,", change.via());
  }

  private static int end(Process process) throws InterruptedException {
    process.destroy(); // it is still there when a signal or --duration came first
    return process.waitFor();
  }

  /** Counts what goes into the recording, and into the pipeline when there is one. */
  private static final class Counting implements StreamConsumer {
    private final StreamConsumer next;
    private final StreamConsumer pipeline;
    private final Handler handler;
    private final EventDecoder decoder;
    private long events;

    Counting(StreamConsumer next, StreamConsumer pipeline, PrintWriter err) {
      this.next = next;
      this.pipeline = pipeline;
      handler = new Handler(err);
      decoder = new EventDecoder(handler);
    }

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      events++;
      decoder.decode(buffer, offset);
      next.onEvent(buffer, offset);
      if (pipeline != null) {
        pipeline.onEvent(buffer, offset);
      }
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      next.onPath(dev, ino, path);
      if (pipeline != null) {
        pipeline.onPath(dev, ino, path);
      }
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      next.onName(kind, id, name);
      if (pipeline != null) {
        pipeline.onName(kind, id, name);
      }
    }
  }

  /** Says that hooks came or went: a module was loaded, or Faultline was asked to let go of it. */
  private static final class Handler implements EventHandler {
    private final PrintWriter err;
    private long lockSteps;

    Handler(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void onLockStep(LockStep step) {
      lockSteps++;
    }

    @Override
    public void onHookChange(HookChange change) {
      err.println(textOf(change));
      err.flush();
    }
  }
}
