package io.faultline.cli;

import io.faultline.alert.Silences;
import io.faultline.config.AgentConfig;
import io.faultline.config.ConfigException;
import io.faultline.config.ConfigReader;
import io.faultline.config.SourceConfig;
import io.faultline.event.HookChange;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamListener;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.UserFaults;
import io.faultline.probe.confine.Confinement;
import io.faultline.risk.Alert;
import io.faultline.sink.AlertDesk;
import io.faultline.sink.SinkQueue;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The agent: source, pipeline, desk, sinks; wired here, and run on one thread until a signal. What
 * else is to see the stream becomes a listener of the pipeline.
 */
final class Agent {
  private static final long LOOK_NS = 1_000_000_000L;
  private static final String SILENCES_FILE = "silences.json";

  private final Path file;
  private final PrintWriter out;
  private final Messages messages;
  private final AtomicBoolean isReloadWanted = new AtomicBoolean();
  private AgentConfig config;

  /** {@code file} is null when there is none to read again. */
  Agent(Path file, AgentConfig config, PrintWriter out, Messages messages) {
    this.file = file;
    this.config = config;
    this.out = out;
    this.messages = messages;
  }

  /** Wall-clock time, ns since 1970. */
  static long wallNs() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  /** Runs until SIGTERM or SIGINT. */
  void run() throws IOException, CommandFailure {
    KernelFeatures features = KernelFeatures.detect();
    Silences silences = openSilences();
    ProbeOptions options =
        lookUp(config.source(), features).withStall(config.budget().stall().toNanos());
    Thrift.check(config.budget(), options);
    try (ServiceManager manager = ServiceManager.of(System.getenv());
        LiveSource source = LiveSource.open(features, options);
        Thrift thrift = new Thrift(config.budget(), options, source, messages);
        Sinks sinks = new Sinks(messages::say, this::printed);
        Keeping keeping = Keeping.open(config, source.info(), messages);
        Shipping shipping = Shipping.open(config, source.info(), keeping, messages);
        Showing showing =
            Showing.open(config, source, thrift::probeNs, keeping, shipping, silences, messages)) {
      AlertDesk desk =
          new AlertDesk(source.info(), silences, alert -> wallNs(), sinks.open(config.alerts()));
      List<StreamListener> listeners = new ArrayList<>(List.of(new HookMessages(), desk));
      listeners.addAll(keeping.listeners());
      listeners.addAll(showing.listeners());
      Pipeline pipeline =
          new Pipeline(config.rules().settings(), listeners.toArray(StreamListener[]::new));
      showing.watch(pipeline::alerts);
      Running running =
          new Running(
              features, source, thrift, pipeline, silences, desk, sinks, manager, keeping, shipping,
              showing);
      // The journal takes the same bytes, before anything is made of them.
      StreamConsumer matched = shipping.before(showing.beside(pipeline));
      Pump pump = new Pump(source, keeping.before(matched)).stopOn("INT", "TERM");
      Pump.onSignal("HUP", () -> isReloadWanted.set(true));
      Pump.onSignal("USR1", keeping::keepNow);
      (features.loaderSocket() != null ? Confinement.COLLECTOR : Confinement.ATTACHING).enter();
      sayStart(source.info(), sinks);
      manager.ready("watching, alerts to " + sinks.describe());
      pump.run(null, running::tick);
      manager.stopping();
      pipeline.finish();
      keeping.flush();
      messages.say(
          String.format(
              "ended after %,d events, %d alerts", pipeline.decoded(), pipeline.alerts().size()));
    }
  }

  private SinkQueue printed() {
    return new SinkQueue(new PrintedAlerts(out, false), notice -> true, messages::say);
  }

  private Silences openSilences() throws IOException {
    if (config.stateDir() == null) {
      return Silences.of(config.rules().silences());
    }
    Files.createDirectories(config.stateDir());
    return Silences.open(config.stateDir().resolve(SILENCES_FILE), config.rules().silences());
  }

  private static ProbeOptions lookUp(SourceConfig source, KernelFeatures features)
      throws CommandFailure {
    try {
      return SourceLookup.options(source, features);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure("source." + e.getMessage());
    }
  }

  private void sayStart(StreamInfo info, Sinks sinks) {
    List<String> missing = new ArrayList<>();
    int attached = 0;
    for (StreamInfo.Hook hook : info.hooks()) {
      if (hook.via().equals(StreamInfo.VIA_NONE)) {
        missing.add(hook.name());
      } else if (!hook.via().equals(StreamInfo.VIA_NOT_LOADED)
          && !hook.via().equals(UserFaults.VIA)) {
        attached++;
      }
    }
    messages.say(
        String.format(
            "agent watches with %d hooks, loader %s, detail %s%s",
            attached,
            info.loader(),
            info.detail(),
            info.filters().isEmpty() ? "" : ", only " + info.filters()));
    if (!missing.isEmpty()) {
      messages.say(
          "not seen, because the kernel offers no way to attach: "
              + String.join(", ", missing)
              + " ('faultline doctor' says why)");
    }
    messages.say(
        "alerts go to "
            + sinks.describe()
            + "; configuration: "
            + (file == null ? "defaults" : file));
  }

