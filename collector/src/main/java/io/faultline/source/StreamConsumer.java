package io.faultline.source;

import java.nio.ByteBuffer;

/** Takes a stream: event bytes, and the paths of files that the events name by inode. */
public interface StreamConsumer {
  /**
   * One event.
   *
   * @param buffer little-endian; {@link io.faultline.event.Event#BYTES} bytes from {@code offset},
   *     valid during the call
   */
  void onEvent(ByteBuffer buffer, int offset);

  /**
   * The path of a file, found out while a process had it open. Comes after the first event that
   * names the file.
   */
  void onPath(int dev, long ino, String path);

  /**
   * The name of something else that events give a number of. Comes after the first event that gives
   * it.
   */
  default void onName(NameKind kind, long id, String name) {}
}
