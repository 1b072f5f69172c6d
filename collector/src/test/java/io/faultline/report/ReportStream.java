package io.faultline.report;

import io.faultline.pipeline.Pipeline;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.ByteBuffer;

/** A stream whose report is wanted. */
final class ReportStream implements StreamConsumer {
  final ReportBuilder builder;
  private final Pipeline pipeline;

  ReportStream(StreamInfo info) {
    this(new ReportBuilder(info));
  }

  ReportStream(ReportBuilder builder) {
    this.builder = builder;
    pipeline = new Pipeline(builder);
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    pipeline.onEvent(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    pipeline.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    pipeline.onName(kind, id, name);
  }

  Report build() {
    pipeline.finish();
    return builder.build();
  }
}
