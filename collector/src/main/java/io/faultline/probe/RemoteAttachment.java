package io.faultline.probe;

import io.faultline.probe.LoaderAnswer.Status;
import io.faultline.probe.LoaderQuestion.Verb;
import io.faultline.probe.socket.PacketSocket;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/**
 * Attached by a loader process for this one, which may have no privileges: maps and programs are
 * descriptors that came over the socket, and reading a map by its descriptor is nobody's privilege.
 * The maps outlive the loader, so that a new one can attach to them again.
 */
final class RemoteAttachment implements Attachment {
  private static final Duration ATTACH_PATIENCE = Duration.ofSeconds(60);
  private static final Duration FACT_PATIENCE = Duration.ofMillis(500);
  private static final long SILENCE_NS = 5_000_000_000L;

  private final Path path;
  private final LoadRequest request;
  private final Map<String, Integer> maps = new LinkedHashMap<>();
  private final Map<Hook, Integer> programs = new EnumMap<>(Hook.class);
  private final Map<Hook, String> vias = new EnumMap<>(Hook.class);
  private final TaskFacts facts = new AskedFacts();
  private PacketSocket socket; // null while the loader is gone
  private long number;
  private long silentUntilNs;

  private RemoteAttachment(Path path, LoadRequest request) {
    this.path = path;
    this.request = request;
  }

  /**
   * Has the loader attach.
   *
   * @throws ProbeException when it is not there, or refuses; its sentence says why
   */
  static RemoteAttachment connect(Path path, LoadRequest request) throws ProbeException {
    if (!Files.exists(Path.of("/proc/1/stat"))) {
      throw new ProbeException(
          "/proc: processes of others are hidden (expected: hidepid=0, or its gid= a group of this user)");
    }
    RemoteAttachment attachment = new RemoteAttachment(path, request);
    try {
      attachment.open();
      attachment.take(attachment.ask(ATTACH_PATIENCE, Verb.ATTACH, attachment.load()));
      return attachment;
    } catch (IOException e) {
      attachment.close();
      throw e instanceof ProbeException p ? p : new ProbeException("loader: " + e.getMessage(), e);
    }
  }

