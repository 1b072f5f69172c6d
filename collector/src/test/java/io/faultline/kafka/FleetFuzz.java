package io.faultline.kafka;

import io.faultline.pipeline.Pipeline;
import io.faultline.recording.SealedBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A record of the topic, whoever put it there: refused with a sentence, or handed over. The first
 * byte says whether checksum and number of the first event are made to fit, and how the record is
 * taken; the second how long the key is, the third how long the run's name.
 */
public final class FleetFuzz {
  private static final int SEQUENCE_AT = 24;

  private FleetFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length < 3) {
      return;
    }
    int keyEnd = Math.min(data.length, 3 + (data[1] & 0xff));
    int runEnd = Math.min(data.length, keyEnd + (data[2] & 0xff));
    byte[] key = Arrays.copyOfRange(data, 3, keyEnd);
    byte[] run = Arrays.copyOfRange(data, keyEnd, runEnd);
    byte[] value = Arrays.copyOfRange(data, runEnd, data.length);
    long first = 7;
    if ((data[0] & 1) != 0) {
      SealedBytes.seal(value);
      if (value.length >= SEQUENCE_AT + 8) {
        first = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(SEQUENCE_AT);
      }
    }
    RecordHeaders headers = new RecordHeaders();
    headers.add(FleetRecord.SCHEMA_HEADER, FleetRecord.SCHEMA.getBytes(StandardCharsets.UTF_8));
    headers.add(FleetRecord.RUN_HEADER, run);
    headers.add(
        FleetRecord.FIRST_EVENT_HEADER, Long.toString(first).getBytes(StandardCharsets.UTF_8));
    try {
      FleetRecord record = new FleetRecord.Decoder().decode(key, value, headers);
      Pipeline pipeline = new Pipeline();
      RunCursor cursor = new RunCursor(record.run());
      cursor.take(record, pipeline);
      cursor.take(record, pipeline); // sent again: nothing of it is new
      if (pipeline.decoded() != record.events()) {
        throw new AssertionError(
            pipeline.decoded() + " events of " + record.events() + " were handed over");
      }
      pipeline.finish();
    } catch (FleetRecordException e) {
      if (!e.getMessage().contains("(expected: ")) {
        throw new AssertionError("no sentence: " + e.getMessage(), e);
      }
    }
  }
}
