package io.faultline.source;

import java.io.Closeable;
import java.io.IOException;

/** A stream of events in the order in which they are to be matched. */
public interface EventSource extends Closeable {
  /** {@link #poll} when there will never be another event. */
  int END = -1;

  /** What the stream is about; fixed from the first call on. */
  StreamInfo info();

  /**
   * Hands over what is there, about {@code limit} events at most.
   *
   * @return how many events were handed over, 0 when none is there at the moment, {@link #END} when
   *     none will come
   * @throws IOException when the source cannot be read any further; what was handed over before
   *     stays valid
   */
  int poll(StreamConsumer consumer, int limit) throws IOException;
}
