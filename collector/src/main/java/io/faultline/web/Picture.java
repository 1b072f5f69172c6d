package io.faultline.web;

import java.util.Map;

/**
 * All that the page shows at one moment, as JSON; immutable.
 *
 * @param sequence grows with every picture
 * @param info what the stream is about
 * @param now totals, balance and the last point of the history
 * @param operations the costliest and the latest operations, without their steps
 * @param details the steps of each of these, by its id
 * @param locks who waits for which lock, and who holds it
 * @param alerts all alerts
 */
record Picture(
    long sequence,
    String info,
    String now,
    String operations,
    Map<String, String> details,
    String locks,
    String alerts) {

  /** Copies the map. */
  Picture {
    details = Map.copyOf(details);
  }
}
