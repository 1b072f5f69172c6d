package io.faultline.alert;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.match.FileSystems;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * The silences that hold: those of the configuration, and those that were added meanwhile, which
 * are kept in a file when there is a place for it. Any thread; looking one up waits for nobody, not
 * even while another is written.
 */
public final class Silences {
  private static final int ADDED_MAX = 1000;

  private final Path file;
  private final Map<String, Silence> added = new LinkedHashMap<>();
  private List<Silence> configured;
  private volatile List<Silence> all; // those of the configuration first

  private Silences(Path file, List<Silence> configured) {
    this.file = file;
    configure(configured);
  }

  /** Silences of which those that are added are forgotten at the end. */
  public static Silences of(List<Silence> configured) {
    return new Silences(null, configured);
  }

  /**
   * Silences of which those that are added stay in {@code file}; what it has is read now.
   *
   * @throws IOException when it is there and cannot be read, or is no file of this kind
   */
  public static Silences open(Path file, List<Silence> configured) throws IOException {
    Silences silences = new Silences(file, configured);
    if (Files.exists(file)) {
      silences.load();
    }
    return silences;
  }

  /** Those of the configuration are others from now on. */
  public synchronized void configure(List<Silence> newConfigured) {
    configured = List.copyOf(newConfigured);
    hold();
  }

  private void hold() {
    List<Silence> next = new ArrayList<>(configured);
    next.addAll(added.values());
    all = List.copyOf(next);
  }

  /** Whether those that are added outlive the process. */
  public boolean areKept() {
    return file != null;
  }

  /**
   * Adds one; gives it an id of its own.
   *
   * @param wallNs now; those that have ended make room
   * @throws IOException when it cannot be kept; it is not added then
   * @throws IllegalStateException when there are too many
   */
  public synchronized Silence add(Silence silence, long wallNs) throws IOException {
    added.values().removeIf(old -> old.untilNs() <= wallNs);
    if (added.size() >= ADDED_MAX) {
      throw new IllegalStateException(
          "silences: " + ADDED_MAX + " were added (expected: one with criteria for all of them)");
    }
    Silence named =
        new Silence(
            UUID.randomUUID().toString(),
            silence.rule(),
            silence.fs(),
            silence.dev(),
            silence.path(),
            silence.untilNs(),
            silence.comment());
    added.put(named.id(), named);
    try {
      save();
    } catch (IOException e) {
      added.remove(named.id());
      throw e;
    }
    hold();
    return named;
  }

  /**
   * Takes one away that was added.
   *
   * @return whether there was one
   * @throws IOException when that cannot be kept; it stays then
   */
  public synchronized boolean remove(String id) throws IOException {
    Silence removed = added.remove(id);
    if (removed == null) {
      return false;
    }
    try {
      save();
    } catch (IOException e) {
      added.put(id, removed);
      throw e;
    }
    hold();
    return true;
  }

  /** Those of the configuration first. */
  public List<Silence> all() {
    return all;
  }

  /** Whether it is one of the configuration, which {@link #remove} does not take away. */
  public synchronized boolean isConfigured(String id) {
    return configured.stream().anyMatch(silence -> silence.id().equals(id));
  }

  /** The silence that covers the alert; {@code null} when there is none. */
  public Silence find(Alert alert, String path, long wallNs) {
    for (Silence silence : all) {
      if (silence.covers(alert, path, wallNs)) {
        return silence;
      }
    }
    return null;
  }

  /** Written beside and moved over: a crash leaves the old file or the new one. */
  private void save() throws IOException {
    if (file == null) {
      return;
    }
    List<Map<String, Object>> list = new ArrayList<>();
    for (Silence silence : added.values()) {
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("id", silence.id());
      item.put("rule", silence.rule() == null ? "" : silence.rule().label());
      item.put("fs", silence.fs());
      item.put("dev", silence.dev() == 0 ? "" : FileSystems.devOf(silence.dev()));
      item.put("path", silence.path());
      item.put("until_ns", silence.untilNs());
      item.put("comment", silence.comment());
      list.add(item);
    }
    byte[] bytes = JSON.std.asString(list).getBytes(StandardCharsets.UTF_8);
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    Files.write(beside, bytes);
    Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("rw-------"));
    try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private void load() throws IOException {
    try {
      for (Object item : JSON.std.listFrom(Files.readString(file))) {
        Map<?, ?> fields = (Map<?, ?>) item;
        String rule = (String) fields.get("rule");
        Silence silence =
            new Silence(
                (String) fields.get("id"),
                rule.isEmpty() ? null : Rule.valueOf(rule.toUpperCase(Locale.ROOT)),
                (String) fields.get("fs"),
                FileSystems.parseDev((String) fields.get("dev")).orElse(0),
                (String) fields.get("path"),
                ((Number) fields.get("until_ns")).longValue(),
                (String) fields.get("comment"));
        added.put(silence.id(), silence);
      }
      hold();
    } catch (IOException | ClassCastException | NullPointerException | IllegalArgumentException e) {
      throw new IOException(
          file + ": " + e.getMessage() + " (expected: silences as the agent writes them)", e);
    }
  }
}
