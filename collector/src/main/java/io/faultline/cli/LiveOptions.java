package io.faultline.cli;

import io.faultline.config.SourceConfig;
import io.faultline.probe.Hook;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.Loader;
import io.faultline.probe.ProbeOptions;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command that watches the running kernel takes. */
final class LiveOptions {
  /** How much is emitted. */
  enum Detail {
    FULL,
    NORMAL
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--loader",
      paramLabel = "LOADER",
      defaultValue = Loader.AUTO,
      description =
          "auto, core (compiled objects and libbpf) or bcc (compiled here by libbcc); default ${DEFAULT-VALUE}")
  private String loader;

  @Option(
      names = "--detail",
      paramLabel = "full|normal",
      description =
          "full: every attempt is an event; normal: what missed, was retried, slow or failed")
  private Detail detail;

  @Option(
      names = "--ring-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + ProbeOptions.RING_BYTES_DEFAULT,
      description = "size of the event ring, a power of two; default ${DEFAULT-VALUE}")
  private int ringBytes;

  @Option(
      names = "--dev",
      paramLabel = "MAJ:MIN",
      description = "only this device, as in /proc/self/mountinfo")
  private String dev = "";

  @Option(
      names = "--mount",
      paramLabel = "PATH",
      description = "only the file system mounted there")
  private Path mount;

  @Option(names = "--pid", paramLabel = "PID", description = "only this process")
  private Integer pid;

  @Option(names = "--comm", paramLabel = "NAME", description = "only tasks of this name")
  private String comm = "";

  @Option(
      names = "--cgroup",
      paramLabel = "PATH",
      description = "only this version 2 control group")
  private Path cgroup;

  @Option(
      names = "--min-attempt",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "100ms",
      description =
          "with --detail normal: an attempt at least this long is an event; default ${DEFAULT-VALUE}")
  private Duration minAttempt;

  @Option(
      names = "--min-wait",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "1ms",
      description =
          "with --detail normal: a wait for a lock at least this long is an event; default ${DEFAULT-VALUE}")
  private Duration minWait;

  @Option(
      names = "--min-stack",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "100ms",
      description =
          "a wait for a lock at least this long comes with its stack; default ${DEFAULT-VALUE}")
  private Duration minStack;

  @Option(
      names = "--without",
      paramLabel = "HOOK",
      split = ",",
      description = "leave a hook out on purpose (see doctor for the names)")
  private List<String> without = List.of();

  /** Attaches; {@code detailDefault} is the command's own. */
  LiveSource open(Detail detailDefault) throws IOException {
    KernelFeatures features = KernelFeatures.detect();
    return LiveSource.open(features, options(features, detailDefault));
  }

  /** The options, checked; a wrong one is a usage error. */
  ProbeOptions options(KernelFeatures features, Detail detailDefault) {
    SourceConfig config =
        new SourceConfig(
            loader,
            (detail == null ? detailDefault : detail) == Detail.FULL,
            ringBytes,
            dev,
            mount,
            pid,
            comm,
            cgroup,
            minAttempt,
            minWait,
            minStack,
            hooksLeftOut());
    try {
      return SourceLookup.options(config, features);
    } catch (IllegalArgumentException e) {
      throw error("--" + e.getMessage());
    }
  }

  /** None of these options is given, since {@code why}; else that is a usage error. */
  void refuse(String why) {
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (option.userObject() instanceof Field field
          && field.getDeclaringClass() == LiveOptions.class) {
        throw error(option.longestName() + ": given with " + why + " (expected: without it)");
      }
    }
  }

  private Set<Hook> hooksLeftOut() {
    Set<Hook> hooks = EnumSet.noneOf(Hook.class);
    for (String name : without) {
      hooks.add(
          EnumSet.allOf(Hook.class).stream()
              .filter(hook -> hook.label().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      error(
                          "--without: "
                              + name
                              + " (expected: a hook that 'faultline doctor' lists)")));
    }
    return hooks;
  }

  private ParameterException error(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
