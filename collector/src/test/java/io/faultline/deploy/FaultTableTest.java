package io.faultline.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every fault of deploy/FAULTS.md has a test, and every test that it names is there. */
class FaultTableTest {
  private static final Pattern TEST =
      Pattern.compile("`(?:(\\w+(?:IT|Test))(?:\\.)?)?(should\\w+)?`");

  @Test
  void shouldNameTestsThatAreThere() throws Exception {
    Map<String, Path> sources;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .collect(
                  Collectors.toMap(
                      file -> file.getFileName().toString().replace(".java", ""),
                      Function.identity(),
                      (one, other) -> one));
    }
    List<String> rows =
        Files.readAllLines(Path.of("../deploy/FAULTS.md")).stream()
            .filter(
                line ->
                    line.startsWith("| ")
                        && !line.startsWith("| fault")
                        && !line.startsWith("| ---"))
            .toList();
    assertThat(rows).hasSizeGreaterThan(15);
    for (String row : rows) {
      String tests = row.substring(row.lastIndexOf('|', row.length() - 2));
      String named = null;
      if (!tests.contains("the same")) {
        assertThat(tests).containsPattern(TEST);
      }
      for (MatchResult match : TEST.matcher(tests).results().toList()) {
        named = match.group(1) == null ? named : match.group(1);
        assertThat(sources).as(row).containsKey(named);
        if (match.group(2) != null) {
          assertThat(sources.get(named)).content().contains("void " + match.group(2) + "(");
        }
      }
    }
  }
}
