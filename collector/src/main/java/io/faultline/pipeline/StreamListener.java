package io.faultline.pipeline;

import io.faultline.event.EventHandler;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.risk.Alert;
import io.faultline.source.NameKind;

/**
 * Takes a stream's events, in order, and what the matcher and the rules made of them; what it does
 * not care for it leaves out. Everything comes on the pipeline's thread; views of events and
 * operations are valid only during the call.
 *
 * <p>An event comes before what was made of it.
 */
public interface StreamListener extends EventHandler, OperationListener {
  @Override
  default void onOperation(Operation operation) {}

  @Override
  default void onInFlight(Operation operation) {}

  /** An alert began, changed its state, or ended. */
  default void onAlert(Alert alert) {}

  /** As {@link io.faultline.source.StreamConsumer#onPath}. */
  default void onPath(int dev, long ino, String path) {}

  /** As {@link io.faultline.source.StreamConsumer#onName}. */
  default void onName(NameKind kind, long id, String name) {}

  /** The stream has ended; nothing follows. */
  default void onEnd(StreamEnd end) {}
}
