package io.faultline.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.faultline.kafka.FleetRecordException.Reason;
import io.faultline.recording.MessageCodec;
import io.faultline.recording.RecordingException;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * What one record of the topic of events says, as {@link Decoder} reads it.
 *
 * <p>Key: the host's name in UTF-8. Value: one frame of the recording format, see {@link
 * MessageCodec}; events are not compressed in it, the producer compresses batches. Time: wall clock
 * of the event that is next, or of sending when that is earlier. Headers, all of them text:
 *
 * <pre>
 *   faultline-schema        1
 *   faultline-run           name of the run: one writer's stream, from attach to its end
 *   faultline-first-event   number within the run, from 0, of the block's first event; for other
 *                           frames, of the event that is next
 * </pre>
 *
 * <p>Records of a host come in order. An agent that goes on after a crash may send again what it
 * had sent: numbers tell, see {@link RunCursor}. A HEADER comes first in a run, whenever the
 * producer begins anew, and again before a block that is a minute later than the last one, with the
 * paths and names that are known. An END says that the run is over; the HEADER of another run says
 * so too, for one whose writer was killed.
 *
 * <p>A record is valid until its decoder reads another one.
 */
public final class FleetRecord {
  /** The schema that is written and read. */
  public static final String SCHEMA = "1";

  /** Header with {@link #SCHEMA}. */
  public static final String SCHEMA_HEADER = "faultline-schema";

  /** Header with the name of the run. */
  public static final String RUN_HEADER = "faultline-run";

  /** Header with the number of the first or next event. */
  public static final String FIRST_EVENT_HEADER = "faultline-first-event";

  /** Bytes of a value at most. */
  public static final int BYTES_MAX = MessageCodec.BYTES_MAX;

  private static final int RUN_CHARS_MAX = 200;
  private static final int HOST_BYTES_MAX = 255;

  private final MessageCodec codec;
  private MessageCodec.Type type;
  private String host;
  private String run;

  private FleetRecord(MessageCodec codec) {
    this.codec = codec;
  }

  /** Reads records; one thread. */
  public static final class Decoder {
    private final MessageCodec codec = MessageCodec.decoder();
    private final FleetRecord record = new FleetRecord(codec);

    /**
     * Reads a record.
     *
     * @return the same object each time
     * @throws FleetRecordException when it is not exactly as {@link FleetRecord} says; nothing of
     *     it is to be used
     */
    public FleetRecord decode(byte[] key, byte[] value, Headers headers)
        throws FleetRecordException {
      checkSchema(headers);
      record.host = hostOf(key);
      record.run = runOf(headers);
      long firstEvent = firstEventOf(headers);
      if (value == null) {
        throw new FleetRecordException(Reason.VALUE, "value: none (expected: one frame)");
      }
      if (value.length > BYTES_MAX) {
        throw new FleetRecordException(
            Reason.OVERSIZE,
            "value: " + value.length + " bytes (expected: at most " + BYTES_MAX + ")");
      }
      try {
        record.type = codec.decode(value);
      } catch (RecordingException e) {
        throw new FleetRecordException(Reason.VALUE, "value: " + e.getMessage(), e);
      }
      if (codec.sequence() != firstEvent) {
        throw new FleetRecordException(
            Reason.HEADERS,
            FIRST_EVENT_HEADER
                + ": "
                + firstEvent
                + " (expected: "
                + codec.sequence()
                + ", as in the frame)");
      }
      return record;
    }
  }

  private static void checkSchema(Headers headers) throws FleetRecordException {
    String schema = textOf(headers, SCHEMA_HEADER);
    if (!schema.equals(SCHEMA)) {
      throw new FleetRecordException(
          Reason.SCHEMA,
          SCHEMA_HEADER
              + ": "
              + shown(schema)
              + " (expected: "
              + SCHEMA
              + "; use a later faultline)");
    }
  }

  /**
   * The host that a key names.
   *
   * @throws FleetRecordException when it names none
   */
  public static String hostOf(byte[] key) throws FleetRecordException {
    if (key == null || key.length == 0 || key.length > HOST_BYTES_MAX) {
      throw new FleetRecordException(
          Reason.KEY,
          "key: "
              + (key == null ? "none" : key.length + " bytes")
              + " (expected: the name of a host)");
    }
    try {
      String host = UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString();
      if (hasControls(host)) {
        throw new FleetRecordException(
            Reason.KEY, "key: " + shown(host) + " (expected: a name without control characters)");
      }
      return host;
    } catch (CharacterCodingException e) {
      throw new FleetRecordException(
          Reason.KEY, "key: bytes that are no UTF-8 (expected: the name of a host)", e);
    }
  }

  private static String runOf(Headers headers) throws FleetRecordException {
    String run = textOf(headers, RUN_HEADER);
    if (run.isEmpty() || run.length() > RUN_CHARS_MAX || hasControls(run)) {
      throw new FleetRecordException(
          Reason.HEADERS,
          RUN_HEADER
              + ": "
              + shown(run)
              + " (expected: 1 to "
              + RUN_CHARS_MAX
              + " printable characters)");
    }
    return run;
  }

  private static long firstEventOf(Headers headers) throws FleetRecordException {
    String text = textOf(headers, FIRST_EVENT_HEADER);
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new FleetRecordException(
        Reason.HEADERS, FIRST_EVENT_HEADER + ": " + shown(text) + " (expected: a number)");
  }

  private static String textOf(Headers headers, String name) throws FleetRecordException {
    Header header = headers.lastHeader(name);
    if (header == null || header.value() == null) {
      throw new FleetRecordException(
          Reason.HEADERS, name + ": none (expected: a record that an agent sent)");
    }
    return new String(header.value(), UTF_8);
  }

  private static boolean hasControls(String name) {
    return name.chars().anyMatch(Character::isISOControl);
  }

  /** A text of somebody else, short and without control characters. */
  private static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() > 40 ? line.substring(0, 40) + "..." : line;
  }

  /** The host that saw the events. */
  public String host() {
    return host;
  }

  /** Name of the run. */
  public String run() {
    return run;
  }

  /** What it holds. */
  public MessageCodec.Type type() {
    return type;
  }

  /** Number within the run of its first event, or of the one that is next. */
  public long firstEvent() {
    return codec.sequence();
  }

  /** Events in it. */
  public int events() {
    return codec.eventCount();
  }

  /** What the stream is about; of a HEADER only. */
  public StreamInfo info() {
    if (type != MessageCodec.Type.HEADER) {
      throw new IllegalStateException("info: " + type + " (expected: HEADER)");
    }
    return codec.info();
  }

  /**
   * Hands over its events, paths and names.
   *
   * @param skipped so many events of it are left out, from its first on
   */
  public void handOver(StreamConsumer consumer, int skipped) {
    codec.handOver(consumer, skipped);
  }
}
