package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.snapshot.Canned;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class LocksCommandTest {
  private static final String GLOCK = "G:  s:EX n:2/1 f:q t:EX d:EX/0 a:0 v:0 r:3 m:50 p:1\n";

  @TempDir private Path temp;

  private static String locks(Object... arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new LocksCommand());
    line.setOut(new PrintWriter(out));
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    assertThat(line.execute(texts)).isZero();
    if (!List.of(texts).contains("--json")) {
      assertThat(out.toString().lines().toList()).allMatch(text -> text.length() <= 100);
    }
    return out.toString();
  }

  private Path stuck() throws Exception {
    Path root = Canned.copy("stuck-6.12", temp);
    Canned.link(root, 207, 1, "/run/m2/db/table.ibd");
    Canned.link(root, 217, 0, "/run/m2/db/log");
    return root;
  }

  @Test
  void shouldPrintAStuckDevice() throws Exception {
    assertThat(locks("--root", stuck())).isEqualTo(Canned.text("stuck-6.12.txt"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"flock-wait/node1", "flock-wait/node2", "busy1/node1", "busy1/node2"})
  void shouldPrintACluster(String moment) throws Exception {
    String text = locks("--root", Canned.root("cluster-6.12/" + moment));
    String name = "cluster-6.12-" + moment.replace('/', '-') + ".txt";
    assertThat(text).isEqualTo(Canned.text(name));
  }

  @Test
  @SuppressWarnings("unchecked")
  void shouldPrintJson() throws Exception {
    Map<String, Object> json = JSON.std.mapFrom(locks("--root", stuck(), "--json"));
    assertThat(json).containsEntry("schema", 1).containsEntry("waiting_tasks", 4);
    assertThat(json.keySet())
        .containsExactly(
            "schema",
            "waiting_tasks",
            "suspected_cycles",
            "file_systems",
            "tasks",
            "problems",
            "unparsed_lines",
            "unparsed_samples");
    var fileSystem = ((List<Map<String, Object>>) json.get("file_systems")).get(0);
    assertThat(fileSystem).containsEntry("table", "lab:data").containsEntry("dev", "254:0");
  }

  @Test
  void shouldSayWhichWaitsLasted() throws Exception {
    String text = locks("--root", stuck(), "--interval", "30ms");
    assertThat(text).contains("the longest wait known is at least ").contains(" >");
  }

  @Test
  void shouldSayThatNobodyWaits() throws Exception {
    Path root = Canned.write(temp, GLOCK, "");
    assertThat(locks("--root", root)).startsWith("Nobody here waits for a glock of a:b.\n");
  }

  @Test
  void shouldCallACycleASuspicion() throws Exception {
    String one = " H: s:EX f:H e:0 p:1 [one] f+0x1/0x2\n";
    String two = " H: s:EX f:H e:0 p:2 [two] f+0x1/0x2\n";
    Path root =
        Canned.write(
            temp,
            GLOCK
                + one
                + two.replace("f:H", "f:W")
                + GLOCK.replace("2/1", "2/2")
                + two
                + one.replace("f:H", "f:W"),
            "");
    assertThat(locks("--root", root))
        .containsAnyOf(
            "cycle: one (1) -> two (2) -> one (1)", "cycle: two (2) -> one (1) -> two (2)")
        .contains("is a suspicion");
  }

  @Test
  void shouldShowHostileNamesWithoutTheirEffect() throws Exception {
    String waiter = " H: s:EX f:W e:0 p:1 [\u001b[2Jx\u0007] f+0x1/0x2\n";
    String damaged = "\u001b]0;title\u0007\n";
    Path root = Canned.write(temp, GLOCK + waiter + damaged, "");
    String text = locks("--root", root);
    assertThat(text).contains("?[2Jx?").contains("1 line left out").contains("?]0;title?");
    assertThat(text.chars().filter(c -> c != '\n').noneMatch(Character::isISOControl)).isTrue();
    assertThat(locks("--root", root, "--json")).doesNotContain("\u001b").contains("\\u001B[2Jx");
  }

  @Test
  void shouldShowEverythingWhenAsked() throws Exception {
    StringBuilder dump = new StringBuilder(GLOCK + " H: s:EX f:H e:0 p:1 [h] f+0x1/0x2\n");
    for (int i = 0; i < 30; i++) {
      dump.append(" H: s:SH f:W e:0 p:").append(100 + i).append(" [w] f+0x1/0x2\n");
    }
    Path root = Canned.write(temp, dump.toString(), "");
    assertThat(locks("--root", root))
        .contains("... and 20 more waiters")
        .doesNotContain("waiter 11");
    assertThat(locks("--root", root, "--all")).contains("waiter 30").contains("inode EX");
  }

  @Test
  void shouldFailWithWhatToDo() throws Exception {
    assertThat(Main.run("locks", "--root", temp.toString())).isEqualTo(Main.EXIT_FAILURE);
    Files.createDirectories(temp.resolve("sys/kernel/debug"));
    assertThat(Main.run("locks", "--root", temp.toString())).isEqualTo(Main.EXIT_FAILURE);
    Path root = Canned.write(temp, GLOCK, "");
    assertThat(Main.run("locks", "--root", root.toString(), "--fs", "x:y"))
        .isEqualTo(Main.EXIT_FAILURE);
    assertThat(Main.run("locks", "--interval", "soon")).isEqualTo(Main.EXIT_USAGE);
  }
}