  private void open() throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (Files.exists(folder)
        && Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new ProbeException(
          "loader: "
              + folder
              + ": anyone may write there (expected: a directory of the loader's own)");
    }
    silentUntilNs = 0;
    socket = PacketSocket.connect(path, LoaderAnswer.BYTES_MAX);
    int peer = socket.peer().uid();
    int owner = (Integer) Files.getAttribute(folder, "unix:uid");
    if (peer != 0 && peer != owner) {
      throw new ProbeException(
          "loader: "
              + path
              + " is of user "
              + peer
              + " (expected: root, or the owner of the folder)");
    }
  }

  private Object[] load() {
    String without =
        request.without().stream().map(Hook::label).sorted().collect(Collectors.joining(","));
    return new Object[] {
      request.loader(),
      request.ringBytes(),
      HexFormat.of().formatHex(request.config()),
      without.isEmpty() ? "-" : without
    };
  }

  /** An answer with the descriptors that came along. */
  @SuppressWarnings("ArrayRecordComponent") // taken over once
  private record Answered(String text, int[] descriptors) {}

  /**
   * Asks, and waits for the answer.
   *
   * @return {@code null} when it says that there is nothing
   * @throws ProbeException when the loader refuses, or says nothing in time
   * @throws IOException when it is gone
   */
  private Answered ask(Duration patience, Verb verb, Object[] words, int... descriptors)
      throws IOException {
    send(LoaderQuestion.bytesOf(++number, verb, words), descriptors);
    long untilNs = System.nanoTime() + patience.toNanos();
    while (true) {
      long leftNs = untilNs - System.nanoTime();
      PacketSocket.Packet packet =
          leftNs <= 0 ? null : socket.receive(Duration.ofNanos(leftNs).plusMillis(1));
      if (packet == null && leftNs <= 0) {
        silentUntilNs = System.nanoTime() + SILENCE_NS;
        throw new ProbeException("loader: no answer in " + patience.toMillis() + " ms");
      }
      if (packet == null) {
        continue;
      }
      LoaderAnswer answer = LoaderAnswer.of(packet.data());
      boolean isTaken = answer != null && answer.number() == number && answer.status() == Status.OK;
      if (!isTaken) {
        packet.discard();
      }
      if (answer == null) {
        throw new IOException(path + ": what is there is no loader");
      }
      if (answer.status() == Status.REFUSED
          && (answer.number() == number || answer.number() == 0)) {
        throw new ProbeException(answer.text());
      }
      if (answer.number() == number && answer.status() == Status.LATER) {
        throw new ProbeException("loader: too many questions");
      }
      if (answer.number() == number) {
        return isTaken ? new Answered(answer.text(), packet.descriptors()) : null;
      }
      // Of a question that it did not answer in time.
    }
  }

  /** A loader that refuses a client says why and hangs up, maybe before it was asked anything. */
  private void send(byte[] question, int[] descriptors) throws IOException {
    try {
      socket.send(question, descriptors);
    } catch (IOException e) {
      PacketSocket.Packet last = socket.receive(Duration.ZERO);
      LoaderAnswer answer = last == null ? null : LoaderAnswer.of(last.data());
      if (answer != null && answer.status() == Status.REFUSED) {
        throw new ProbeException(answer.text(), e);
      }
      throw e;
    }
  }

  /** Takes the descriptors over that the lines name in turn. */
  private Map<Hook, String> take(Answered answered) throws ProbeException {
    Map<Hook, String> hooks = new EnumMap<>(Hook.class);
    String[] lines = answered.text().isEmpty() ? new String[0] : answered.text().split("\n");
    if (lines.length != answered.descriptors().length) {
      Arrays.stream(answered.descriptors()).forEach(Libc::close);
      throw new ProbeException(
          "loader: " + lines.length + " names (expected: one for each descriptor)");
    }
    for (int i = 0; i < lines.length; i++) {
      String[] words = lines[i].split(" ", 3);
      if (words[0].equals("map")) {
        maps.put(words[1], answered.descriptors()[i]);
      } else {
        Hook hook = hookOf(words[1]);
        programs.put(hook, answered.descriptors()[i]);
        hooks.put(hook, words[2]);
      }
    }
    vias.putAll(hooks);
    return hooks;
  }

  static Hook hookOf(String label) {
    return Arrays.stream(Hook.values())
        .filter(hook -> hook.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "hook: " + label + " (expected: one that doctor lists)"));
  }

  @Override
  public String loader() {
    return request.loader();
  }

  @Override
  public Map<Hook, String> vias() {
    return vias;
  }

  @Override
  public int mapFd(String name) {
    return maps.get(name);
  }

  @Override
  public int programFd(Hook hook) {
    return programs.getOrDefault(hook, -1);
  }

  @Override
  public Map<Hook, String> attachModule(String module) throws ProbeException {
    try {
      Answered answered = ask(ATTACH_PATIENCE, Verb.MODULE, new Object[] {module});
      return answered == null ? Map.of() : take(answered);
    } catch (ProbeException e) {
      if (silentUntilNs != 0) {
        lose(); // it may attach them after all, and then nobody would know
      }
      throw e;
    } catch (IOException e) {
      lose();
      return Map.of();
    }
  }

  @Override
  public void releaseModule(String module, Set<Hook> hooks) {
    hooks.forEach(this::forget);
    try {
      ask(ATTACH_PATIENCE, Verb.RELEASE, new Object[] {module});
    } catch (IOException e) {
      lose();
    }
  }

  private void forget(Hook hook) {
    vias.remove(hook);
    Integer fd = programs.remove(hook);
    if (fd != null) {
      Libc.close(fd);
    }
  }

  /** The loader is gone, and with it every hook. */
  private void lose() {
    if (socket != null) {
      socket.close();
      socket = null;
    }
    List.copyOf(programs.keySet()).forEach(this::forget);
  }

  @Override
  public boolean isLost() {
    if (socket != null) {
      try {
        PacketSocket.Packet late = socket.receive(Duration.ZERO);
        if (late != null) {
          late.discard();
        }
      } catch (IOException e) {
        lose();
      }
    }
    return socket == null;
  }

  @Override
  public boolean renew() throws IOException {
    if (!request.loader().equals(Loader.CORE)) {
      throw new IOException(
          "the loader is gone, and with loader bcc a stream cannot go on (expected: started again)");
    }
    try {
      open();
      List<Object> words = new ArrayList<>(List.of(load()));
      words.add(String.join(",", maps.keySet()));
      int[] descriptors = maps.values().stream().mapToInt(Integer::intValue).toArray();
      take(ask(ATTACH_PATIENCE, Verb.RENEW, words.toArray(), descriptors));
      return true;
    } catch (IOException e) {
      lose();
      return false;
    }
  }

  @Override
  public int openStatistics() {
    if (socket == null) {
      return -1;
    }
    try {
      Answered answered = ask(FACT_PATIENCE, Verb.STATISTICS, new Object[0]);
      return answered == null || answered.descriptors().length != 1
          ? -1
          : answered.descriptors()[0];
    } catch (ProbeException e) {
      return -1;
    } catch (IOException e) {
      lose();
      return -1;
    }
  }

  @Override
  public TaskFacts facts() {
    return facts;
  }

  @Override
  public void detach() {
    if (socket != null) {
      try {
        ask(ATTACH_PATIENCE, Verb.DETACH, new Object[0]);
      } catch (IOException e) {
        lose();
      }
    }
  }

  @Override
  public void close() {
    lose();
    maps.values().forEach(Libc::close);
    maps.clear();
  }

  /** Answers of the loader; none while it is gone or silent. */
  private final class AskedFacts implements TaskFacts {
    /** {@code null} when there is no answer. */
    private LoaderAnswer fact(Verb verb, Object... words) {
      if (socket == null || (silentUntilNs != 0 && System.nanoTime() < silentUntilNs)) {
        return null;
      }
      try {
        Answered answered = ask(FACT_PATIENCE, verb, words);
        silentUntilNs = 0;
        return new LoaderAnswer(
            number,
            answered == null ? Status.NONE : Status.OK,
            answered == null ? "" : answered.text());
      } catch (ProbeException e) {
        return null;
      } catch (IOException e) {
        lose();
        return null;
      }
    }

    private String text(Verb verb, Object... words) {
      LoaderAnswer answer = fact(verb, words);
      return answer == null || answer.status() != Status.OK ? null : answer.text();
    }

    @Override
    public String stack(int tgid, int tid) {
      String text = text(Verb.STACK, tgid, tid);
      return text == null ? "" : text;
    }

    @Override
    public IoCounts io(int tgid, int tid) {
      LoaderAnswer answer = fact(Verb.IO, tgid, tid);
      if (answer == null) {
        return null;
      }
      if (answer.status() == Status.NONE) {
        return IoCounts.GONE;
      }
      String[] words = answer.text().split(" ");
      return words.length == 5
          ? new IoCounts(
              Long.parseLong(words[0]),
              Long.parseLong(words[1]),
              Long.parseLong(words[2]),
              Long.parseLong(words[3]),
              Long.parseLong(words[4]))
          : null;
    }

    @Override
    public FileArea area(int tgid, long address) {
      String text = text(Verb.AREA, tgid, Long.toHexString(address));
      if (text == null) {
        return null;
      }
      int space = text.indexOf(' ');
      return new FileArea(
          Integer.parseInt(text.substring(0, space)), Long.parseLong(text.substring(space + 1)));
    }

    @Override
    public String path(int tgid, int dev, long ino) {
      return text(Verb.PATH, tgid, Integer.toUnsignedString(dev), Long.toUnsignedString(ino));
    }

    @Override
    public String[] symbols(long[] addresses) {
      String[] names = new String[addresses.length];
      if (addresses.length == 0) {
        return names;
      }
      StringJoiner words = new StringJoiner(",");
      for (long address : addresses) {
        words.add(Long.toHexString(address));
      }
      LoaderAnswer answer = fact(Verb.SYMBOLS, words);
      if (socket != null && (answer == null || answer.status() == Status.NONE)) {
        return null;
      }
      String[] lines = answer == null ? new String[0] : answer.text().split("\n", -1);
      for (int i = 0; i < names.length && i < lines.length; i++) {
        names[i] = lines[i].equals("-") ? null : lines[i];
      }
      return names;
    }
  }
}
