package io.faultline.risk;

import java.util.Map;
import java.util.Set;

/**
 * How the rules judge.
 *
 * @param thresholds from where on something is an alert
 * @param severities of rules whose alerts all have this severity, whatever was seen
 * @param off rules that find nothing
 */
public record RuleSettings(Thresholds thresholds, Map<Rule, Severity> severities, Set<Rule> off) {
  /** What is used unless something else is asked for. */
  public static final RuleSettings DEFAULT = of(Thresholds.DEFAULT);

  /** Copies the collections. */
  public RuleSettings {
    severities = Map.copyOf(severities);
    off = Set.copyOf(off);
  }

  /** Every rule, each with the severity that it finds. */
  public static RuleSettings of(Thresholds thresholds) {
    return new RuleSettings(thresholds, Map.of(), Set.of());
  }

  Severity severityOf(Finding finding) {
    return severities.getOrDefault(finding.rule(), finding.severity());
  }
}
