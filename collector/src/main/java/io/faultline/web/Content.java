package io.faultline.web;

import io.faultline.alert.Silences;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a {@link WebServer} has to show. Asked on the server's threads: nothing here may wait for
 * whoever makes it, but for {@link #newer}.
 */
public interface Content {
  /**
   * The views of the page, in the order of their links: of {@code hosts}, {@code now}, {@code
   * operations}, {@code locks} and {@code alerts}. A view shows the document of its name; {@code
   * now} needs {@code history} too, and {@code operations} the {@link #item}s.
   */
  List<String> views();

  /**
   * The documents below {@code /api/v1/}, by name: JSON objects of the latest state. Each is asked
   * for at most once for a version, however many clients there are. There must be {@code info} and
   * {@code now}, which is also what the stream sends.
   */
  Map<String, Supplier<String>> documents();

  /** One thing of a document, as JSON; {@code null} when there is none of that id. */
  default String item(String document, String id) {
    return null;
  }

  /** The silences that the page may change; {@code null} where none can be. */
  default Silences silences() {
    return null;
  }

  /** Whether names in the documents are not the real ones: a silence then takes no path. */
  default boolean isRedacted() {
    return false;
  }

  /** Somebody has opened the page, and will ask for documents soon. */
  default void announce() {}

  /** Grows whenever there is something else to be seen. */
  long version();

  /** Waits until there is a newer version than that, and returns it; the same when none came. */
  long newer(long version, long timeoutMs) throws InterruptedException;
}
