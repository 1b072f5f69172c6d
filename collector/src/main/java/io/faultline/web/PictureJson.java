package io.faultline.web;

import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockTable;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.source.StreamInfo;
import io.faultline.view.AttemptRing;
import io.faultline.view.History;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A picture as JSON, in the words of {@code report --json}. */
final class PictureJson {
  private PictureJson() {}

  private static long wallMs(Picture picture, long ktimeNs) {
    return picture.info().wallNsOf(ktimeNs) / 1_000_000;
  }

  static String info(StreamInfo info, Content content) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("host", info.hostName());
    map.put("kernel", info.kernel());
    map.put("loader", info.loader());
    map.put("detail", info.detail());
    map.put("filters", info.filters());
    map.put("start_ms", info.wallNs() / 1_000_000);
    List<Object> hooks = new ArrayList<>();
    info.hooks().forEach(hook -> hooks.add(Map.of("name", hook.name(), "via", hook.via())));
    map.put("hooks", hooks);
    map.put("views", content.views());
    map.put("can_silence", content.silences() != null);
    map.put("redacted", content.isRedacted());
    return Json.text(map);
  }

  static String now(Picture picture) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("sequence", picture.sequence());
    map.put(History.TIME, wallMs(picture, picture.timeNs()));
    Map<String, Object> point = new LinkedHashMap<>();
    if (!picture.rates().isEmpty()) {
      point.put(History.TIME, wallMs(picture, picture.ratesNs()));
      History.NAMES.forEach(name -> point.put(name, Json.rounded(picture.rates().get(name))));
    }
    map.put("point", point);
    Picture.Balance balance = picture.balance();
    Map<String, Object> sums = new LinkedHashMap<>();
    sums.put("complete", balance.isComplete());
    sums.put("hits", balance.hits());
    sums.put("emitted", balance.emitted());
    sums.put("aggregated", balance.aggregated());
    sums.put("skipped", balance.skipped());
    sums.put("lost", balance.lost());
    map.put("balance", sums);
    Map<String, Object> agent = new LinkedHashMap<>();
    agent.put("ring_used_bytes", picture.self().ringUsedBytes());
    agent.put("cpu_ratio", Math.round(picture.self().cpuRatio() * 10_000) / 10_000.0);
    agent.put("rss_bytes", picture.self().rssBytes());
    map.put("agent", agent);
    map.put("in_flight", picture.operations().stream().filter(Picture.Row::isInFlight).count());
    map.put("firing", picture.alerts().stream().filter(AlertJson::isTold).count());
    List<Object> devices = new ArrayList<>();
    for (Picture.Device device : picture.devices()) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("fs", device.fs());
      row.put("dev", device.dev());
      row.put("rw", device.isWrite() ? "write" : "read");
      row.put("operations", device.totals().operations());
      row.put("attempts", device.totals().attempts());
      row.put("retries", device.totals().retries());
      row.put("misses", device.totals().misses());
      row.put("bytes", device.totals().bytes());
      row.put("retry_ns", device.totals().retryNs());
      devices.add(row);
    }
    map.put("devices", devices);
    return Json.text(map);
  }

  static String history(History history) {
    Map<String, Object> map = new LinkedHashMap<>();
    history
        .columns()
        .forEach(
            (name, column) -> {
              List<Object> values = new ArrayList<>(column.length);
              for (double value : column) {
                values.add(Json.rounded(value));
              }
              map.put(name, values);
            });
    return Json.text(map);
  }

  static String operations(Picture picture) {
    List<Object> rows = new ArrayList<>();
    picture.operations().forEach(row -> rows.add(describe(picture, row)));
    return Json.text(Map.of("operations", rows));
  }

  private static Map<String, Object> describe(Picture picture, Picture.Row row) {
    Operation operation = row.operation();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", row.id());
    map.put("pid", operation.pid());
    map.put("tid", operation.tid());
    map.put("comm", operation.comm());
    map.put("dev", FileSystems.devOf(operation.dev()));
    map.put("fs", operation.fs());
    map.put("ino", operation.ino());
    map.put("path", row.path());
    map.put("rw", operation.isWrite() ? "write" : "read");
    map.put("pos", operation.pos());
    map.put("requested", operation.requested());
    map.put("done", operation.done());
    map.put("attempts", operation.attempts());
    map.put("retries", operation.retries());
    map.put("start_ms", wallMs(picture, operation.startNs()));
    map.put("duration_ns", operation.durationNs());
    map.put("retry_ns", operation.retryNs());
    map.put("lock_wait_ns", operation.lockWaitNs());
    map.put("outcome", row.isInFlight() ? "in_flight" : word(operation.outcome()));
    return map;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** One operation with its steps, whose times are from its begin. */
  static String operation(Picture picture, Picture.Row row) {
    long startNs = row.operation().startNs();
    List<Object> steps = new ArrayList<>();
    for (AttemptRing.Step step : row.attempts()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("kind", "attempt");
      map.put("index", step.index());
      map.put("begin_ns", step.beginNs() - startNs);
      map.put("end_ns", step.endNs() - startNs);
      map.put("end", word(step.end()));
      steps.add(map);
    }
    for (LockWait wait : row.operation().waits()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("kind", "lock_wait");
      map.put("begin_ns", wait.requestNs() - startNs);
      map.put("end_ns", wait.endNs() - startNs);
      map.put("lock", (wait.lockClass().label + " " + wait.lockName()).strip());
      map.put("mode", wait.mode().label);
      map.put("place", word(wait.place()));
      map.put("holder", wait.holder() == null ? null : wait.holder().comm());
      steps.add(map);
    }
    Map<String, Object> all = describe(picture, row);
    all.put("steps", steps);
    all.put("steps_complete", row.attempts().size() == row.operation().attempts());
    return Json.text(all);
  }

  static String locks(Picture picture) {
    List<Object> list = new ArrayList<>();
    for (Picture.Lock lock : picture.locks()) {
      LockTable.Key key = lock.key();
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("class", key.lockClass().label);
      map.put("name", LockNames.of(key.lockClass(), key.type(), key.number()));
      map.put("dev", key.dev() == 0 ? "" : FileSystems.devOf(key.dev()));
      map.put("path", lock.path());
      List<Object> requests = new ArrayList<>();
      lock.requests().forEach(request -> requests.add(describe(picture, request)));
      map.put("requests", requests);
      list.add(map);
    }
    return Json.text(Map.of("locks", list, "omitted", picture.locksOmitted()));
  }

  private static Map<String, Object> describe(Picture picture, Picture.Request of) {
    LockTable.Request request = of.request();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("tid", request.tid());
    map.put("pid", request.tgid());
    map.put("comm", request.comm());
    map.put("role", request.isWaiting() ? "waits" : "holds");
    map.put("mode", request.mode().label);
    long sinceNs = request.isWaiting() ? request.requestNs() : request.grantNs();
    map.put("since_ns", picture.timeNs() - sinceNs);
    map.put("since_ms", wallMs(picture, sinceNs));
    map.put("holder_tid", request.holderTid());
    map.put("holder_comm", of.holderComm());
    map.put("doing", of.doing());
    map.put("stack", of.stack());
    return map;
  }
}
