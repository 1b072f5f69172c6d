package io.faultline.cli;

import io.faultline.bundle.Redaction;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.Silence;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The stream once more, with other names of tasks, files and lock tables, through a pipeline of its
 * own: whatever a listener of it shows, it cannot show a name that it was never given. On the
 * pipeline's thread.
 */
final class Redacted {
  private final Pipeline pipeline;
  private final StreamConsumer consumer;

  Redacted(Redaction redaction, RuleSettings settings, StreamListener listener) {
    pipeline = new Pipeline(settings, listener);
    consumer = redaction.of(pipeline);
  }

  /** What the stream is about; the host keeps its name, whoever asks knows it. */
  static StreamInfo infoOf(StreamInfo info, Redaction redaction) {
    return new StreamInfo(
        info.hostName(),
        info.kernel(),
        info.bootId(),
        info.wallNs(),
        info.ktimeNs(),
        info.loader(),
        info.detail(),
        redaction.info(info).filters(),
        info.hooks(),
        info.clock());
  }

  StreamConsumer consumer() {
    return consumer;
  }

  List<Alert> alerts() {
    return pipeline.alerts();
  }

  void setRules(RuleSettings settings) {
    pipeline.setRules(settings);
  }

  /** Silences are judged with the real names; the same cause has the same id here and there. */
  static Function<Alert, Silence> silences(
      List<Alert> real, Function<Alert, Silence> silenceOfReal) {
    Map<String, Silence> silences = new HashMap<>();
    for (Alert alert : real) {
      Silence silence = silenceOfReal.apply(alert);
      if (silence != null) {
        silences.put(alert.id(), silence);
      }
    }
    return alert -> silences.get(alert.id());
  }
}