  /** Says that hooks came or went. */
  private final class HookMessages implements StreamListener {
    @Override
    public void onHookChange(HookChange change) {
      messages.say(RecordCommand.textOf(change));
    }
  }

  /** What is done between batches while it runs. */
  private final class Running {
    private final KernelFeatures features;
    private final LiveSource source;
    private final Thrift thrift;
    private final Pipeline pipeline;
    private final Silences silences;
    private final AlertDesk desk;
    private final Sinks sinks;
    private final ServiceManager manager;
    private final Keeping keeping;
    private final Shipping shipping;
    private final Showing showing;
    private long lookedNs;

    Running(
        KernelFeatures features,
        LiveSource source,
        Thrift thrift,
        Pipeline pipeline,
        Silences silences,
        AlertDesk desk,
        Sinks sinks,
        ServiceManager manager,
        Keeping keeping,
        Shipping shipping,
        Showing showing) {
      this.features = features;
      this.source = source;
      this.thrift = thrift;
      this.pipeline = pipeline;
      this.silences = silences;
      this.desk = desk;
      this.sinks = sinks;
      this.manager = manager;
      this.keeping = keeping;
      this.shipping = shipping;
      this.showing = showing;
    }

    void tick(long nowNs) throws IOException {
      manager.alive(nowNs);
      followClock(source.takeClockStepNs());
      thrift.tick(nowNs);
      keeping.tick(nowNs);
      shipping.tick(nowNs);
      showing.tick(nowNs, pipeline.alerts(), desk::silenceOf);
      if (isReloadWanted.getAndSet(false)) {
        reload();
      }
      if (nowNs - lookedNs >= LOOK_NS) {
        lookedNs = nowNs;
        desk.look(alerts());
      }
    }

    private void followClock(long stepNs) throws IOException {
      if (stepNs != 0) {
        keeping.flush(); // what comes after the message is in a segment of the new time
        messages.say(
            String.format(
                "the clock was set by %+,.1f s: times follow from here on, nothing else does",
                stepNs / 1e9));
      }
    }

    private List<Alert> alerts() {
      return shipping.with(keeping.with(pipeline.alerts()));
    }

    private void reload() {
      manager.reloading();
      if (file == null) {
        messages.say("SIGHUP: there is no file to read again (expected: --config FILE)");
      } else {
        try {
          AgentConfig next = new ConfigReader().read(file);
          SourceConfig watched = next.source().onTopOf(config.source());
          thrift.configure(next.budget(), lookUp(watched, features));
          take(next);
        } catch (ConfigException e) {
          e.problems().forEach(messages::say);
          messages.say(file + " is not taken, the configuration stays as it was");
        } catch (IOException | CommandFailure e) {
          messages.say(e.getMessage());
          messages.say(file + " is not taken, the configuration stays as it was");
        }
      }
      manager.ready("watching, alerts to " + sinks.describe());
    }

    private void take(AgentConfig next) {
      List<String> restart = new ArrayList<>(next.source().needsRestart(config.source()));
      if (!next.journal().equals(config.journal())) {
        restart.add("journal");
      }
      if (!next.web().equals(config.web())) {
        restart.add("web");
      }
      if (!next.influx().equals(config.influx())) {
        restart.add("influx");
      }
      if (!next.kafka().equals(config.kafka())) {
        restart.add("kafka");
      }
      if (!Objects.equals(next.stateDir(), config.stateDir())) {
        restart.add("state.dir");
      }
      pipeline.setRules(next.rules().settings());
      showing.setRules(next.rules().settings());
      silences.configure(next.rules().silences());
      desk.setSinks(sinks.open(next.alerts()), pipeline.alerts());
      sinks.closeLeft();
      desk.look(alerts());
      messages.say(file + " is taken; alerts go to " + sinks.describe());
      if (!restart.isEmpty()) {
        messages.say("not changed before a restart: " + String.join(", ", restart));
      }
      if (source.probes().skipsUserFaults()) {
        messages.say(
            "page_fault_user: not counted while only some tasks are watched (expected: a restart,"
                + " which attaches its hook)");
      }
      config =
          new AgentConfig(
              next.source().onTopOf(config.source()),
              next.budget(),
              next.rules(),
              next.alerts(),
              config.journal(),
              config.web(),
              config.influx(),
              config.kafka(),
              config.stateDir());
    }
  }
}
