package io.faultline.export;

import java.util.ArrayList;
import java.util.List;

/** Puts intervals that come in order of their begin into as few lanes as keep them apart. */
final class Lanes {
  private final List<Long> endsNs = new ArrayList<>();

  /** The number of the interval's lane, from 0. */
  int place(long beginNs, long endNs) {
    for (int lane = 0; lane < endsNs.size(); lane++) {
      if (endsNs.get(lane) <= beginNs) {
        endsNs.set(lane, endNs);
        return lane;
      }
    }
    endsNs.add(endNs);
    return endsNs.size() - 1;
  }
}
