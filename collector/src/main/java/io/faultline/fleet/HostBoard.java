package io.faultline.fleet;

import io.faultline.alert.Notice;
import io.faultline.alert.Silences;
import io.faultline.risk.Silence;
import io.faultline.view.FleetPicture;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the hosts of this collector are like now, for a page: whoever works on a partition puts up
 * what it has, once a second, and takes it away when the partition goes to another collector. Any
 * thread.
 */
public final class HostBoard {
  private record Part(List<FleetPicture.Host> hosts, List<FleetPicture.HostAlert> alerts) {}

  private final Silences silences;
  private final Map<Object, Part> parts = new ConcurrentHashMap<>();

  /** Nothing yet; {@code silences} say which alerts nobody is told of. */
  public HostBoard(Silences silences) {
    this.silences = silences;
  }

  /** An alert of a host, or of the nodes of a cluster, as the page has it. */
  FleetPicture.HostAlert rowOf(String host, Notice notice, long nowMs) {
    Silence silence = silences.find(notice.alert(), notice.path(), nowMs * 1_000_000);
    return new FleetPicture.HostAlert(
        host,
        new Picture.AlertRow(notice.alert(), notice.path(), notice.stacks(), silence),
        notice.info()::wallNsOf);
  }

  void show(Object owner, List<FleetPicture.Host> hosts, List<FleetPicture.HostAlert> alerts) {
    parts.put(owner, new Part(hosts, alerts));
  }

  void forget(Object owner) {
    parts.remove(owner);
  }

  /** All of it. */
  public FleetPicture picture(String name, long timeMs) {
    List<FleetPicture.Host> hosts = new ArrayList<>();
    List<FleetPicture.HostAlert> alerts = new ArrayList<>();
    for (Part part : parts.values()) {
      hosts.addAll(part.hosts);
      alerts.addAll(part.alerts);
    }
    hosts.sort(Comparator.comparing(FleetPicture.Host::name));
    return new FleetPicture(name, timeMs, hosts, alerts);
  }
}
