package io.faultline.config;

import io.faultline.budget.BudgetLimits;
import java.nio.file.Path;

/**
 * Everything that the agent's file says.
 *
 * @param source what is watched
 * @param budget what all of it may cost
 * @param rules how alerts are found
 * @param alerts where they go
 * @param journal where events are kept
 * @param web where the page is served
 * @param influx where series go
 * @param kafka where the stream goes, for a fleet
 * @param stateDir where the agent keeps what it must know after a restart; {@code null} for nowhere
 */
public record AgentConfig(
    SourceConfig source,
    BudgetLimits budget,
    RulesConfig rules,
    AlertsConfig alerts,
    JournalConfig journal,
    WebConfig web,
    InfluxConfig influx,
    KafkaConfig kafka,
    Path stateDir) {
  /** What is used without a file. */
  public static final AgentConfig DEFAULT =
      new AgentConfig(
          SourceConfig.DEFAULT,
          BudgetLimits.DEFAULT,
          RulesConfig.DEFAULT,
          AlertsConfig.DEFAULT,
          JournalConfig.DEFAULT,
          WebConfig.DEFAULT,
          InfluxConfig.DEFAULT,
          KafkaConfig.DEFAULT,
          null);

  /** The same with the page elsewhere. */
  public AgentConfig with(WebConfig newWeb) {
    return new AgentConfig(source, budget, rules, alerts, journal, newWeb, influx, kafka, stateDir);
  }

  /** The same with another journal. */
  public AgentConfig with(JournalConfig newJournal) {
    return new AgentConfig(source, budget, rules, alerts, newJournal, web, influx, kafka, stateDir);
  }

  /** The same with another Kafka. */
  public AgentConfig with(KafkaConfig newKafka) {
    return new AgentConfig(source, budget, rules, alerts, journal, web, influx, newKafka, stateDir);
  }
}
