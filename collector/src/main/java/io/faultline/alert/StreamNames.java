package io.faultline.alert;

import io.faultline.risk.Alert;
import io.faultline.source.NameKind;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Paths and stacks of a stream without end: those asked for or told longest ago make room. One
 * thread.
 */
public final class StreamNames implements Serializable {
  private static final int NAMES_MAX = 4096;

  private record File(int dev, long ino) implements Serializable {}

  private final Map<File, String> paths = new Latest<>();
  private final Map<Long, String> stacks = new Latest<>();

  private static final class Latest<K> extends LinkedHashMap<K, String> {
    private static final long serialVersionUID = 1L;

    Latest() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, String> eldest) {
      return size() > NAMES_MAX;
    }
  }

  /** As {@link io.faultline.source.StreamConsumer#onPath}. */
  public void onPath(int dev, long ino, String path) {
    paths.put(new File(dev, ino), path);
  }

  /** As {@link io.faultline.source.StreamConsumer#onName}. */
  public void onName(NameKind kind, long id, String name) {
    if (kind == NameKind.STACK) {
      stacks.put(id, name);
    }
  }

  /** The path of the file that an alert is about; {@code null} when it is not known. */
  public String pathOf(Alert alert) {
    Alert.Subject subject = alert.subject();
    return subject.ino() == 0 ? null : paths.get(new File(subject.dev(), subject.ino()));
  }

  /** The path of a file; {@code null} when it is not known. */
  public String pathOf(int dev, long ino) {
    return paths.get(new File(dev, ino));
  }

  /** The functions of a stack, innermost first; empty when it is not known. */
  public List<String> stackOf(int stack) {
    String text = stacks.get((long) stack);
    return text == null ? List.of() : List.of(text.split(";"));
  }

  /** The stacks of an alert's evidence. */
  public List<List<String>> stacksOf(Alert alert) {
    return alert.evidence().stream().map(evidence -> stackOf(evidence.stack())).toList();
  }
}
