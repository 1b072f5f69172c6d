package io.faultline.probe;

import io.faultline.probe.task.ProcFacts;
import io.faultline.probe.task.TaskFacts;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Attached by this process: everything hangs on its descriptors. */
final class LocalAttachment implements Attachment {
  private final KernelFeatures features;
  private final String loaderName;
  private final Set<Hook> without;
  private final Loader loader;
  private final LoadedPrograms programs;
  private final Map<String, LoadedPrograms> modulePrograms = new HashMap<>();
  private final Map<Hook, String> vias;
  private final ProcFacts facts = new ProcFacts();

  private LocalAttachment(
      KernelFeatures features,
      String loaderName,
      Set<Hook> without,
      Loader loader,
      LoadedPrograms programs,
      HookPlan plan) {
    this.features = features;
    this.loaderName = loaderName;
    this.without = without;
    this.loader = loader;
    this.programs = programs;
    vias = viasOf(plan);
  }

  /**
   * Loads and attaches what is not in a module; with the bcc loader also what is.
   *
   * @param maps those to attach to, or {@code null} for new ones
   * @throws ProbeException when something stands in the way; nothing is attached then
   */
  static LocalAttachment attach(KernelFeatures features, LoadRequest request, SharedMaps maps)
      throws ProbeException {
    String obstacle = features.obstacleTo(request.loader());
    if (obstacle != null) {
      throw new ProbeException(obstacle);
    }
    boolean isBcc = request.loader().equals(Loader.BCC);
    Loader loader = isBcc ? new BccLoader(request) : new CoreLoader(request);
    // With libbpf each module's programs are an object of their own, which can come and go.
    HookPlan plan =
        HookPlan.of(
            features,
            request.loader(),
            request.without(),
            hook -> isBcc || hook.module().isEmpty());
    LoadedPrograms programs =
        maps == null ? loader.load(plan, features) : loader.loadMore(plan, maps);
    return new LocalAttachment(
        features, request.loader(), request.without(), loader, programs, plan);
  }

  private static Map<Hook, String> viasOf(HookPlan plan) {
    Map<Hook, String> vias = new EnumMap<>(Hook.class);
    for (Hook hook : Hook.values()) {
      if (plan.wayOf(hook) != null) {
        vias.put(hook, plan.viaOf(hook));
      }
    }
    return vias;
  }

  @Override
  public String loader() {
    return loaderName;
  }

  @Override
  public Map<Hook, String> vias() {
    return vias;
  }

  @Override
  public int mapFd(String name) {
    return programs.mapFd(name);
  }

  @Override
  public int programFd(Hook hook) {
    return modulePrograms.getOrDefault(hook.module(), programs).programFd(hook);
  }

  @Override
  public Map<Hook, String> attachModule(String module) throws ProbeException {
    HookPlan plan =
        HookPlan.of(features, loaderName, without, hook -> hook.module().equals(module));
    if (plan.isEmpty() || loader instanceof BccLoader) {
      return Map.of();
    }
    modulePrograms.put(module, loader.loadMore(plan, programs));
    return viasOf(plan);
  }

  @Override
  public void releaseModule(String module, Set<Hook> hooks) {
    modulePrograms.getOrDefault(module, programs).release(hooks);
    modulePrograms.remove(module);
  }

  @Override
  public boolean isLost() {
    return false;
  }

  @Override
  public boolean renew() {
    return true;
  }

  @Override
  public int openStatistics() {
    return RunStatistics.open();
  }

  @Override
  public TaskFacts facts() {
    return facts;
  }

  /** Names of all maps, in the order of the object. */
  List<String> mapNames() {
    return programs.mapNames();
  }

  @Override
  public void detach() {
    programs.detach();
    modulePrograms.values().forEach(LoadedPrograms::detach);
  }

  @Override
  public void close() {
    modulePrograms.values().forEach(LoadedPrograms::close);
    modulePrograms.clear();
    programs.close();
    facts.close();
  }
}
