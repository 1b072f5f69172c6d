package io.faultline.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotReaderTest {
  @TempDir private Path temp;

  @ParameterizedTest
  @CsvSource({"stuck-6.12, 31, 20, 4", "stuck-6.1, 32, 20, 4"})
  void shouldReadWhatRealKernelsPrint(String name, int glocks, int holders, int waiters)
      throws Exception {
    SnapshotReader reader = new SnapshotReader(Canned.root(name));
    assertThat(reader.tables()).containsExactly("lab:data");
    LockSnapshot snapshot = reader.read(reader.tables());

    FileSystemLocks fileSystem = snapshot.fileSystems().get(0);
    assertThat(fileSystem.dev()).isEqualTo("254:0");
    assertThat(fileSystem.totals().glocks()).isEqualTo(glocks);
    assertThat(fileSystem.totals().holders()).isEqualTo(holders);
    assertThat(fileSystem.totals().waiters()).isEqualTo(waiters);
    assertThat(fileSystem.dlmTotals().isPresent()).isFalse();
    assertThat(snapshot.unparsedLines()).isZero();
    assertThat(snapshot.problems()).isEmpty();
    assertThat(snapshot.tasks()).hasSize(6);
    assertThat(snapshot.tasks().values())
        .allSatisfy(
            task -> {
              assertThat(task.state()).isEqualTo('D');
              assertThat(task.stack()).isNotEmpty();
              assertThat(task.sleeps()).isPositive();
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"6.1", "6.12"})
  void shouldReadBothNodesOfACluster(String kernel) throws Exception {
    for (String moment : List.of("flock-wait", "busy1")) {
      for (int node = 1; node <= 2; node++) {
        Path root = Canned.root("cluster-" + kernel + "/" + moment + "/node" + node);
        SnapshotReader reader = new SnapshotReader(root);
        LockSnapshot snapshot = reader.read(reader.tables());
        assertThat(snapshot.unparsedLines()).isZero();
        assertThat(snapshot.fileSystems().get(0).dlmTotals().granted()).isGreaterThan(30);
      }
    }
  }

  @Test
  void shouldJoinAWaitAcrossNodes() throws Exception {
    DlmLock here = onlyWaiting(Canned.read(Canned.root("cluster-6.12/flock-wait/node2")));
    DlmLock there = onlyWaiting(Canned.read(Canned.root("cluster-6.12/flock-wait/node1")));

    assertThat(here.glock()).isEqualTo(there.glock());
    assertThat(here.id()).isEqualTo(there.remoteId());
    assertThat(there.id()).isEqualTo(here.remoteId());
    assertThat(here.isMasterCopy()).isFalse();
    assertThat(here.masterNodeId()).isEqualTo(1);
    assertThat(there.isMasterCopy()).isTrue();
    assertThat(there.nodeId()).isEqualTo(2);
    // Seconds, as the two had slept by then: the column is in microseconds, not milliseconds.
    assertThat(here.queuedNs()).isBetween(1_000_000_000L, 10_000_000_000L);
  }

  private static DlmLock onlyWaiting(FileSystemLocks fileSystem) {
    List<DlmLock> waiting = fileSystem.dlmLocks().stream().filter(DlmLock::isWaiting).toList();
    assertThat(waiting).hasSize(1);
    return waiting.get(0);
  }

  @Test
  void shouldFindPathsThroughTheTasksOwnDescriptors() throws Exception {
    Path root = Canned.copy("stuck-6.12", temp);
    Files.delete(root.resolve("sys/kernel/debug/gfs2/lab:data/glockfd"));
    Canned.link(root, 207, 1, "/run/m2/db/table.ibd");

    Glock glock = contended(Canned.read(root), "2/928");
    assertThat(glock.paths()).containsExactly("/run/m2/db/table.ibd");
    assertThat(contended(Canned.read(root), "2/112e").paths()).isEmpty();
  }

  @Test
  void shouldFindPathsThroughGlockFd() throws Exception {
    Path root = Canned.copy("stuck-6.12", temp);
    for (long tid : new long[] {201, 207, 209, 213, 215, 217}) {
      Path fdinfo = root.resolve("proc/" + tid + "/fdinfo");
      if (Files.exists(fdinfo)) {
        Files.move(fdinfo, root.resolve("proc/" + tid + "/gone"));
      }
    }
    Canned.link(root, 201, 3, "/run/m2/db/table.ibd");
    assertThat(contended(Canned.read(root), "2/928").paths())
        .containsExactly("/run/m2/db/table.ibd");
  }

  /** As the kernel does when a task is stuck in a write: a reader of glockfd never returns. */
  @Test
  void shouldNotHangOnGlockFd() throws Exception {
    Path root = Canned.copy("stuck-6.12", temp);
    Path glockFd = root.resolve("sys/kernel/debug/gfs2/lab:data/glockfd");
    Files.delete(glockFd);
    assertThat(new ProcessBuilder("mkfifo", glockFd.toString()).start().waitFor()).isZero();

    SnapshotReader reader = new SnapshotReader(root);
    LockSnapshot snapshot = reader.read(reader.tables());
    assertThat(snapshot.problems()).singleElement().asString().contains("no answer within 2 s");
    assertThat(snapshot.fileSystems().get(0).totals().waiters()).isEqualTo(4);
  }

  @Test
  void shouldNameProcessesBehindAFlock() throws Exception {
    Glock glock = contended(Canned.read(Canned.root("cluster-6.12/flock-wait/node2")), "6/1101c");
    assertThat(glock.flockers()).containsExactly(433L, 434L);
  }

  private static Glock contended(FileSystemLocks fileSystem, String name) {
    return fileSystem.glocks().stream()
        .filter(glock -> glock.name().text().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldSayHowLongAWaitLastedAtLeast() throws Exception {
    Path root = Canned.copy("stuck-6.12", temp);
    SnapshotReader reader = new SnapshotReader(root);
    LockSnapshot first = reader.read(List.of("lab:data"));
    // One woke up in between: its wait may be another one.
    Path status = root.resolve("proc/209/status");
    Files.writeString(status, "voluntary_ctxt_switches:\t9999\n");
    Thread.sleep(20);
    LockSnapshot second = reader.read(List.of("lab:data")).withAgesSince(first);

    List<Request> waiters = contended(second.fileSystems().get(0), "2/928").waiters();
    assertThat(waiters).extracting(Request::tid).containsExactly(209L, 201L, 213L);
    assertThat(waiters.get(0).age()).isEqualTo(Age.UNKNOWN);
    assertThat(waiters.get(1).age().kind()).isEqualTo(Age.Kind.AT_LEAST);
    assertThat(waiters.get(1).age().ns()).isGreaterThanOrEqualTo(20_000_000);
  }

  @Test
  void shouldTakeExactAgesFromAnotherSource() throws Exception {
    SnapshotReader reader = new SnapshotReader(Canned.root("stuck-6.12"));
    LockSnapshot snapshot =
        reader
            .read(reader.tables())
            .withAges((lock, request) -> request.tid() == 217 ? Age.exact(7) : Age.UNKNOWN);
    Glock glock = contended(snapshot.fileSystems().get(0), "2/112e");
    assertThat(glock.waiters().get(0).age()).isEqualTo(Age.exact(7));
    assertThat(glock.holders().get(0).age()).isEqualTo(Age.UNKNOWN);
  }

  @Test
  void shouldSayWhatIsMissing() throws IOException {
    SnapshotReader reader = new SnapshotReader(temp);
    assertThatThrownBy(reader::tables)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("sys/kernel/debug: no such directory");
    Path debug = Files.createDirectories(temp.resolve("sys/kernel/debug"));
    assertThatThrownBy(reader::tables)
        .hasMessageContaining("debugfs is not mounted (expected: mount -t debugfs");
    Files.createDirectory(debug.resolve("block"));
    assertThatThrownBy(reader::tables).hasMessageContaining("the module gfs2 is not loaded");
    Files.createDirectory(debug.resolve("gfs2"));
    assertThatThrownBy(reader::tables).hasMessageContaining("no gfs2 is mounted");
  }
}
