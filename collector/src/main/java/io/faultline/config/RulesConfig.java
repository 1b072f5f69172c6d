package io.faultline.config;

import io.faultline.risk.RuleSettings;
import io.faultline.risk.Silence;
import java.util.List;

/**
 * How alerts are found, and which of them nobody wants to be told of.
 *
 * @param settings of the rules
 * @param silences that the file names
 */
public record RulesConfig(RuleSettings settings, List<Silence> silences) {
  /** Every rule with its default, nothing silenced. */
  public static final RulesConfig DEFAULT = new RulesConfig(RuleSettings.DEFAULT, List.of());

  /** Copies the list. */
  public RulesConfig {
    silences = List.copyOf(silences);
  }
}
