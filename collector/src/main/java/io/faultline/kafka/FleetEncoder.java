package io.faultline.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.faultline.event.Event;
import io.faultline.recording.KnownNames;
import io.faultline.recording.MessageCodec;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * Makes records of one run's stream, as {@link FleetRecord} says. A block is complete with its last
 * event, before a name, or when {@link #flush} is called. One thread.
 */
public final class FleetEncoder implements StreamConsumer {
  /** Time of the stream after which what it is about is said again. */
  static final long HEADER_NS = 60_000_000_000L;

  private static final Header SCHEMA =
      new RecordHeader(FleetRecord.SCHEMA_HEADER, FleetRecord.SCHEMA.getBytes(UTF_8));

  private final String topic;
  private final byte[] key;
  private final Header run;
  private final StreamInfo info;
  private final String version;
  private final LongSupplier wallMs;
  private final Consumer<Outgoing> output;
  private final MessageCodec codec = MessageCodec.encoder();
  private final KnownNames known = new KnownNames();
  private long next; // number of the event that comes next
  private long blockNs; // ktime of the block's first event, or of the last event
  private long headerNs;
  private long clockNs; // from times of events to the wall clock's, as it was said last
  private volatile boolean isHeaderDue = true;

  /**
   * An encoder for a run.
   *
   * @param topic where the records go
   * @param info what the run is about; its host is their key
   * @param run its name
   * @param firstEvent number within the run of the event that comes first
   * @param version of the program, for HEADERs
   * @param wallMs the wall clock: no record claims to be from the future, which brokers refuse
   * @param output takes the records, on the thread that hands the stream over
   */
  public FleetEncoder(
      String topic,
      StreamInfo info,
      String run,
      long firstEvent,
      String version,
      LongSupplier wallMs,
      Consumer<Outgoing> output) {
    this.topic = topic;
    this.info = info;
    this.version = version;
    this.wallMs = wallMs;
    this.output = output;
    this.run = new RecordHeader(FleetRecord.RUN_HEADER, run.getBytes(UTF_8));
    key = info.hostName().getBytes(UTF_8);
    next = firstEvent;
    blockNs = info.ktimeNs();
  }

  /** The name of a run that began there: unique among all runs of all hosts. */
  public static String runOf(StreamInfo info) {
    return info.bootId() + "@" + info.ktimeNs();
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    if (codec.events() == 0) {
      blockNs = Event.ktimeNsOf(buffer, offset);
      writeHeaderIfDue();
      writeNames();
    }
    codec.addEvent(buffer, offset);
    next++;
    if (codec.isBlockFull()) {
      writeEvents();
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    if (known.put(null, dev, ino, path)) {
      writeEvents(); // it came after these
      codec.addPath(dev, ino, path);
      writeNamesIfFull();
    }
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    if (known.put(kind, 0, id, name)) {
      writeEvents();
      codec.addName(kind, id, name);
      writeNamesIfFull();
    }
  }

  private void writeNamesIfFull() {
    if (codec.areNamesFull()) {
      writeHeaderIfDue();
      writeNames();
    }
  }

  /**
   * The next event has that number: those before it are missing. A number that was used is none.
   */
  public void skipTo(long number) {
    if (number > next) {
      writeEvents();
      next = number;
    }
  }

  /** Number within the run of the event that comes next. */
  public long next() {
    return next;
  }

  /** Before the next block it is said again what the stream is about; any thread. */
  public void repeatHeader() {
    isHeaderDue = true;
  }

  /** Makes records of all that has come. */
  public void flush() {
    writeEvents();
    if (codec.names() > 0) {
      writeHeaderIfDue();
      writeNames();
    }
  }

  /** Makes records of all that has come, and one that says that nothing follows. */
  public void end() {
    flush();
    writeHeaderIfDue();
    write(MessageCodec.end(next), next, 0);
  }

  private void writeEvents() {
    int events = codec.events();
    if (events > 0) {
      long first = next - events;
      write(codec.takeEvents(first), first, events);
    }
  }

  private void writeHeaderIfDue() {
    long newClockNs = info.wallNsOf(blockNs) - blockNs;
    if (!isHeaderDue && blockNs - headerNs < HEADER_NS && newClockNs == clockNs) {
      return;
    }
    clockNs = newClockNs;
    isHeaderDue = false;
    headerNs = blockNs;
    writeNames(); // those before are not known yet to whoever reads on from here
    write(MessageCodec.header(info.asOf(blockNs), version, next), next, 0);
    known.handOver(
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {}

          @Override
          public void onPath(int dev, long ino, String path) {
            codec.addPath(dev, ino, path);
            writeFullNames();
          }

          @Override
          public void onName(NameKind kind, long id, String name) {
            codec.addName(kind, id, name);
            writeFullNames();
          }
        });
  }

  private void writeFullNames() {
    if (codec.areNamesFull()) {
      writeNames();
    }
  }

  private void writeNames() {
    if (codec.names() > 0) {
      write(codec.takeNames(next), next, 0);
    }
  }

  private void write(byte[] value, long firstEvent, int events) {
    long time = Math.min(Math.floorDiv(info.wallNsOf(blockNs), 1_000_000L), wallMs.getAsLong());
    Header number =
        new RecordHeader(FleetRecord.FIRST_EVENT_HEADER, Long.toString(firstEvent).getBytes(UTF_8));
    output.accept(
        new Outgoing(
            new ProducerRecord<>(
                topic, null, Math.max(0, time), key, value, List.of(SCHEMA, run, number)),
            firstEvent + events,
            events));
  }
}
