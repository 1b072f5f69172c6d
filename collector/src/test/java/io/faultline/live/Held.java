package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A device whose I/O hangs for the processes that are written into {@code members}. */
record Held(String device, Path members) implements AutoCloseable {
  private static final String STALL = Live.ROOT.resolve("bpf/test/trigger/stall.sh").toString();

  static Held of(String device) throws Exception {
    return new Held(device, Path.of(Live.tool(STALL, "start", device)));
  }

  /** A process whose read of that file hangs from now on. */
  Process read(Path file) throws Exception {
    Process reader =
        new ProcessBuilder(Live.trigger(), "--file", file.toString(), "--operations", "1", "--hold")
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(reader.getInputStream(), StandardCharsets.UTF_8));
    assertThat(said.readLine()).isEqualTo("ready");
    Files.writeString(members, Long.toString(reader.pid()));
    reader.getOutputStream().write('\n');
    reader.getOutputStream().flush();
    return reader;
  }

  @Override
  public void close() throws Exception {
    Live.tool(STALL, "stop", device);
  }
}
