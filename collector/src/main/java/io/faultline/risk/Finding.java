package io.faultline.risk;

import java.util.List;

/**
 * What a rule has just seen of one cause; the {@link AlertBook} makes an alert of it.
 *
 * @param cause names it among those of the rule
 * @param severity how bad it is
 * @param isSeenTwice whether it is believed; what is not becomes a pending alert
 * @param why why it is not confirmed; empty when it is
 */
record Finding(
    Rule rule,
    String cause,
    Severity severity,
    boolean isSeenTwice,
    Alert.Subject subject,
    String title,
    long ns,
    Verdict verdict,
    String why,
    List<Alert.Evidence> evidence) {

  /** A finding that is believed and confirmed. */
  static Finding of(
      Rule rule,
      String cause,
      Alert.Subject subject,
      String title,
      long ns,
      List<Alert.Evidence> evidence) {
    return new Finding(
        rule, cause, rule.severity, true, subject, title, ns, Verdict.CONFIRMED, "", evidence);
  }

  static String idOf(Rule rule, String cause) {
    return rule.label() + ":" + cause;
  }

  String id() {
    return idOf(rule, cause);
  }

  Finding suspected(String newWhy) {
    return judged(Verdict.SUSPECTED, newWhy);
  }

  Finding unknown(String newWhy) {
    return judged(Verdict.UNKNOWN, newWhy);
  }

  private Finding judged(Verdict newVerdict, String newWhy) {
    return new Finding(
        rule, cause, severity, isSeenTwice, subject, title, ns, newVerdict, newWhy, evidence);
  }

  Finding seenOnce() {
    return new Finding(
        rule, cause, severity, false, subject, title, ns, Verdict.SUSPECTED, "seen once", evidence);
  }

  Finding as(Severity newSeverity) {
    return new Finding(
        rule, cause, newSeverity, isSeenTwice, subject, title, ns, verdict, why, evidence);
  }
}
