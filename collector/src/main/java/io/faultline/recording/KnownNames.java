package io.faultline.recording;

import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The paths and names that a stream has given, to be given again where a segment or a part of a
 * topic begins. The least lately given go first when they are too many: a reader then shows a
 * number in their place. One thread.
 */
public final class KnownNames {
  /** Characters at most: some thousand paths, one part in sixty of a segment. */
  private static final int CHARS_MAX = 1 << 20;

  private record Key(NameKind kind, int dev, long id) {}

  private final Map<Key, String> names = new LinkedHashMap<>(16, 0.75f, true);
  private int chars;

  /**
   * Keeps a name.
   *
   * @param kind what it belongs to; {@code null} for the path of a file
   * @param dev of the file
   * @param id inode of the file, or id of something else
   * @return whether it was not known, or another one
   */
  public boolean put(NameKind kind, int dev, long id, String name) {
    if (name.length() > CHARS_MAX) {
      return false; // a recording does not keep it either
    }
    String before = names.put(new Key(kind, dev, id), name);
    chars += name.length() - (before == null ? 0 : before.length());
    for (Iterator<String> oldest = names.values().iterator(); chars > CHARS_MAX; ) {
      chars -= oldest.next().length();
      oldest.remove();
    }
    return !name.equals(before);
  }

  /** Gives all of them. */
  public void handOver(StreamConsumer consumer) {
    names.forEach(
        (key, name) -> {
          if (key.kind() == null) {
            consumer.onPath(key.dev(), key.id(), name);
          } else {
            consumer.onName(key.kind(), key.id(), name);
          }
        });
  }
}
