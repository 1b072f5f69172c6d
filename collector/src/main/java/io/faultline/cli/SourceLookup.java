package io.faultline.cli;

import io.faultline.config.SourceConfig;
import io.faultline.match.FileSystems;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.ProbeFilter;
import io.faultline.probe.ProbeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Finds on this machine what is to be watched: devices of mounts, ids of control groups. */
final class SourceLookup {
  private SourceLookup() {}

  /**
   * The options.
   *
   * @throws IllegalArgumentException for what is not there or no name of anything; the message
   *     begins with the name of the option
   */
  static ProbeOptions options(SourceConfig config, KernelFeatures features) {
    if (!Loader.NAMES.contains(config.loader())) {
      throw error("loader: " + config.loader() + " (expected: auto, core or bcc)");
    }
    return new ProbeOptions(
        features.chooseLoader(config.loader()),
        config.ringBytes(),
        config.isFull(),
        config.minAttempt().toNanos(),
        config.minWait().toNanos(),
        config.minStack().toNanos(),
        filter(config),
        config.without());
  }

  private static ProbeFilter filter(SourceConfig config) {
    String dev = config.dev();
    if (!dev.isEmpty() && config.mount() != null) {
      throw error("dev: " + dev + " with a mount (expected: one of dev and mount)");
    }
    OptionalInt device = OptionalInt.empty();
    if (!dev.isEmpty()) {
      device = FileSystems.parseDev(dev);
      if (device.isEmpty()) {
        throw error("dev: " + dev + " (expected: MAJ:MIN)");
      }
    }
    if (config.mount() != null) {
      device = OptionalInt.of(devOf(config.mount()));
    }
    Integer pid = config.pid();
    if (pid != null && !Files.exists(Path.of("/proc/" + pid))) {
      throw error("pid: " + pid + " (expected: a running process)");
    }
    if (config.comm().getBytes(StandardCharsets.UTF_8).length > 15) {
      throw error(
          "comm: " + config.comm() + " (expected: at most 15 bytes, as the kernel keeps them)");
    }
    return new ProbeFilter(
        device,
        pid == null ? OptionalInt.empty() : OptionalInt.of(pid),
        config.comm(),
        cgroupId(config.cgroup()));
  }

  private static int devOf(Path mount) {
    try {
      return Mounts.of(mount).dev();
    } catch (IOException e) {
      throw error("mount: " + mount + " (expected: an existing path)");
    }
  }

  private static OptionalLong cgroupId(Path cgroup) {
    if (cgroup == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of((Long) Files.getAttribute(cgroup, "unix:ino"));
    } catch (IOException e) {
      throw error("cgroup: " + cgroup + " (expected: a directory of the version 2 hierarchy)");
    }
  }

  private static IllegalArgumentException error(String message) {
    return new IllegalArgumentException(message);
  }
}
