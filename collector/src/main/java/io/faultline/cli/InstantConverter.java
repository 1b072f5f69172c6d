package io.faultline.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads times: {@code 2026-11-23T14:03:11Z}, the same with an offset, or without one in the local
 * zone; or how long ago, as {@link DurationConverter} reads it.
 */
final class InstantConverter implements ITypeConverter<Instant> {
  @Override
  public Instant convert(String text) {
    try {
      TemporalAccessor time =
          DateTimeFormatter.ISO_DATE_TIME.parseBest(text, Instant::from, LocalDateTime::from);
      return time instanceof LocalDateTime local
          ? local.atZone(ZoneId.systemDefault()).toInstant()
          : (Instant) time;
    } catch (DateTimeException e) {
      return ago(text);
    }
  }

  private static Instant ago(String text) {
    try {
      return Instant.now().minus(new DurationConverter().convert(text));
    } catch (TypeConversionException e) {
      throw new TypeConversionException(
          text + " (expected: a time such as 2026-11-23T14:03:11Z, or how long ago, such as 10m)");
    }
  }
}
