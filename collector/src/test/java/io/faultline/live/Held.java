package io.faultline.live;

import java.nio.file.Path;

/** A device whose I/O hangs for the processes that are written into {@code members}. */
record Held(String device, Path members) implements AutoCloseable {
  private static final String STALL = Live.ROOT.resolve("bpf/test/trigger/stall.sh").toString();

  static Held of(String device) throws Exception {
    return new Held(device, Path.of(Live.tool(STALL, "start", device)));
  }

  @Override
  public void close() throws Exception {
    Live.tool(STALL, "stop", device);
  }
}
