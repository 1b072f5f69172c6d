package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What cannot be done is said in one sentence, with the remedy. */
class RefusalLiveIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  private static void assertRefused(Live.Result result, int status, String... words) {
    assertThat(result.status()).as(result.err()).isEqualTo(status);
    assertThat(result.err())
        .startsWith("faultline: ")
        .contains(words)
        .doesNotContain("\tat ", "Exception");
    assertThat(result.err().lines().count()).isLessThanOrEqualTo(2);
  }

  private static Live.Result inMountNamespace(String preparation, String command) throws Exception {
    return Live.run(
        "unshare",
        "-m",
        "sh",
        "-c",
        "set -e; " + preparation + "; exec " + Live.ROOT.resolve("faultline") + " " + command);
  }

  @Test
  void shouldRefuseToRecordWhenNotRoot() throws Exception {
    Live.Result result = Live.faultlineAsNobody("record", "-o", "/tmp/faultline-never.fl");
    assertRefused(result, 1, "privileges: not root", "sudo");
    assertThat(Path.of("/tmp/faultline-never.fl")).doesNotExist();
  }

  @Test
  void shouldReportWhenNotRoot() throws Exception {
    try (Live.Recorder recorder = Live.Recorder.start()) {
      recorder.stop();
      Live.tool("chmod", "644", recorder.file.toString());
      Live.Result result = Live.faultlineAsNobody("report", recorder.file.toString());
      assertThat(result.status()).as(result.err()).isZero();
    }
  }

  @Test
  void shouldNameMissingBtf() throws Exception {
    String hide = "mount -t tmpfs nodev /sys/kernel/btf";
    assertRefused(
        inMountNamespace(hide, "record -o /tmp/faultline-never.fl"), 1, "BTF: none", "expected");
    Live.Result doctor = inMountNamespace(hide, "doctor");
    assertThat(doctor.status()).isEqualTo(1);
    assertThat(doctor.out()).containsPattern("MISSING +BTF").contains("CONFIG_DEBUG_INFO_BTF");
  }

  @Test
  void shouldNameLockdown() throws Exception {
    Path fake = Files.createTempFile("faultline-test-", ".lockdown");
    Files.writeString(fake, "none integrity [confidentiality]\n");
    try {
      String hide =
          "mount -t tmpfs nodev /sys/kernel/security; cp "
              + fake
              + " /sys/kernel/security/lockdown";
      assertRefused(
          inMountNamespace(hide, "record -o /tmp/faultline-never.fl"),
          1,
          "lockdown: confidentiality",
          "integrity");
    } finally {
      Files.delete(fake);
    }
  }

  @Test
  void shouldWorkWithoutTracefs() throws Exception {
    // BTF says what there is: a hidden tracefs is mounted again, or not needed.
    Live.Result result = inMountNamespace("umount -l /sys/kernel/tracing || true", "doctor");
    assertThat(result.status()).as(result.out()).isZero();
  }

  @Test
  void shouldRefuseBadArguments() throws Exception {
    assertRefused(
        Live.faultline("record", "-o", "/tmp/faultline-never.fl", "--ring-bytes", "5000"),
        2,
        "ring-bytes: 5000",
        "power of two");
    assertRefused(
        Live.faultline("record", "-o", "/nowhere/x.fl"), 2, "/nowhere", "existing directory");
    assertRefused(
        Live.faultline("selftest", "--dir", "/nowhere"), 2, "/nowhere", "existing directory");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--mount", "/nowhere"), 2, "--mount: /nowhere");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--dev", "sda"), 2, "--dev: sda", "MAJ:MIN");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--pid", "999999999"), 2, "--pid: 999999999");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--loader", "gcc"),
        2,
        "--loader: gcc",
        "auto, core or bcc");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--without", "nothing"),
        2,
        "--without: nothing");
    assertRefused(
        Live.faultline("record", "-o", "/tmp/x.fl", "--duration", "soon"), 2, "soon", "duration");
    assertRefused(Live.faultline("record", "-o", "/tmp"), 2, "/tmp is a directory");
  }

  @Test
  void shouldSayThatAFilterMatchedNothing() throws Exception {
    Path file = Files.createTempFile("faultline-test-", ".fl");
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      String data = fs.mount.resolve("data").toString();
      Live.Result record =
          Live.faultline(
              "record",
              "-q",
              "-o",
              file.toString(),
              "--comm",
              "nobody-is-so",
              "--",
              Live.trigger(),
              "--file",
              data,
              "--operations",
              "7");
      assertThat(record.status()).isEqualTo(1);
      assertThat(record.err())
          .containsPattern(
              "filter: comm=nobody-is-so let none of \\d+ direct I/O attempts through");
      Live.Result report = Live.faultline("report", file.toString());
      assertThat(report.out())
          .contains("No direct I/O was seen that the filter lets through", "comm=nobody-is-so");
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void shouldPassOnThatTheCommandFailed() throws Exception {
    Path file = Files.createTempFile("faultline-test-", ".fl");
    try {
      assertThat(Live.faultline("record", "-q", "-o", file.toString(), "--", "false").status())
          .isEqualTo(1);
      assertRefused(
          Live.faultline("record", "-q", "-o", file.toString(), "--", "/nowhere/program"),
          1,
          "/nowhere/program");
    } finally {
      Files.delete(file);
    }
  }
}
