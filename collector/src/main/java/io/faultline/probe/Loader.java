package io.faultline.probe;

import java.util.Set;

/** Turns programs and a plan into what is attached. */
public sealed interface Loader permits CoreLoader, BccLoader {
  /** The better one of those that work here. */
  String AUTO = "auto";

  /** Objects compiled at build time, loaded by libbpf. */
  String CORE = "core";

  /** The same sources compiled on the host by libbcc. */
  String BCC = "bcc";

  /** All names. */
  Set<String> NAMES = Set.of(AUTO, CORE, BCC);

  /**
   * Loads, sets the settings and attaches, in this order: no hit sees settings that are not there
   * yet.
   *
   * @throws ProbeException when the kernel or the library refuses; nothing stays attached then
   */
  LoadedPrograms load(HookPlan plan, KernelFeatures features) throws ProbeException;

  /**
   * Attaches hooks to maps that are there: those of a module that was not there before, or of a
   * stream that goes on.
   *
   * @throws ProbeException when the kernel or the library refuses, or this loader cannot
   */
  LoadedPrograms loadMore(HookPlan plan, SharedMaps maps) throws ProbeException;
}
