package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.probe.LoaderSettings;
import io.faultline.probe.socket.PacketSocket;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A collector without any privilege, for which a loader attaches. */
class SplitLiveIT {
  private static final Pattern PAGE = Pattern.compile("page at (http://\\S+)");

  /** What it costs on this machine is not what is tested. */
  private static final String BUDGET = "budget:\n  probes: 0.5\n  cpu: 1\n";

  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  /** The file system, where its collector may look. */
  private static Live.LoopFs openToAll(Live.LoopFs fs) throws Exception {
    Live.tool("chmod", "755", fs.mount.getParent().toString());
    return fs;
  }

  private static Path config(Split split, Path mount, String more) throws Exception {
    return Files.writeString(
        split.root.resolve("agent.yaml"),
        "source:\n  mount: "
            + mount
            + "\n"
            + more
            + "rules:\n  thresholds:\n    stall: 1s\nweb:\n  listen: 127.0.0.1:0\njournal:\n  dir: "
            + split.home().resolve("journal")
            + "\n");
  }

  /** An agent without privileges; it watches when this returns. */
  private static Process startAgent(Split split, Path messages, Path mount) throws Exception {
    return startAgent(split, messages, mount, BUDGET);
  }

  private static Process startAgent(Split split, Path messages, Path mount, String more)
      throws Exception {
    Process agent =
        split.start(
            messages, Split.COLLECTOR, "agent", "--config", config(split, mount, more).toString());
    Live.await("agent", () -> Split.read(messages).contains("agent watches") || !agent.isAlive());
    assertThat(agent.isAlive()).as(Split.read(messages)).isTrue();
    return agent;
  }

  private static String get(Path messages, String path) {
    Matcher matcher = PAGE.matcher(Split.read(messages));
    assertThat(matcher.find()).isTrue();
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create(matcher.group(1)).resolve(path)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (Exception e) {
      return e.toString();
    }
  }

  @Test
  void shouldSeeEverythingWithoutAnyPrivilege() throws Exception {
    String stall = Live.ROOT.resolve("bpf/test/trigger/stall.sh").toString();
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Process loader = split.startLoader();
      assertThat(Split.status(loader, "Uid")).allMatch(uids -> uids.startsWith("64901\t"));
      assertThat(Split.status(loader, "CapEff")).containsExactly("000000c400280004");
      assertThat(Split.status(loader, "CapBnd")).containsExactly("000000c400280004");
      assertThat(Split.status(loader, "Seccomp")).containsExactly("2");
      assertThat(Split.status(loader, "NoNewPrivs")).containsExactly("1");

      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount);
      Path file = fs.nocow().resolve("data");
      // Until one lives for as long as the loader needs to look at what it maps.
      int runs =
          Live.provoke(file, 5003, () -> get(messages, "/api/v1/alerts").contains("lock_order"));
      // The kernel's stack of a task of another user, and the file that it maps: the loader reads
      // them.
      Live.tool(
          Live.trigger(), "--file", fs.nocow().resolve("other").toString(), "--operations", "1");
      Path members = Path.of(Live.tool(stall, "start", fs.device));
      try {
        Process reader =
            new ProcessBuilder(
                    Live.trigger(),
                    "--file",
                    fs.nocow().resolve("other").toString(),
                    "--operations",
                    "1",
                    "--hold")
                .start();
        BufferedReader said =
            new BufferedReader(
                new InputStreamReader(reader.getInputStream(), StandardCharsets.UTF_8));
        assertThat(said.readLine()).isEqualTo("ready");
        Files.writeString(members, Long.toString(reader.pid()));
        reader.getOutputStream().write('\n');
        reader.getOutputStream().flush();
        Live.await("stall", () -> get(messages, "/api/v1/alerts").contains("\"stall\""));

        for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
          assertThat(Split.status(agent, set)).as(set).containsExactly("0000000000000000");
        }
        assertThat(Split.status(agent, "Uid")).containsExactly("64900\t64900\t64900\t64900");
        assertThat(Split.status(agent, "Seccomp")).containsExactly("2");
        assertThat(Split.status(agent, "NoNewPrivs")).containsExactly("1");
        System.out.printf(
            "split: loader %s, agent %s resident%n",
            Split.status(loader, "VmRSS"), Split.status(agent, "VmRSS"));

