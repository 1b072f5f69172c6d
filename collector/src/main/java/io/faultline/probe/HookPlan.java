package io.faultline.probe;

import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Which way each hook will be attached on this kernel; immutable. */
public final class HookPlan {
  private final Map<Hook, Hook.Way> ways = new EnumMap<>(Hook.class);
  private final KernelFeatures features;
  private final String loader;

  private HookPlan(KernelFeatures features, String loader) {
    this.features = features;
    this.loader = loader;
  }

  /**
   * Takes for each hook the first way that the kernel offers.
   *
   * @param without hooks that are left out on purpose
   */
  public static HookPlan of(KernelFeatures features, String loader, Set<Hook> without) {
    return of(features, loader, without, hook -> true);
  }

  /** The same for some hooks only. */
  static HookPlan of(
      KernelFeatures features, String loader, Set<Hook> without, Predicate<Hook> among) {
    HookPlan plan = new HookPlan(features, loader);
    for (Hook hook : Hook.values()) {
      if (!without.contains(hook) && among.test(hook)) {
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

  /** Whether it has no way for any hook. */
  boolean isEmpty() {
    return ways.isEmpty();
  }

  /** How a hook is attached, {@link StreamInfo#VIA_NONE} or {@link StreamInfo#VIA_NOT_LOADED}. */
  public String viaOf(Hook hook) {
    Hook.Way way = ways.get(hook);
    return way == null ? viaOfMissing(features, hook) : way.describe(loader);
  }

  static String viaOfMissing(KernelFeatures features, Hook hook) {
    return hook.module().isEmpty() || features.hasModule(hook.module())
        ? StreamInfo.VIA_NONE
        : StreamInfo.VIA_NOT_LOADED;
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
      hooks.add(new StreamInfo.Hook(hook.label(), viaOf(hook)));
    }
    return hooks;
  }
}
