package io.faultline.metric;

import io.faultline.match.Operation;
import io.faultline.match.Outcome;
import io.faultline.metric.MetricName.Measurement;
import io.faultline.source.StreamInfo;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/** The operations of an interval that are worth a point of their own. */
final class Costliest {
  private static final Comparator<Operation> BY_COST =
      Comparator.comparingLong(Operation::retryNs).thenComparingLong(Operation::durationNs);

  private static final int PATHS_MAX = 8192;

  private record FileKey(int dev, long ino) {}

  private final StreamInfo info;
  private final MetricSettings settings;
  private final PriorityQueue<Operation> operations = new PriorityQueue<>(BY_COST);
  private final Map<FileKey, String> paths =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<FileKey, String> eldest) {
          return size() > PATHS_MAX;
        }
      };

  Costliest(StreamInfo info, MetricSettings settings) {
    this.info = info;
    this.settings = settings;
  }

  void onPath(int dev, long ino, String path) {
    paths.put(new FileKey(dev, ino), path);
  }

  /** Whether an operation fell out: this one, or one that it took the place of. */
  boolean offer(Operation operation) {
    if (operation.retries() == 0
        && operation.durationNs() < settings.slowNs()
        && operation.outcome() == Outcome.DIRECT) {
      return false;
    }
    if (operations.size() < settings.operationsMax()) {
      operations.add(operation.copy());
      return false;
    }
    if (BY_COST.compare(operation, operations.peek()) > 0) {
      operations.poll();
      operations.add(operation.copy());
    }
    return true;
  }

  /** The interval's points; the next one begins. */
  List<Point> close() {
    List<Point> points = operations.stream().map(this::pointOf).toList();
    operations.clear();
    return points;
  }

  private Point pointOf(Operation operation) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(MetricName.OPERATION_PID.field(), (long) operation.pid());
    fields.put(MetricName.OPERATION_COMM.field(), operation.comm());
    fields.put(MetricName.OPERATION_INO.field(), operation.ino());
    String path = paths.get(new FileKey(operation.dev(), operation.ino()));
    if (path != null) {
      fields.put(MetricName.OPERATION_PATH.field(), path);
    }
    fields.put(MetricName.OPERATION_ATTEMPTS.field(), (long) operation.attempts());
    fields.put(MetricName.OPERATION_RETRY_NS.field(), operation.retryNs());
    fields.put(MetricName.OPERATION_LOCK_WAIT_NS.field(), operation.lockWaitNs());
    fields.put(MetricName.OPERATION_DURATION_NS.field(), operation.durationNs());
    return new Point(
        Measurement.OPERATION,
        List.of(
            info.hostName(),
            operation.fs(),
            operation.isWrite() ? "write" : "read",
            operation.outcome().label()),
        fields,
        info.wallNsOf(operation.startNs()));
  }
}
