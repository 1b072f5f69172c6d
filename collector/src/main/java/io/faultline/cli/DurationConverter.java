package io.faultline.cli;

import io.faultline.config.Quantity;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads durations as {@link Quantity} does; a bare number is seconds. */
final class DurationConverter implements ITypeConverter<Duration> {
  @Override
  public Duration convert(String text) {
    Duration duration = Quantity.duration(text.matches("\\d+") ? text + "s" : text);
    if (duration == null) {
      throw new TypeConversionException(text + " (expected: " + Quantity.A_DURATION + ")");
    }
    return duration;
  }
}
