package io.faultline.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The C sources of {@code bpf/} that this build carries. */
final class BpfSources {
  private static final List<String> HEADERS =
      List.of(
          "linux/bpf_common.h",
          "linux/kconfig.h",
          "linux/log2.h",
          "linux/types.h",
          "linux/version.h",
          "uapi/linux/bpf.h",
          "uapi/linux/if_ether.h",
          "uapi/linux/if_packet.h",
          "uapi/linux/ptrace.h",
          "asm/page.h");

  private BpfSources() {}

  /** Puts the source as one file and bcc's stand-ins for kernel headers into the directory. */
  static void unpack(Path directory) throws IOException {
    Files.writeString(
        directory.resolve("faultline.c"), flatten("faultline.bpf.c", new ArrayList<>()));
    for (String header : HEADERS) {
      Path target = directory.resolve("include").resolve(header);
      Files.createDirectories(target.getParent());
      Files.writeString(target, read("bcc/include/" + header));
    }
  }

  /** The file with its own includes in place: bcc rewrites map calls in the main file only. */
  private static String flatten(String file, List<String> seen) throws IOException {
    if (seen.contains(file)) {
      return "";
    }
    seen.add(file);
    StringBuilder text = new StringBuilder();
    for (String line : read(file).split("\n", -1)) {
      if (line.startsWith("#include \"")) {
        text.append(flatten(line.substring(10, line.lastIndexOf('"')), seen));
      } else {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }

  static String read(String name) throws IOException {
    try (var in = BpfSources.class.getResourceAsStream("/bpf/" + name)) {
      if (in == null) {
        throw new ProbeException("bcc loader: " + name + " is not in this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static void delete(Path directory) {
    if (directory == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // A temporary directory that stays behind harms nobody.
    }
  }
}
