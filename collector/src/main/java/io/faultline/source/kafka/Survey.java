package io.faultline.source.kafka;

import io.faultline.kafka.FleetRecord;
import io.faultline.kafka.FleetRecordException;
import io.faultline.recording.MessageCodec;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** A first look at a stretch of a topic: which runs of a host it has, and where. */
final class Survey {
  /** A block may have events until so long after its first one. */
  private static final long BLOCK_MS = 5_000;

  private static final int HOSTS_MAX = 20;

  /** A record: where it is, and the number of its first event. */
  private record First(long offset, long event) {}

  /** One run. */
  static final class Run {
    final String name;

    /** Its first record in each partition. */
    private final Map<TopicPartition, First> firsts = new LinkedHashMap<>();

    StreamInfo info; // null without a HEADER
    long firstMs = Long.MAX_VALUE;
    long lastMs = Long.MIN_VALUE;
    boolean isInRange;

    Run(String name) {
      this.name = name;
    }

    /**
     * Where it is, in the order in which it came there, and from which offset on. More than one
     * partition: some were added meanwhile, which moves hosts.
     */
    Map<TopicPartition, Long> firstOffsets() {
      Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
      firsts.entrySet().stream()
          .sorted(Comparator.comparingLong(first -> first.getValue().event()))
          .forEach(first -> offsets.put(first.getKey(), first.getValue().offset()));
      return offsets;
    }

    String describe() {
      return name + " " + Instant.ofEpochMilli(firstMs) + " to " + Instant.ofEpochMilli(lastMs);
    }
  }

  private final byte[] key;
  private final TopicRange range;
  private final FleetRecord.Decoder decoder = new FleetRecord.Decoder();
  private final Map<String, Run> runs = new TreeMap<>();
  private final TreeSet<String> otherHosts = new TreeSet<>();

  Survey(byte[] key, TopicRange range) {
    this.key = key;
    this.range = range;
  }

  void look(PartitionReader reader) throws IOException {
    for (ConsumerRecord<byte[], byte[]> one = reader.next(); one != null; one = reader.next()) {
      if (Arrays.equals(one.key(), key)) {
        look(one);
      } else if (otherHosts.size() < HOSTS_MAX) {
        noteOther(one.key());
      }
    }
  }

  private void look(ConsumerRecord<byte[], byte[]> one) {
    FleetRecord record;
    try {
      record = decoder.decode(one.key(), one.value(), one.headers());
    } catch (FleetRecordException e) {
      return; // said when it is read
    }
    Run run = runs.computeIfAbsent(record.run(), Run::new);
    run.firsts.putIfAbsent(
        new TopicPartition(one.topic(), one.partition()),
        new First(one.offset(), record.firstEvent()));
    run.firstMs = Math.min(run.firstMs, one.timestamp());
    run.lastMs = Math.max(run.lastMs, one.timestamp());
    if (record.type() == MessageCodec.Type.HEADER && run.info == null) {
      run.info = record.info();
    }
    run.isInRange |=
        record.type() == MessageCodec.Type.EVENTS
            && range.hasOffset(one.offset())
            && one.timestamp() >= range.sinceMs() - (range.sinceMs() < 0 ? 0 : BLOCK_MS)
            && one.timestamp() < range.untilMs();
  }

  private void noteOther(byte[] otherKey) {
    try {
      otherHosts.add(FleetRecord.hostOf(otherKey));
    } catch (FleetRecordException e) {
      // of no host
    }
  }

  /** The runs, oldest first. */
  List<Run> runs() {
    List<Run> all = new ArrayList<>(runs.values());
    all.sort((a, b) -> Long.compare(a.firstMs, b.firstMs));
    return all;
  }

  /** Some other hosts. */
  List<String> otherHosts() {
    return List.copyOf(otherHosts);
  }
}
