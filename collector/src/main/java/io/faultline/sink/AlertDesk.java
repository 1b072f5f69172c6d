package io.faultline.sink;

import io.faultline.alert.Notice;
import io.faultline.alert.Silences;
import io.faultline.alert.StreamNames;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.source.NameKind;
import io.faultline.source.StreamInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Tells the sinks of alerts that fire, unless they are silenced, and of their end when they were
 * told of the beginning. On the pipeline's thread.
 */
public final class AlertDesk implements StreamListener {
  private final StreamInfo info;
  private final Silences silences;
  private final ToLongFunction<Alert> wallNs;
  private final StreamNames names = new StreamNames();
  private final Set<String> told = new HashSet<>();
  private List<AlertSink> sinks;

  /**
   * A desk of a stream.
   *
   * @param wallNs the wall-clock time at which an alert's silences are judged: now, or in a replay
   *     the time of the alert
   */
  public AlertDesk(
      StreamInfo info, Silences silences, ToLongFunction<Alert> wallNs, List<AlertSink> sinks) {
    this.info = info;
    this.silences = silences;
    this.wallNs = wallNs;
    this.sinks = List.copyOf(sinks);
  }

  /** Other sinks from now on; the new ones among them are told of what fires. Closes none. */
  public void setSinks(List<AlertSink> newSinks, List<Alert> alerts) {
    List<AlertSink> before = sinks;
    sinks = List.copyOf(newSinks);
    for (Alert alert : alerts) {
      if (alert.state() == Alert.State.FIRING && told.contains(alert.id())) {
        Notice notice = notice(alert, null);
        sinks.stream().filter(sink -> !before.contains(sink)).forEach(s -> s.deliver(notice));
      }
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    names.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    names.onName(kind, id, name);
  }

  @Override
  public void onAlert(Alert alert) {
    switch (alert.state()) {
      case PENDING -> {} // it must be seen again to be believed
      case FIRING -> judge(alert);
      case RESOLVED -> {
        if (told.remove(alert.id())) {
          deliver(notice(alert, null));
        }
      }
    }
  }

  /** Looks at all alerts of the stream: silences may have begun or ended since. */
  public void look(List<Alert> alerts) {
    if (alerts.isEmpty() && told.isEmpty()) {
      return;
    }
    Set<String> firing = new HashSet<>();
    for (Alert alert : alerts) {
      if (alert.state() == Alert.State.FIRING) {
        firing.add(alert.id());
        judge(alert);
      }
    }
    // What the book gave up for want of room ends without a word.
    for (String id : List.copyOf(told)) {
      if (!firing.contains(id)) {
        withdraw(id);
      }
    }
  }

  private void judge(Alert alert) {
    boolean isSilenced = silenceOf(alert) != null;
    if (!isSilenced && told.add(alert.id())) {
      deliver(notice(alert, null));
    } else if (isSilenced && told.contains(alert.id())) {
      withdraw(alert.id());
    }
  }

  private void withdraw(String id) {
    told.remove(id);
    sinks.forEach(sink -> sink.withdraw(id));
  }

  private void deliver(Notice notice) {
    sinks.forEach(sink -> sink.deliver(notice));
  }

  /** The silence that covers the alert now; {@code null} when it is told of. */
  public Silence silenceOf(Alert alert) {
    return silences.find(alert, names.pathOf(alert), wallNs.applyAsLong(alert));
  }

  /** The alert as people are told of it, with the silence that covers it now. */
  public Notice noticeOf(Alert alert) {
    return notice(alert, silenceOf(alert));
  }

  private Notice notice(Alert alert, Silence silence) {
    return new Notice(alert, info, names.pathOf(alert), names.stacksOf(alert), silence);
  }
}
