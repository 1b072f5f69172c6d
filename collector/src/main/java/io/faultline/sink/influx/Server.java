package io.faultline.sink.influx;

import java.util.List;

/** The calls that both clients have. */
interface Server extends AutoCloseable {
  /** Returns when all lines are written. */
  void write(List<String> lines) throws WriteFailure;

  /** Creates the database. */
  void create() throws WriteFailure;

  @Override
  void close();
}
