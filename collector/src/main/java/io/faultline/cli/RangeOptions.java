package io.faultline.cli;

import io.faultline.journal.JournalRange;
import java.time.Instant;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A stretch of time of what was recorded. */
final class RangeOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = InstantConverter.class,
      description = "what happened from then on: 2026-11-23T14:03:11Z, or 10m for ten minutes ago")
  private Instant since;

  @Option(
      names = "--until",
      paramLabel = "TIME",
      converter = InstantConverter.class,
      description = "what happened before then")
  private Instant until;

  /** The range; the wrong way round it is a usage error. */
  JournalRange range() {
    try {
      return new JournalRange(
          since == null ? Instant.MIN : since, until == null ? Instant.MAX : until);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
    }
  }
}