        Live.tool(stall, "stop", fs.device);
        assertThat(Live.waitFor(reader)).isZero();
      } finally {
        Live.run(stall, "stop", fs.device);
      }
      Live.signal(agent, "TERM");
      assertThat(Live.waitFor(agent)).as(Split.read(messages)).isZero();
      Live.await("detached", () -> split.attached().isEmpty());

      Map<String, Object> report =
          Live.faultline("report", "--json", split.home().resolve("journal").toString()).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(5003L * runs);
      assertThat(Live.object(report, "balance").get("complete"))
          .as(String.valueOf(report.get("balance")))
          .isEqualTo(true);
      assertThat(Live.list(report, "operations"))
          .filteredOn(operation -> operation.get("path") != null)
          .extracting(operation -> operation.get("path"))
          .contains(file.toString());
      Live.Result events =
          Live.faultline(
              "export", "--to", "ndjson", "-o", "-", split.home().resolve("journal").toString());
      assertThat(events.out()).contains("\"type\":\"mapping\"", "__iomap_dio_rw+0x");
    }
  }

  @Test
  void shouldPassTheSelftestWithoutAnyPrivilege() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      split.startLoader();
      Live.tool("chown", "" + Split.COLLECTOR, fs.nocow().toString());
      Live.Result result = split.run(Split.COLLECTOR, "selftest", "--dir", fs.nocow().toString());
      assertThat(result.status()).as(result.out() + result.err()).isZero();
      assertThat(result.out())
          .contains("read: 23 operations", "write: 23 operations", "selftest: ok");
      Live.Result bcc =
          split.run(Split.COLLECTOR, "selftest", "--dir", fs.nocow().toString(), "--loader", "bcc");
      assertThat(bcc.status()).isEqualTo(1);
      assertThat(bcc.err())
          .contains("loader: bcc (expected: core, or a loader process with --allow-bcc)");
    }
  }

  @Test
  void shouldLeaveTheCompilerBehindWithBcc() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Process loader = split.startLoader("--allow-bcc");
      Live.tool("chown", "" + Split.COLLECTOR, fs.nocow().toString());
      Live.Result result =
          split.run(Split.COLLECTOR, "selftest", "--dir", fs.nocow().toString(), "--loader", "bcc");
      assertThat(result.status()).as(result.out() + result.err() + split.loaderMessages()).isZero();
      assertThat(result.out()).contains("(bcc loader)", "selftest: ok");
      assertThat(loader.descendants()).as("the compiling process has ended").isEmpty();
      assertThat(Split.read(Path.of("/proc/" + loader.pid() + "/maps"))).doesNotContain("libbcc");
    }
  }

  @Test
  void shouldServeOneUserOnly() throws Exception {
    try (Split split = Split.make()) {
      split.startLoader();
      String file = split.home().resolve("never.fl").toString();
      Live.tool("chmod", "777", split.home().toString());
      Live.Result stranger = split.run(Split.STRANGER, "record", "-o", file);
      assertThat(stranger.status()).isEqualTo(1);
      assertThat(stranger.err()).contains("user: 64902 (expected: 64900, whom this loader serves)");
      assertThat(stranger.err().lines().count()).isEqualTo(1);
      assertThat(split.loaderMessages()).contains("refused process", "of user 64902");
      Live.tool("chgrp", "0", split.socket.getParent().toString());
      Live.Result outsider = split.run(Split.COLLECTOR, "record", "-o", file);
      assertThat(outsider.status()).isEqualTo(1);
      assertThat(outsider.err()).contains("loader: ");
      assertThat(Path.of(file)).doesNotExist();
      assertThat(split.attached()).isEmpty();
    }
  }

  private static String ask(PacketSocket socket, String question, int... descriptors)
      throws Exception {
    socket.send(question.getBytes(StandardCharsets.UTF_8), descriptors);
    PacketSocket.Packet packet = socket.receive(Duration.ofSeconds(60));
    assertThat(packet).as(question).isNotNull();
    packet.discard();
    return new String(packet.data(), StandardCharsets.UTF_8);
  }

  /** This process is root, whom every loader serves. */
  @Test
  void shouldRefuseWhatIsNoQuestion() throws Exception {
    String settings = LoaderSettings.none();
    try (Split split = Split.make()) {
      split.startLoader("--sessions", "1", "--ring-bytes-max", "1048576");
      try (PacketSocket socket = PacketSocket.connect(split.socket, 65_536)) {
        assertThat(ask(socket, "please")).startsWith("0 refused\nquestion: please (expected: ");
        assertThat(ask(socket, "1 stack 1 1")).contains("1 refused\n", "attach first");
        assertThat(ask(socket, "2 attach core 4096 " + settings + " nothing"))
            .contains("2 refused\nhook: nothing (expected: ");
        assertThat(ask(socket, "3 attach core 2097152 " + settings + " -"))
            .contains("3 refused\nring-bytes: 2097152 (expected: ");
        assertThat(ask(socket, "4 attach core 5000 " + settings + " -")).contains("4 refused\n");
        assertThat(ask(socket, "5 attach bcc 4096 " + settings + " -"))
            .contains("5 refused\nloader: bcc");
        assertThat(ask(socket, "6 detach", 0)).contains("6 refused\ndescriptors: 1");
        assertThat(ask(socket, "7 renew core 4096 " + settings + " - events", 0))
            .contains("7 refused\n")
            .contains("(expected: ");
        assertThat(split.attached()).isEmpty();
        assertThat(ask(socket, "8 attach core 4096 " + settings + " -")).startsWith("8 ok\nmap ");
        assertThat(split.attached()).isNotEmpty();
        assertThat(ask(socket, "9 attach core 4096 " + settings + " -"))
            .contains("9 refused\nquestion: attached already");
        assertThat(ask(socket, "10 module ext4")).contains("10 refused\nmodule: ext4 (expected: ");
        assertThat(ask(socket, "11 stack 999999999 1")).isEqualTo("11 ok\n");
        assertThat(ask(socket, "12 io 999999999 1")).isEqualTo("12 none\n");
        long self = ProcessHandle.current().pid();
        assertThat(ask(socket, "13 io " + self + " " + self)).matches("13 ok\n[\\d ]+");
        assertThat(ask(socket, "15 statistics")).isEqualTo("15 ok\n");
        String symbols = ask(socket, "14 symbols 1,ffffffffffffffff");
        while (symbols.matches("14 (none|later)\n")) { // still looked up, or too many questions
          symbols = ask(socket, "14 symbols 1,ffffffffffffffff");
        }
        assertThat(symbols).startsWith("14 ok\n-\n");
        int later = 0; // so many a second are looked at
        long untilNs = System.nanoTime() + 60_000_000_000L;
        while (later == 0 && System.nanoTime() < untilNs) {
          for (int i = 0; i < 50; i++) {
            socket.send("100 path 999999999 1 1".getBytes(StandardCharsets.UTF_8));
          }
          for (int i = 0; i < 50; i++) {
            byte[] answer = socket.receive(Duration.ofSeconds(60)).data();
            later += new String(answer, StandardCharsets.UTF_8).equals("100 later\n") ? 1 : 0;
          }
        }
        assertThat(later).as("questions that were not looked at").isPositive();
        try (PacketSocket second = PacketSocket.connect(split.socket, 65_536)) {
          PacketSocket.Packet refusal = second.receive(Duration.ofSeconds(60));
          assertThat(new String(refusal.data(), StandardCharsets.UTF_8))
              .isEqualTo("0 refused\nloader: busy with 1 others (expected: one less)");
        }
        assertThat(split.attached()).as("still attached").isNotEmpty();
      }
      Live.await("detached", () -> split.attached().isEmpty());
    }
  }

  @Test
  void shouldGoOnWhenTheLoaderIsBack() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Path file = fs.nocow().resolve("data");
      Live.writeMissing(file, 1);
      Process loader = split.startLoader();
      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount);
      Live.writeMissing(file, 101);
      Live.signal(loader, "KILL");
      Live.waitFor(loader);
      Live.await("said", () -> Split.read(messages).contains("the loader is gone"));
      Live.await("detached", () -> split.attached().isEmpty());
      Live.writeMissing(file, 53); // nobody sees them
      assertThat(get(messages, "/api/v1/now")).as("the page is served").contains("balance");
      split.startLoader();
      Live.await("back", () -> Split.read(messages).contains("hook dio_begin: attached,"));
      Live.writeMissing(file, 211);
      Live.signal(agent, "TERM");
      assertThat(Live.waitFor(agent)).as(Split.read(messages)).isZero();
      Live.await("detached", () -> split.attached().isEmpty());
      Map<String, Object> report =
          Live.faultline("report", "--json", split.home().resolve("journal").toString()).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(101 + 211);
      Map<String, Object> balance = Live.object(report, "balance");
      assertThat(balance.get("complete")).isEqualTo(false);
      assertThat(balance.get("reasons").toString()).contains("hook");
      assertThat(Live.number(balance, "lost")).isZero();
    }
  }

  @Test
  void shouldLeaveNothingWhenTheCollectorIsKilled() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Process loader = split.startLoader();
      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount);
      assertThat(split.attached()).isNotEmpty();
      Live.signal(agent, "KILL");
      Live.waitFor(agent);
      Live.await("detached", () -> split.attached().isEmpty());
      startAgent(split, messages, fs.mount);
      assertThat(split.attached()).isNotEmpty();
      Live.signal(loader, "TERM");
      assertThat(Live.waitFor(loader)).as(split.loaderMessages()).isZero();
      assertThat(split.socket).doesNotExist();
      Live.await("detached", () -> split.attached().isEmpty());
    }
  }

  /** What bcc compiled cannot be attached to maps that are there: whoever restarts both goes on. */
  @Test
  void shouldEndWithAllThatItSawWhenTheLoaderOfBccIsKilled() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Path file = fs.nocow().resolve("data");
      Live.writeMissing(file, 1);
      Process loader = split.startLoader("--allow-bcc");
      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount, "  loader: bcc\n" + BUDGET);
      Live.writeMissing(file, 101);
      Live.signal(loader, "KILL");
      Live.waitFor(loader);
      Live.await("detached", () -> split.attached().isEmpty());
      split.startLoader("--allow-bcc");
      assertThat(Live.waitFor(agent)).as(Split.read(messages)).isEqualTo(1);
      assertThat(Split.read(messages))
          .contains("with loader bcc a stream cannot go on (expected: started again)");
      String journal = split.home().resolve("journal").toString();
      Map<String, Object> report = Live.faultline("report", "--json", journal).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(101);
      Map<String, Object> balance = Live.object(report, "balance");
      assertThat(balance.get("complete")).isEqualTo(false);
      assertThat(Live.number(balance, "lost")).isZero();

      Process next = startAgent(split, messages, fs.mount, "  loader: bcc\n" + BUDGET);
      Live.writeMissing(file, 53);
      Live.signal(next, "TERM");
      assertThat(Live.waitFor(next)).as(Split.read(messages)).isZero();
      report = Live.faultline("report", "--json", journal).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(53);
      assertThat(Live.object(report, "balance").get("complete")).isEqualTo(true);
    }
  }

  private static boolean isSaid(Split split, String text) {
    try {
      return Live.faultline("report", split.home().resolve("journal").toString())
          .out()
          .contains(text);
    } catch (Exception e) {
      return false;
    }
  }

  /**
   * The loader holds the hooks, and they see that nobody reads. A read that hangs meanwhile is
   * forgotten: nobody knows any more how it went on.
   */
  @Test
  void shouldSayForHowLongTheCollectorWasStopped() throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Path file = fs.nocow().resolve("data");
      Live.writeMissing(file, 1);
      split.startLoader();
      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount, BUDGET + "  stall: 2s\n");
      Live.writeMissing(file, 101);
      Process reader;
      try (Held held = Held.of(fs.device)) {
        reader = held.read(file);
        Live.await("it hangs", () -> get(messages, "/api/v1/alerts").contains("\"stall\""));
        Live.signal(agent, "STOP");
        Thread.sleep(2_500); // until nobody is taken to read; there is no event for it
        assertThat(split.attached()).isNotEmpty();
        Live.signal(agent, "CONT");
        Live.await("reading again", () -> isSaid(split, "nothing was seen for"));
      }
      assertThat(Live.waitFor(reader)).isZero();
      Live.writeMissing(file, 211);
      Live.signal(agent, "TERM");
      assertThat(Live.waitFor(agent)).as(Split.read(messages)).isZero();
      Live.await("detached", () -> split.attached().isEmpty());
      Map<String, Object> report =
          Live.faultline("report", "--json", split.home().resolve("journal").toString()).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(101 + 211);
      Map<String, Object> balance = Live.object(report, "balance");
      assertThat(Live.number(balance, "skipped")).isPositive();
      assertThat(Live.number(balance, "lost")).isZero();
      assertThat(balance.get("reasons").toString()).contains("nothing was seen for");
    }
  }

  /** A loader that does not answer costs what only it knows, and no event. */
  @ParameterizedTest
  @ValueSource(strings = {"core", "bcc"})
  void shouldCountOnWhileTheLoaderIsStopped(String kind) throws Exception {
    try (Live.LoopFs fs = openToAll(Live.LoopFs.make("btrfs"));
        Split split = Split.make()) {
      Path file = fs.nocow().resolve("data");
      Live.writeMissing(file, 1);
      Process loader = split.startLoader("--allow-bcc");
      Path messages = split.root.resolve("agent.log");
      Process agent = startAgent(split, messages, fs.mount, "  loader: " + kind + "\n" + BUDGET);
      Live.signal(loader, "STOP");
      Live.writeMissing(file, 307);
      Live.await(
          "counted",
          () -> {
            try {
              return String.valueOf(JSON.std.mapFrom(get(messages, "/api/v1/now"))).contains("307");
            } catch (java.io.IOException e) {
              return false;
            }
          });
      Live.signal(loader, "CONT");
      Live.signal(agent, "TERM");
      assertThat(Live.waitFor(agent)).as(Split.read(messages)).isZero();
      Map<String, Object> report =
          Live.faultline("report", "--json", split.home().resolve("journal").toString()).json();
      assertThat(Live.number(Live.object(report, "totals"), "retries")).isEqualTo(307);
      assertThat(Live.object(report, "balance").get("complete")).isEqualTo(true);
    }
  }
}
