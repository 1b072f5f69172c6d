package io.faultline.fleet;

import io.faultline.event.Event;
import io.faultline.kafka.FleetEncoder;
import io.faultline.kafka.Topics;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A recording in memory, for loads: what a host of that name would have sent. */
record LoadStream(String file, StreamInfo info, List<ByteBuffer> events, List<Name> names) {
  private static final long GAP_NS = 1_000_000_000L;

  record Name(NameKind kind, long id, String name) {}

  static LoadStream read(Path file) throws IOException {
    List<ByteBuffer> events = new ArrayList<>();
    List<Name> names = new ArrayList<>();
    try (RecordingReader reader = RecordingReader.open(file)) {
      StreamConsumer taker =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              events.add(copy.put(0, buffer, offset, Event.BYTES));
            }

            @Override
            public void onPath(int dev, long ino, String path) {}

            @Override
            public void onName(NameKind kind, long id, String name) {
              names.add(new Name(kind, id, name));
            }
          };
      while (reader.poll(taker, 4096) != EventSource.END) {
        // goes on
      }
      return new LoadStream(file.getFileName().toString(), reader.info(), events, names);
    }
  }

  int size() {
    return events.size();
  }

  /** From its begin to its last event, and a second. */
  long lengthNs() {
    return Event.ktimeNsOf(events.get(size() - 1), 0) - info.ktimeNs() + GAP_NS;
  }

  /** The same stream, of a host of that name, which began it at {@code wallNs}. */
  StreamInfo infoOf(String host, String bootId, long wallNs) {
    return new StreamInfo(
        host,
        info.kernel(),
        bootId,
        wallNs,
        info.ktimeNs(),
        info.loader(),
        info.detail(),
        info.filters(),
        info.hooks());
  }

  void feedNames(StreamConsumer consumer) {
    feedNames("", consumer);
  }

  /** Its names, {@code site} before that of the cluster that it is a node of. */
  void feedNames(String site, StreamConsumer consumer) {
    for (Name name : names) {
      String before = name.kind() == NameKind.LOCK_TABLE ? site : "";
      consumer.onName(name.kind(), name.id(), before + name.name());
    }
  }

  void feed(StreamConsumer consumer) {
    feedNames(consumer);
    events.forEach(event -> consumer.onEvent(event, 0));
  }

  /** Records of one of a host's runs, one after the other, each the stream from begin to end. */
  List<ProducerRecord<byte[], byte[]>> run(String host, int run, long wallMs) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    StreamInfo of = infoOf(host, info.bootId() + run, wallMs * 1_000_000L + run * lengthNs());
    FleetEncoder encoder =
        new FleetEncoder(
            Topics.DEFAULT.events(),
            of,
            host + "-" + run,
            0,
            "1",
            () -> Long.MAX_VALUE,
            sent -> records.add(sent.record()));
    feed(encoder);
    encoder.end();
    return records;
  }
}
