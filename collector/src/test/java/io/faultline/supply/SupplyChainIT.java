package io.faultline.supply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is shipped is known, wanted, licensed, and the same however often it is built. */
class SupplyChainIT {
  private static final Path BOM = Path.of("target/faultline-sbom.json");
  private static final Path LIBRARIES = Path.of("target/lib");
  private static final Path DOCUMENT = Path.of("DEPENDENCIES.md");
  private static final int BUILD_MINUTES_MAX = 10;

  /** May stand in a program under Apache-2.0. */
  private static final Set<String> LICENCES =
      Set.of("Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "LGPL-2.1-or-later");

  /** What a POM says in words; SPDX has a name for it. */
  private static final Map<String, String> BY_NAME =
      Map.of(
          "The Apache License, Version 2.0", "Apache-2.0",
          "The Apache Software License, Version 2.0", "Apache-2.0",
          "The BSD 2-Clause License", "BSD-2-Clause",
          "The MIT License (MIT)", "MIT");

  @TempDir private Path directory;

  /** The plugin that writes it does nothing offline. */
  private static List<Map<?, ?>> components() throws IOException {
    boolean isOfThisBuild =
        Files.exists(BOM)
            && Files.getLastModifiedTime(BOM).compareTo(Files.getLastModifiedTime(jar())) >= 0;
    if (!isOfThisBuild) {
      System.err.println("SKIPPED bill of materials: built offline (expected: mvn without -o)");
    }
    assumeTrue(isOfThisBuild, "built offline (expected: mvn without -o)");
    List<Map<?, ?>> components = new ArrayList<>();
    Map<String, Object> bom = JSON.std.mapFrom(Files.readString(BOM));
    for (Object component : (List<?>) bom.get("components")) {
      components.add((Map<?, ?>) component);
    }
    return components;
  }

  /** Of several one is enough: whoever offers a choice lets us choose. */
  private static Set<String> licencesOf(Map<?, ?> component) {
    Set<String> licences = new TreeSet<>();
    boolean isOfJline =
        String.valueOf(component.get("group")).equals("org.jline"); // see the document
    if (component.get("licenses") instanceof List<?> list) {
      for (Object item : list) {
        Map<?, ?> entry = (Map<?, ?>) item;
        if (entry.get("expression") instanceof String expression) {
          licences.addAll(List.of(expression.replaceAll("[()]", "").split(" (OR|or) ")));
        } else {
          Map<?, ?> licence = (Map<?, ?>) entry.get("license");
          String name =
              String.valueOf(licence.get("id") != null ? licence.get("id") : licence.get("name"));
          licences.add(isOfJline ? "BSD-3-Clause" : BY_NAME.getOrDefault(name, name));
        }
      }
    }
    return licences;
  }

  @Test
  void shouldShipOnlyWhatIsInTheBillOfMaterials() throws Exception {
    Set<String> listed = new TreeSet<>();
    for (Map<?, ?> component : components()) {
      listed.add(component.get("name") + "-" + component.get("version") + ".jar");
    }
    try (Stream<Path> jars = Files.list(LIBRARIES)) {
      Set<String> shipped = new TreeSet<>(jars.map(jar -> jar.getFileName().toString()).toList());
      assertThat(shipped).as("target/lib (after mvn clean)").isNotEmpty().isEqualTo(listed);
    }
  }

  @Test
  void shouldShipOnlyUnderLicencesThatAllowIt() throws Exception {
    Map<String, Set<String>> others = new TreeMap<>();
    for (Map<?, ?> component : components()) {
      Set<String> licences = licencesOf(component);
      if (licences.stream().noneMatch(LICENCES::contains)) {
        others.put(String.valueOf(component.get("name")), licences);
      }
    }
    assertThat(others).as("licences that nobody has allowed").isEmpty();
  }

  /**
   * A table in DEPENDENCIES.md has each with its reason; what it brings along is named beside it.
   */
  @Test
  void shouldHaveAReasonForEachOfThem() throws Exception {
    String document = Files.readString(DOCUMENT);
    for (Map<?, ?> component : components()) {
      assertThat(document)
          .as("%s in DEPENDENCIES.md", component.get("name"))
          .contains("`" + component.get("name") + "`");
    }
  }

  @Test
  void shouldBuildTheSameBytesFromACopy() throws Exception {
    Path root = Path.of("..").toAbsolutePath().normalize();
    assumeTrue(Files.exists(root.resolve(".git")), "no checkout (expected: one made by git)");
    Path copy = directory.resolve("another/place");
    Files.createDirectories(copy);
    // As it stands, also when it is not committed; without what was built.
    run(
        root,
        "sh",
        "-c",
        "git -c safe.directory=* ls-files -co --exclude-standard -z | tar -c --null --ignore-failed-read -T - |"
            + " tar -x -C '"
            + copy
            + "'");
    run(
        copy,
        "mvn",
        "-o",
        "-q",
        "-B",
        "-ntp",
        "-pl",
        "collector",
        "-Dmaven.test.skip=true",
        "-Dspotless.check.skip=true",
        "-Dcyclonedx.skip=true",
        "package");
    Path here = jar();
    Path there = copy.resolve("collector/target").resolve(here.getFileName().toString());
    if (!digest(here).equals(digest(there))) {
      assertThat(entries(there)).isEqualTo(entries(here)); // says which
    }
    assertThat(digest(there)).isEqualTo(digest(here));
  }

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(
              file ->
                  file.getFileName()
                      .toString()
                      .matches("faultline-collector-[\\d.]+(-SNAPSHOT)?\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static void run(Path where, String... command) throws Exception {
    Path log = Files.createTempFile("faultline-build-", ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(where.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(BUILD_MINUTES_MAX, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
    Files.delete(log);
  }

  private static String digest(Path file) throws Exception {
    return digest(Files.readAllBytes(file));
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static Map<String, String> entries(Path jar) throws Exception {
    Map<String, String> entries = new TreeMap<>();
    try (java.util.zip.ZipFile zip =
        new java.util.zip.ZipFile(jar.toFile(), StandardCharsets.UTF_8)) {
      for (java.util.zip.ZipEntry entry :
          zip.stream().map(e -> (java.util.zip.ZipEntry) e).toList()) {
        try (InputStream in = zip.getInputStream(entry)) {
          entries.put(entry.getName() + " " + entry.getTimeLocal(), digest(in.readAllBytes()));
        }
      }
    }
    return entries;
  }
}
