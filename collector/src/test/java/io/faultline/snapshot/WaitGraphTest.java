package io.faultline.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WaitGraphTest {
  @TempDir private Path root;

  private LockSnapshot snapshot;

  private static String glock(int number, String flags, String... requests) {
    StringBuilder text = new StringBuilder();
    text.append("G:  s:EX n:2/").append(number).append(" f:").append(flags);
    text.append(" t:EX d:UN/0 a:0 v:0 r:3 m:50 p:1\n");
    for (String request : requests) {
      String[] parts = request.split(" ");
      text.append(" H: s:").append(parts[1]).append(" f:").append(parts[2]);
      text.append(" e:0 p:")
          .append(parts[0])
          .append(" [t")
          .append(parts[0])
          .append("] f+0x1/0x2\n");
    }
    return text.toString();
  }

  private WaitGraph graph(String glocks, String dlmLocks) throws Exception {
    snapshot = Canned.snapshot(root, glocks, dlmLocks);
    return WaitGraph.of(snapshot);
  }

  private WaitGraph graph(String glocks) throws Exception {
    return graph(glocks, "");
  }

  private Glock glock(int index) {
    return snapshot.fileSystems().get(0).glocks().get(index);
  }

  private List<String> blockersOf(WaitGraph graph, int glock, int request) {
    return graph.blockersOf(glock(glock), glock(glock).requests().get(request), 10).stream()
        .map(Party::label)
        .toList();
  }

  private int dependentsOf(WaitGraph graph, int glock, int request) {
    return graph.dependentsOf(glock(glock), glock(glock).requests().get(request));
  }

  @Test
  void shouldWaitForIncompatibleHoldersAndForTheWaiterBefore() throws Exception {
    WaitGraph graph = graph(glock(1, "q", "1 SH H", "2 SH H", "3 EX W", "4 SH W"));

    assertThat(blockersOf(graph, 0, 2)).containsExactly("t1 (1)", "t2 (2)");
    assertThat(blockersOf(graph, 0, 3)).containsExactly("t3 (3)");
    assertThat(dependentsOf(graph, 0, 0)).isEqualTo(2);
    assertThat(graph.waitingTasks()).isEqualTo(2);
    assertThat(graph.cycles()).isEmpty();
  }

  @Test
  void shouldCountWhoDependsThroughOthers() throws Exception {
    WaitGraph graph =
        graph(
            glock(1, "q", "1 EX H", "2 EX W")
                + glock(2, "q", "2 EX H", "3 SH W", "4 SH W")
                + glock(3, "q", "4 DF H", "5 SH W"));

    assertThat(dependentsOf(graph, 0, 0)).isEqualTo(4);
    assertThat(dependentsOf(graph, 1, 0)).isEqualTo(3);
    assertThat(dependentsOf(graph, 2, 0)).isEqualTo(1);
  }

  @Test
  void shouldShowACycle() throws Exception {
    WaitGraph graph =
        graph(
            glock(1, "q", "1 EX H", "9 SH W", "2 EX W")
                + glock(2, "q", "2 EX H", "3 SH W")
                + glock(3, "q", "3 EX H", "1 SH W"));

    assertThat(graph.cycles()).hasSize(1);
    assertThat(graph.cycles().get(0).stream().map(Party::label))
        .containsExactlyInAnyOrder("t1 (1)", "t9 (9)", "t2 (2)", "t3 (3)");
  }

  @Test
  void shouldShowATaskThatWaitsForItself() throws Exception {
    WaitGraph graph = graph(glock(1, "q", "1 EX H", "1 SH W"));
    assertThat(graph.cycles()).containsExactly(List.of(new Party.Task(1, "t1")));
  }

  @Test
  void shouldNotWaitForWhatGivesUpByItself() throws Exception {
    WaitGraph graph =
        graph(
            glock(1, "q", "1 EX H", "2 EX tW", "4 EX TW", "5 EX aW")
                + glock(2, "q", "2 EX H", "1 SH W"));

    assertThat(blockersOf(graph, 0, 1)).isEmpty();
    assertThat(graph.cycles()).isEmpty();
    assertThat(graph.waitingTasks()).isEqualTo(4);
  }

  @Test
  void shouldLetTasksOfANodeShareWhenBothAllowIt() throws Exception {
    WaitGraph graph = graph(glock(1, "q", "1 EX nH", "2 EX W", "3 EX nW"));
    assertThat(blockersOf(graph, 0, 1)).containsExactly("t1 (1)");
    assertThat(blockersOf(graph, 0, 2)).containsExactly("t2 (2)");
  }

  @Test
  void shouldWaitForAllHoldersWhileAGlockMustBeGivenUp() throws Exception {
    WaitGraph graph = graph(glock(1, "Dq", "1 SH H", "2 SH W"));
    assertThat(blockersOf(graph, 0, 1)).containsExactly("t1 (1)");
    graph = graph(glock(1, "dq", "1 SH H", "2 SH W"));
    assertThat(blockersOf(graph, 0, 1)).isEmpty();
  }

  @Test
  void shouldWaitForOtherNodes() throws Exception {
    String resource = " 24 \"       2               1\"\n";
    String own = "1 0 0 9 0 0 0 3 0 3 1000 0" + resource;
    WaitGraph graph =
        graph(
            glock(1, "lq", "2 SH W", "3 SH W"), "2 2 7 9 0 0 10000 2 5 -1 1000 0" + resource + own);
    assertThat(blockersOf(graph, 0, 0)).containsExactly("node 2");
    assertThat(blockersOf(graph, 0, 1)).containsExactly("t2 (2)");

    graph = graph(glock(1, "lq", "2 SH W"), own.replace("1000 0 24", "1000 3 24"));
    assertThat(blockersOf(graph, 0, 0)).containsExactly("another node");

    graph =
        graph(
            glock(1, "Dq", "2 SH H"),
            "1 0 0 9 0 0 0 2 3 -1 5 0" + resource + "2 2 7 9 0 0 10000 3 0 5 5 0" + resource);
    assertThat(dependentsOf(graph, 0, 0)).isEqualTo(1);
  }

  @Test
  void shouldNotChainThroughAnotherNode() throws Exception {
    // Node 2 has lock 1, which task 5 wants, and wants lock 2, which task 5 has: two tasks there.
    String one = " 24 \"       2               1\"\n";
    String two = " 24 \"       2               2\"\n";
    WaitGraph graph =
        graph(
            glock(1, "lq", "5 EX W") + glock(2, "Dq", "5 EX H"),
            "2 2 7 9 0 0 10000 2 5 -1 5 0"
                + one
                + "1 0 0 9 0 0 0 3 0 5 5 0"
                + one
                + "3 0 0 9 0 0 0 2 5 -1 5 0"
                + two
                + "4 2 7 9 0 0 10000 3 0 5 5 0"
                + two);
    assertThat(graph.cycles()).isEmpty();
    assertThat(dependentsOf(graph, 1, 0)).isEqualTo(1);
  }
}
