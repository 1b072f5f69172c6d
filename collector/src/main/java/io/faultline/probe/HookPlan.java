package io.faultline.probe;

import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which way each hook will be attached on this kernel; immutable. */
public final class HookPlan {
  private final Map<Hook, Hook.Way> ways = new EnumMap<>(Hook.class);
  private final String loader;

  private HookPlan(String loader) {
    this.loader = loader;
  }

  /**
   * Takes for each hook the first way that the kernel offers.
   *
   * @param without hooks that are left out on purpose
   */
  public static HookPlan of(KernelFeatures features, String loader, Set<Hook> without) {
    HookPlan plan = new HookPlan(loader);
    for (Hook hook : Hook.values()) {
      if (!without.contains(hook)) {
        hook.ways.stream()
            .filter(features::offers)
            .findFirst()
            .ifPresent(way -> plan.ways.put(hook, way));
      }
    }
    return plan;
  }

  /** The loader that it is for: {@code core} or {@code bcc}. */
  public String loader() {
    return loader;
  }

  /** The way taken, or {@code null} when there is none. */
  public Hook.Way wayOf(Hook hook) {
    return ways.get(hook);
  }

  /** Essential hooks that the kernel offers no way for. */
  public List<Hook> missingEssentials() {
    List<Hook> missing = new ArrayList<>();
    for (Hook hook : Hook.values()) {
      if (hook.isEssential && !ways.containsKey(hook)) {
        missing.add(hook);
      }
    }
    return missing;
  }

  /** The hooks as a recording's header lists them. */
  public List<StreamInfo.Hook> describe() {
    List<StreamInfo.Hook> hooks = new ArrayList<>();
    for (Hook hook : Hook.values()) {
      Hook.Way way = ways.get(hook);
      hooks.add(
          new StreamInfo.Hook(
              hook.label(), way == null ? StreamInfo.VIA_NONE : way.describe(loader)));
    }
    return hooks;
  }
}
