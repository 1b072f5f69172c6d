package io.faultline.kafka;

import java.io.IOException;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Kafka cannot be used; the message is one sentence that says what to do, without secrets. */
public final class KafkaProblem extends IOException {
  private static final long serialVersionUID = 1L;

  private static final int TEXT_CHARS_MAX = 300;

  private KafkaProblem(String message, Throwable cause) {
    super(message, cause);
  }

  /** A problem that Kafka's clients have no exception for. */
  static KafkaProblem of(String message) {
    return new KafkaProblem(message, null);
  }

  /**
   * What an exception of Kafka's clients means.
   *
   * @param topic that was used
   * @param acl what one must be allowed to do with it, such as {@code Write and Describe}
   */
  public static KafkaProblem of(
      Throwable thrown, KafkaSettings settings, String topic, String acl) {
    Throwable why = unwrap(thrown);
    String brokers = settings.bootstrap();
    String text;
    if (why instanceof SslAuthenticationException) {
      text =
          brokers
              + ": TLS failed: "
              + textOf(innermost(why))
              + " (expected: a certificate that ssl.truststore.* trusts, for the name that bootstrap"
              + " has)";
    } else if (why instanceof SaslAuthenticationException) {
      text =
          brokers
              + ": the broker does not know this user: "
              + textOf(why)
              + " (expected: sasl.mechanism and sasl.jaas.config of a user that it knows)";
    } else if (why instanceof TopicAuthorizationException denied) {
      String names = String.join(", ", new TreeSet<>(denied.unauthorizedTopics()));
      text = sentence(names.isEmpty() ? topic : names, acl, "the topic");
    } else if (why instanceof GroupAuthorizationException denied) {
      String name = denied.groupId() == null ? "group" : "group " + denied.groupId();
      text = sentence(name, "Read and Describe", "the group");
    } else if (why instanceof TransactionalIdAuthorizationException) {
      text =
          sentence(
              "transactional id",
              "Write and Describe",
              "transactional ids that begin with the application's name");
    } else if (why instanceof RecordTooLargeException) {
      text =
          topic
              + ": does not take a record: "
              + textOf(why)
              + " (expected: max.message.bytes of the topic and max.request.size above it)";
    } else if (why instanceof ClusterAuthorizationException) {
      text =
          topic
              + ": not allowed: "
              + textOf(why)
              + " (expected: an ACL for it, or a topic that exists)";
    } else if (why instanceof AuthorizationException) {
      text = topic + ": not allowed: " + textOf(why) + " (expected: ACLs " + acl + ")";
    } else if (why instanceof UnknownTopicOrPartitionException) {
      text = topic + ": no such topic at " + brokers + " (expected: an existing one)";
    } else if (why instanceof InvalidReplicationFactorException) {
      text = topic + ": cannot be made: " + textOf(why) + " (expected: as many brokers)";
    } else if (why instanceof TimeoutException) {
      text =
          brokers
              + ": no answer (expected: a broker that listens there, with the security.protocol that"
              + " is configured)";
    } else if (String.valueOf(innermost(why).getMessage()).contains("bootstrap")) {
      text = brokers + ": has no address (expected: HOST:PORT of brokers)";
    } else if (why instanceof ConfigException
        || (why instanceof KafkaException && why.getCause() != null)) {
      text = brokers + ": " + textOf(innermost(why)) + " (expected: properties that Kafka takes)";
    } else {
      text = brokers + ": " + textOf(why);
    }
    return new KafkaProblem("kafka: " + settings.withoutSecrets(text), why);
  }

  /** This user may not do with {@code what}, which is {@code where}, what is to be done. */
  public static KafkaProblem notAllowed(String what, String acl, String where) {
    return new KafkaProblem("kafka: " + sentence(what, acl, where), null);
  }

  private static String sentence(String what, String acl, String where) {
    return what + ": not allowed (expected: ACLs " + acl + " for this user on " + where + ")";
  }

  private static Throwable unwrap(Throwable thrown) {
    Throwable why = thrown;
    while ((why instanceof ExecutionException || why instanceof CompletionException)
        && why.getCause() != null) {
      why = why.getCause();
    }
    return why;
  }

  private static Throwable innermost(Throwable thrown) {
    Throwable why = thrown;
    while (why.getCause() != null && why.getCause().getMessage() != null) {
      why = why.getCause();
    }
    return why;
  }

  /** One line, not too long. */
  private static String textOf(Throwable why) {
    String text = why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage();
    String line = text.strip().replaceAll("\\s+", " ").replaceAll("[.!]$", "");
    return line.length() > TEXT_CHARS_MAX ? line.substring(0, TEXT_CHARS_MAX) + "..." : line;
  }
}
