package io.faultline.probe;

import io.faultline.probe.LoaderAnswer.Status;
import io.faultline.probe.socket.PacketSocket;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * One client of the loader process: what is attached for it hangs on its connection. Answers one
 * question after the other; a wrong one is refused with a sentence and changes nothing. One thread.
 */
final class LoaderSession implements AutoCloseable {
  private static final Duration FIRST_QUESTION = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofHours(1);
  private static final int REFUSALS_MAX = 100;
  private static final int LINE_CHARS_MAX = 4096;

  private final PacketSocket socket;
  private final KernelFeatures features;
  private final LoaderLimits limits;
  private final Allowance allowance;
  private final Map<Hook, String> vias = new EnumMap<>(Hook.class);
  private LocalAttachment attachment;
  private int refusals;

  LoaderSession(PacketSocket socket, KernelFeatures features, LoaderLimits limits) {
    this.socket = socket;
    this.features = features;
    this.limits = limits;
    allowance = new Allowance(limits.costPerSecond());
  }

  /**
   * Serves until the other end is gone.
   *
   * @return why it ended, in words
   */
  String run() {
    try {
      PacketSocket.Packet packet = socket.receive(FIRST_QUESTION);
      if (packet == null) {
        return "asked nothing";
      }
      while (true) {
        if (packet != null && !serve(packet)) {
          return "asked too much that no question is";
        }
        packet = socket.receive(PATIENCE);
      }
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** Ends the connection; any thread. */
  void hangUp() {
    socket.hangUp();
  }

  private boolean serve(PacketSocket.Packet packet) throws IOException {
    long number = 0;
    try {
      LoaderQuestion question = LoaderQuestion.of(packet.data());
      number = question.number();
      if (packet.descriptors().length > 0 && question.verb() != LoaderQuestion.Verb.RENEW) {
        throw new IllegalArgumentException(
            "descriptors: " + packet.descriptors().length + " (expected: none)");
      }
      answer(question, packet.descriptors());
    } catch (IllegalArgumentException | ProbeException e) {
      String sentence =
          e instanceof NumberFormatException
              ? "question: a number is too large (expected: one of 64 bits)"
              : String.valueOf(e.getMessage());
      socket.send(new LoaderAnswer(number, Status.REFUSED, sentence).bytes());
      refusals++;
    } finally {
      packet.discard();
    }
    return refusals < REFUSALS_MAX;
  }

  private void answer(LoaderQuestion question, int[] descriptors) throws IOException {
    switch (question.verb()) {
      case ATTACH -> attach(question, null);
      case RENEW -> attach(question, mapsOf(question.word(4), descriptors));
      case MODULE -> attachModule(question.number(), moduleOf(question));
      case RELEASE -> {
        Set<Hook> hooks = attachedOf(moduleOf(question));
        if (!hooks.isEmpty()) {
          attached().releaseModule(moduleOf(question), hooks);
          vias.keySet().removeAll(hooks);
        }
        say(question.number(), Status.OK, "");
      }
      case STATISTICS -> openStatistics(question);
      case DETACH -> {
        attached().detach();
        say(question.number(), Status.OK, "");
      }
      default -> answerFact(question);
    }
  }

  private void say(long number, Status status, String text, int... descriptors) throws IOException {
    socket.send(new LoaderAnswer(number, status, text).bytes(), descriptors);
  }

  private LocalAttachment attached() {
    if (attachment == null) {
      throw new IllegalArgumentException("question: nothing is attached (expected: attach first)");
    }
    return attachment;
  }

  private String moduleOf(LoaderQuestion question) {
    String module = question.word(0);
    if (!ModuleRelease.MODULES.contains(module)) {
      throw new IllegalArgumentException(
          "module: " + module + " (expected: " + String.join(", ", ModuleRelease.MODULES) + ")");
    }
    return module;
  }

  private Set<Hook> attachedOf(String module) {
    Set<Hook> hooks = EnumSet.noneOf(Hook.class);
    vias.keySet().stream().filter(hook -> hook.module().equals(module)).forEach(hooks::add);
    return hooks;
  }

  private void attach(LoaderQuestion question, SharedMaps maps) throws IOException {
    if (attachment != null) {
      throw new IllegalArgumentException("question: attached already (expected: once)");
    }
    LoadRequest request = requestOf(question);
    attachment = LocalAttachment.attach(features, request, maps);
    vias.putAll(attachment.vias());
    StringJoiner lines = new StringJoiner("\n");
    List<Integer> descriptors = new ArrayList<>();
    if (maps == null) {
      for (String name : attachment.mapNames()) {
        lines.add("map " + name);
        descriptors.add(attachment.mapFd(name));
      }
    }
    addHooks(attachment.vias(), lines, descriptors);
    say(question.number(), Status.OK, lines.toString(), arrayOf(descriptors));
  }

  private void attachModule(long number, String module) throws IOException {
    if (!attachedOf(module).isEmpty()) {
      throw new IllegalArgumentException(
          "module: " + module + " is attached already (expected: once)");
    }
    Map<Hook, String> more = attached().attachModule(module);
    vias.putAll(more);
    StringJoiner lines = new StringJoiner("\n");
    List<Integer> descriptors = new ArrayList<>();
    addHooks(more, lines, descriptors);
    say(number, Status.OK, lines.toString(), arrayOf(descriptors));
  }

  /** The client's descriptor switches it off again, or the end of the client. */
  private void openStatistics(LoaderQuestion question) throws IOException {
    if (!allowance.take(costOf(question), System.nanoTime())) {
      say(question.number(), Status.LATER, "");
      return;
    }
    int descriptor = attached().openStatistics();
    if (descriptor < 0) {
      say(question.number(), Status.NONE, "");
      return;
    }
    try {
      say(question.number(), Status.OK, "", descriptor);
    } finally {
      Libc.close(descriptor);
    }
  }

  private void addHooks(Map<Hook, String> hooks, StringJoiner lines, List<Integer> descriptors) {
    hooks.forEach(
        (hook, via) -> {
          lines.add("hook " + hook.label() + " " + via);
          descriptors.add(attachment.programFd(hook));
        });
  }

  private static int[] arrayOf(List<Integer> descriptors) {
    return descriptors.stream().mapToInt(Integer::intValue).toArray();
  }

  private LoadRequest requestOf(LoaderQuestion question) {
    String loader = question.word(0);
    if (loader.equals(Loader.BCC) && !limits.isBccAllowed()) {
      throw new IllegalArgumentException(
          "loader: bcc (expected: core, or a loader process with --allow-bcc)");
    }
    long ringBytes = Long.parseLong(question.word(1));
    if (Long.bitCount(ringBytes) != 1
        || ringBytes > limits.ringBytesMax()
        || ringBytes < Libc.pageBytes()) {
      throw new IllegalArgumentException(
          "ring-bytes: "
              + ringBytes
              + " (expected: a power of two, at most "
              + limits.ringBytesMax()
              + ", which the loader allows)");
    }
    return new LoadRequest(
        loader,
        (int) ringBytes,
        HexFormat.of().parseHex(question.word(2)),
        hooksOf(question.word(3)));
  }

  private static Set<Hook> hooksOf(String words) {
    Set<Hook> hooks = EnumSet.noneOf(Hook.class);
    if (!words.equals("-")) {
      for (String word : words.split(",", -1)) {
        hooks.add(RemoteAttachment.hookOf(word));
      }
    }
    return hooks;
  }

  private static SharedMaps mapsOf(String words, int[] descriptors) {
    String[] names = words.split(",", -1);
    if (names.length != descriptors.length) {
      throw new IllegalArgumentException(
          "maps: " + names.length + " names (expected: one for each descriptor)");
    }
    Map<String, Integer> maps = new HashMap<>();
    for (int i = 0; i < names.length; i++) {
      maps.put(names[i], descriptors[i]);
    }
    return name -> {
      if (!maps.containsKey(name)) {
        throw new IllegalArgumentException("maps: " + name + " is missing (expected: all of them)");
      }
      return maps.get(name);
    };
  }

  private void answerFact(LoaderQuestion question) throws IOException {
    if (!allowance.take(costOf(question), System.nanoTime())) {
      say(question.number(), Status.LATER, "");
      return;
    }
    String text = factOf(question);
    say(question.number(), text == null ? Status.NONE : Status.OK, text == null ? "" : text);
  }

  private static int costOf(LoaderQuestion question) {
    return switch (question.verb()) {
      case PATH -> 50;
      case SYMBOLS, STATISTICS -> 500;
      case AREA -> 5;
      default -> 1;
    };
  }

  private String factOf(LoaderQuestion question) {
    TaskFacts facts = attached().facts();
    return switch (question.verb()) {
      case STACK -> facts.stack(question.number(0), question.number(1));
      case IO -> textOf(facts.io(question.number(0), question.number(1)));
      case AREA -> {
        TaskFacts.FileArea area =
            facts.area(question.number(0), Long.parseUnsignedLong(question.word(1), 16));
        yield area == null ? null : area.dev() + " " + area.ino();
      }
      case PATH -> {
        String path =
            facts.path(
                question.number(0), question.number(1), Long.parseUnsignedLong(question.word(2)));
        yield path == null || path.length() > LINE_CHARS_MAX ? null : path;
      }
      default -> {
        String[] words = question.word(0).split(",", -1);
        long[] addresses = new long[words.length];
        for (int i = 0; i < words.length; i++) {
          addresses[i] = Long.parseUnsignedLong(words[i], 16);
        }
        String[] symbols = facts.symbols(addresses);
        if (symbols == null) {
          yield null;
        }
        StringJoiner lines = new StringJoiner("\n");
        for (String symbol : symbols) {
          lines.add(symbol == null ? "-" : symbol);
        }
        yield lines.toString();
      }
    };
  }

  private static String textOf(IoCounts io) {
    if (io == null) {
      return "-";
    }
    return io.equals(IoCounts.GONE)
        ? null
        : String.format(
            "%d %d %d %d %d",
            io.readCalls(), io.writeCalls(), io.readChars(), io.writeChars(), io.storageBytes());
  }

  /** Ends the hits: nothing of what was attached for this client stays. */
  @Override
  public void close() {
    if (attachment != null) {
      attachment.close();
    }
    socket.close();
  }

  /** Refuses a connection before any question, with a sentence. */
  static void refuse(PacketSocket socket, String sentence) {
    try {
      socket.send(new LoaderAnswer(0, Status.REFUSED, sentence).bytes());
    } catch (IOException e) {
      // It is gone already.
    }
    socket.close();
  }
}
