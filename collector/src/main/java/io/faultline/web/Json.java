package io.faultline.web;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;

/** Maps, lists, numbers and strings as JSON. */
final class Json {
  private static final JSON WITH_NULLS = JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES);

  private Json() {}

  static String text(Object value) {
    try {
      return WITH_NULLS.asString(value);
    } catch (IOException e) {
      throw new IllegalStateException(e); // maps, lists, numbers and strings can always be JSON
    }
  }

  /** Whole numbers where the rest says nothing: a page has no use for 16 digits. */
  static Object rounded(double value) {
    if (value >= 100 || value == Math.rint(value)) {
      return Math.round(value);
    }
    return Math.round(value * 100) / 100.0;
  }
}
