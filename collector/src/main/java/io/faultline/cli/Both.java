package io.faultline.cli;

import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.nio.ByteBuffer;

/** A stream to two, one after the other. */
record Both(StreamConsumer first, StreamConsumer second) implements StreamConsumer {
  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    first.onEvent(buffer, offset);
    second.onEvent(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    first.onPath(dev, ino, path);
    second.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    first.onName(kind, id, name);
    second.onName(kind, id, name);
  }
}
