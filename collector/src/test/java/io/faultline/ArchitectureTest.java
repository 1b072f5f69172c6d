package io.faultline;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Data runs one way; who may import whom. The same list as in ARCHITECTURE.md. */
class ArchitectureTest {
  private static final String ROOT = "io.faultline.";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.faultline");

  /** Package, and what it may import beside itself and the JDK. */
  private static final Map<String, List<String>> IMPORTS =
      Map.ofEntries(
          Map.entry("event", List.of()),
          Map.entry("ring", List.of()),
          Map.entry("budget", List.of()),
          Map.entry("source", List.of(ROOT + "event")),
          Map.entry(
              "probe",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "probe.socket",
                  ROOT + "probe.task",
                  "com.sun.jna..")),
          Map.entry("probe.task", List.of()),
          Map.entry("probe.confine", List.of("com.sun.jna..")),
          Map.entry("probe.direct", List.of("com.sun.jna..")),
          Map.entry("probe.socket", List.of("com.sun.jna..")),
          Map.entry(
              "source.live",
              List.of(
                  ROOT + "event",
                  ROOT + "ring",
                  ROOT + "probe",
                  ROOT + "probe.task",
                  ROOT + "source")),
          Map.entry("match", List.of(ROOT + "event")),
          Map.entry("risk", List.of(ROOT + "event", ROOT + "match")),
          Map.entry(
              "pipeline", List.of(ROOT + "event", ROOT + "source", ROOT + "match", ROOT + "risk")),
          Map.entry(
              "metric",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline")),
          Map.entry(
              "sink.influx",
              List.of(
                  ROOT + "metric", "org.influxdb..", "com.influxdb..", "okhttp3..", "javax.net..")),
          Map.entry(
              "config",
              List.of(
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "probe",
                  ROOT + "budget",
                  "org.snakeyaml.engine..")),
          Map.entry(
              "alert",
              List.of(ROOT + "source", ROOT + "match", ROOT + "risk", "com.fasterxml.jackson..")),
          Map.entry(
              "sink",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline",
                  ROOT + "alert")),
          Map.entry(
              "sink.journald",
              List.of(
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "source",
                  ROOT + "alert",
                  ROOT + "sink",
                  ROOT + "probe.socket")),
          Map.entry(
              "sink.webhook",
              List.of(
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "source",
                  ROOT + "alert",
                  ROOT + "sink",
                  ROOT + "config",
                  "com.fasterxml.jackson..",
                  "javax.net.ssl")),
          Map.entry("snapshot", List.of()),
          Map.entry(
              "report",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline",
                  ROOT + "alert",
                  ROOT + "budget",
                  "com.fasterxml.jackson..")),
          Map.entry(
              "export",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "report",
                  "com.fasterxml.jackson..")),
          Map.entry("bundle", List.of(ROOT + "event", ROOT + "source", "com.fasterxml.jackson..")),
          Map.entry(
              "recording",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  "com.fasterxml.jackson..",
                  "com.github.luben.zstd..")),
          Map.entry(
              "view",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline")),
          Map.entry(
              "terminal",
              List.of(
                  ROOT + "event",
                  ROOT + "view",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "source",
                  ROOT + "report",
                  "org.jline..")),
          Map.entry(
              "web",
              List.of(
                  ROOT + "event",
                  ROOT + "view",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "alert",
                  "com.fasterxml.jackson..",
                  "javax.net.ssl",
                  "com.sun.net.httpserver..")),
          Map.entry(
              "kafka",
              List.of(ROOT + "event", ROOT + "source", ROOT + "recording", "org.apache.kafka..")),
          Map.entry(
              "source.kafka",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "kafka",
                  ROOT + "recording",
                  "org.apache.kafka..")),
          Map.entry("sink.kafka", List.of(ROOT + "kafka", "org.apache.kafka..")),
          Map.entry("journal", List.of(ROOT + "event", ROOT + "source", ROOT + "recording")),
          Map.entry("selftest", List.of(ROOT + "probe.direct")),
          Map.entry(
              "cluster",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline")),
          Map.entry(
              "fleet",
              List.of(
                  ROOT + "event",
                  ROOT + "source",
                  ROOT + "recording",
                  ROOT + "kafka",
                  ROOT + "match",
                  ROOT + "risk",
                  ROOT + "pipeline",
                  ROOT + "cluster",
                  ROOT + "alert",
                  ROOT + "view",
                  ROOT + "report",
                  ROOT + "sink",
                  "org.apache.kafka..", // kafka-streams here alone
                  "com.fasterxml.jackson..",
                  "com.github.luben.zstd..",
                  "com.sun.net.httpserver..")),
          Map.entry(
              "cli",
              List.of(
                  ROOT + "*..",
                  "picocli..",
                  "com.fasterxml.jackson..",
                  "sun.misc..",
                  "com.sun.management..")));

  @Test
  void shouldImportOnlyAgainstTheFlowOfData() {
    IMPORTS.forEach(
        (name, allowed) -> {
          String[] packages = new String[allowed.size() + 2];
          for (int i = 0; i < allowed.size(); i++) {
            packages[i] = allowed.get(i);
          }
          packages[allowed.size()] = ROOT + name;
          packages[allowed.size() + 1] = "java..";
          classes()
              .that(resideInAPackage(ROOT + name))
              .should(onlyDependOnClassesThat(resideInAnyPackage(packages)))
              .check(CLASSES);
        });
  }

  @Test
  void shouldListEveryPackage() {
    assertThat(
            CLASSES.stream()
                .map(c -> c.getPackageName().substring(ROOT.length()))
                .distinct()
                .toList())
        .containsExactlyInAnyOrderElementsOf(IMPORTS.keySet());
  }

  @Test
  void shouldHaveNoCycles() {
    slices().matching("io.faultline.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void shouldTakeTimeFromEventsOnly() {
    noClasses()
        .that(
            resideInAnyPackage(
                ROOT + "match", ROOT + "event", ROOT + "risk", ROOT + "pipeline", ROOT + "cluster"))
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "java.time..", "java.io..", "java.nio.file..", "java.util.concurrent..")
                .and(not(type(Serializable.class)))) // a mark: nothing is written here
        .check(CLASSES);
  }

  @Test
  void shouldDescribeEveryPackage() throws Exception {
    Path main = Path.of("src/main/java/io/faultline");
    for (String name : IMPORTS.keySet()) {
      assertThat(
              Files.readString(main.resolve(name.replace('.', '/')).resolve("package-info.java")))
          .as(name)
          .contains("Imports:", "Threads:");
    }
  }
}
