package io.faultline.fuzz;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is fuzzed: everything that reads what somebody else may have written. */
enum FuzzTarget {
  STREAM("io.faultline.fuzz.StreamFuzz", 8192),
  BLOCK("io.faultline.recording.BlockFuzz", 8192),
  RECORDING("io.faultline.recording.RecordingFuzz", 16384),
  FLEET("io.faultline.kafka.FleetFuzz", 8192),
  JOURNAL("io.faultline.journal.JournalFuzz", 16384),
  CONFIG("io.faultline.config.ConfigFuzz", 4096),
  WEB("io.faultline.web.WebFuzz", 2048),
  GLOCKS("io.faultline.snapshot.GlockFuzz", 8192),
  DLM("io.faultline.snapshot.DlmFuzz", 8192),
  BTF("io.faultline.probe.BtfFuzz", 32768),
  SILENCES("io.faultline.alert.SilencesFuzz", 2048);

  private static final Path SEEDS = Path.of("src/test/fuzz");

  final String className;
  final int bytesMax;

  FuzzTarget(String className, int bytesMax) {
    this.className = className;
    this.bytesMax = bytesMax;
  }

  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  Path seeds() {
    return SEEDS.resolve(label());
  }

  List<Path> seedFiles() throws IOException {
    try (Stream<Path> files = Files.list(seeds())) {
      return files.sorted().toList();
    }
  }

  /** The target's own method. */
  void run(byte[] input) throws Throwable {
    MethodHandle method =
        MethodHandles.publicLookup()
            .findStatic(
                Class.forName(className),
                "fuzzerTestOneInput",
                MethodType.methodType(void.class, byte[].class));
    method.invoke(input);
  }
}
