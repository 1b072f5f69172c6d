package io.faultline.fleet;

import io.faultline.kafka.Topics;
import io.faultline.risk.RuleSettings;
import java.time.Duration;

/**
 * How a collector works, apart from where its brokers are.
 *
 * @param topics names of the topics
 * @param rules how the rules judge
 * @param runsMax runs that are followed in one partition at most; the one that said nothing for
 *     longest is given up for a new one
 * @param snapshotEvery state of a run that goes on is written down at least that often; so much of
 *     the topic is read again after a crash
 * @param clockError how wrong the wall clock of a node of a cluster may be
 */
public record FleetSettings(
    Topics topics, RuleSettings rules, int runsMax, Duration snapshotEvery, Duration clockError) {
  /** Where nothing else is said. */
  public static final FleetSettings DEFAULT =
      new FleetSettings(
          Topics.DEFAULT,
          RuleSettings.DEFAULT,
          2000,
          Duration.ofSeconds(30),
          Duration.ofSeconds(1));

  /** The topic of a result. */
  String topicOf(Result.Kind kind) {
    return switch (kind) {
      case OPERATION -> topics.operations();
      case LOCK_WAIT -> topics.lockWaits();
      case ALERT -> topics.alerts();
      case DEAD_LETTER -> topics.deadLetters();
      case LOOK -> throw new IllegalArgumentException("kind: LOOK (expected: one with a topic)");
    };
  }
}
