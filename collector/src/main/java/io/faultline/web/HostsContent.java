package io.faultline.web;

import io.faultline.alert.Silences;
import io.faultline.view.FleetPicture;
import io.faultline.view.History;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a collector has to show: its hosts and all their alerts. Whoever collects hands a picture
 * over with {@link #show}, twice a second at most; the server never asks it anything.
 */
public final class HostsContent implements Content {
  private final Silences silences;
  private FleetPicture picture;
  private long version;

  /**
   * Nothing yet.
   *
   * @param name of the collector
   * @param silences that the page may change; {@code null} when none can be
   */
  public HostsContent(String name, Silences silences) {
    this.silences = silences;
    picture = new FleetPicture(name, System.currentTimeMillis(), List.of(), List.of());
  }

  /** This is to be seen now. Any thread. */
  public synchronized void show(FleetPicture newPicture) {
    picture = newPicture;
    version++;
    notifyAll();
  }

  private synchronized FleetPicture picture() {
    return picture;
  }

  @Override
  public List<String> views() {
    return List.of("hosts", "alerts");
  }

  @Override
  public Map<String, Supplier<String>> documents() {
    Map<String, Supplier<String>> documents = new LinkedHashMap<>();
    documents.put("info", this::info);
    documents.put("now", this::now);
    documents.put("hosts", this::hosts);
    documents.put("alerts", () -> AlertJson.alerts(picture()));
    return documents;
  }

  private String info() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("host", picture().name());
    map.put("views", views());
    map.put("can_silence", silences != null);
    map.put("redacted", false);
    return Json.text(map);
  }

  private String now() {
    FleetPicture now = picture();
    long[] sums = new long[2];
    boolean isComplete = true;
    for (FleetPicture.Host host : now.hosts()) {
      sums[0] += host.hits();
      sums[1] += host.lost();
      isComplete &= host.lost() == 0;
    }
    Map<String, Object> balance = new LinkedHashMap<>();
    balance.put("complete", isComplete);
    balance.put("hits", sums[0]);
    balance.put("lost", sums[1]);
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(History.TIME, now.timeMs());
    map.put("balance", balance);
    map.put("firing", now.alerts().stream().filter(row -> AlertJson.isTold(row.alert())).count());
    return Json.text(map);
  }

  private String hosts() {
    List<Object> list = new ArrayList<>();
    for (FleetPicture.Host host : picture().hosts()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("host", host.name());
      map.put("last_seen_ms", host.lastSeenMs());
      Map<String, Object> rates = new LinkedHashMap<>();
      host.rates().forEach((name, value) -> rates.put(name, Json.rounded(value)));
      map.put("point", rates);
      map.put("waiting", host.waiting());
      map.put("firing", host.firing());
      map.put("complete", host.lost() == 0);
      map.put("hits", host.hits());
      map.put("lost", host.lost());
      list.add(map);
    }
    return Json.text(Map.of("hosts", list));
  }

  @Override
  public Silences silences() {
    return silences;
  }

  @Override
  public synchronized long version() {
    return version;
  }

  @Override
  public synchronized long newer(long than, long timeoutMs) throws InterruptedException {
    long untilNs = System.nanoTime() + timeoutMs * 1_000_000;
    while (version <= than) {
      long leftMs = (untilNs - System.nanoTime()) / 1_000_000;
      if (leftMs <= 0) {
        return than;
      }
      wait(leftMs);
    }
    return version;
  }
}
