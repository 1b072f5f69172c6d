package io.faultline.cluster;

/**
 * One task waits for another one.
 *
 * @param from what it waits in
 * @param held what the other one holds that is in the way; {@code null} when it only stands before
 *     it, or the kernel named it
 */
record WaitsFor(Member.Seen from, Member.Seen held, String words) {

  boolean isComplete() {
    return from.isComplete && (held == null || held.isComplete);
  }

  long beginWallNs() {
    return held == null ? from.beginWallNs() : Math.max(from.beginWallNs(), held.beginWallNs());
  }

  long lastWallNs() {
    return held == null ? from.lastWallNs() : Math.min(from.lastWallNs(), held.lastWallNs());
  }

  String text(long nowNs) {
    String begin =
        String.format(
            "on %s waits for %s %s since %s, ",
            from.host,
            from.request.mode().label,
            ClusterGraph.nameOf(from.lock),
            ClusterGraph.duration(nowNs - from.beginWallNs()));
    if (held == null) {
      return begin + words;
    }
    return String.format(
        "%swhich %s on %s holds %s since %s%s",
        begin,
        ClusterGraph.nameOf(held),
        held.host,
        held.request.mode().label,
        ClusterGraph.duration(nowNs - held.beginWallNs()),
        held.isWanted ? " and another node wants" : "");
  }
}
