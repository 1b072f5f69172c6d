package io.faultline.event;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What stands where in an event, by the names of {@code bpf/event.h}: for whoever takes events as a
 * whole, such as an export that must lose nothing. Immutable.
 */
public final class EventFields {
  /** What the bytes of a field are. */
  public enum Kind {
    UNSIGNED,
    SIGNED,
    /** An address in the kernel or in the task. */
    ADDRESS,
    /** Text that ends with the first zero. */
    TEXT,
    /** The name of a task, as {@link #TEXT}. */
    COMM,
    /** Unsigned numbers of 8 bytes. */
    COUNTS
  }

  /**
   * One field.
   *
   * @param offset in bytes from the begin of the event
   * @param bytes its length
   * @param words the words for values from 0 on; empty when they are plain numbers
   */
  public record Field(String name, int offset, int bytes, Kind kind, List<String> words) {
    /** The value of a field that is a number, zero-extended unless it is {@link Kind#SIGNED}. */
    public long number(ByteBuffer buffer, int at) {
      long value = 0;
      for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | (buffer.get(at + offset + i) & 0xff);
      }
      int unused = Long.SIZE - Byte.SIZE * bytes;
      return kind == Kind.SIGNED ? value << unused >> unused : value;
    }

    /** The text of a field that is text, without what follows its first zero. */
    public String text(ByteBuffer buffer, int at) {
      byte[] all = new byte[bytes];
      buffer.get(at + offset, all);
      int length = 0;
      while (length < bytes && all[length] != 0) {
        length++;
      }
      return new String(all, 0, length, StandardCharsets.UTF_8);
    }

    /** Replaces the text of a field that is text; what does not fit is cut off. */
    public void setText(ByteBuffer buffer, int at, String text) {
      byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
      byte[] all = new byte[bytes];
      System.arraycopy(encoded, 0, all, 0, Math.min(encoded.length, bytes - 1));
      buffer.put(at + offset, all);
    }
  }

  private static final Map<String, List<String>> WORDS =
      Map.of(
          "watch", words(WatchChange.Kind.values(), 1),
          "doing", words(TaskLook.Doing.values(), 0),
          "type", words(EventType.values(), 1),
          "probe", List.of(Probe.values()).stream().map(probe -> probe.label).toList(),
          "end", words(AttemptEnd.values(), 0),
          "reason", words(OperationEnd.Reason.values(), 0),
          "fault", words(Fault.Kind.values(), 0),
          "class", List.of(LockClass.values()).stream().map(c -> c.label).toList(),
          "mode", words(LockMode.values(), 0),
          "step", words(LockStep.Kind.values(), 0));

  // Of each field: kind and bytes, name, words. In the order of the C structs.
  private static final List<Field> HEADER =
      fields(0, "u8 ktime_ns, u4 seq, u2 cpu, u1 type type, u1 probe probe, u4 tgid, u4 tid");
  private static final List<List<Field>> BY_TYPE =
      List.of(
          List.of(),
          event(
              "x8 iocb, u8 operation_ns, u8 begin_ns, u8 region_ns, u8 ino, s8 pos, u8 count,"
                  + " u8 done_before, s8 ret, u4 dev, u4 fs_magic, u2 flags, u1 end end, u1 call,"
                  + " u4 index, c16 comm"),
          event(
              "x8 iocb, u8 operation_ns, u8 end_ns, u8 ino, s8 pos, u8 requested, u8 done,"
                  + " s8 result, u4 dev, u4 fs_magic, u2 flags, u1 last end, u1 reason reason,"
                  + " u4 attempts, c16 comm, u8 reserved2"),
          event("u8 ino, s8 pos, u8 length, u4 dev, u4 fs_magic, c16 comm, n56 reserved"),
          event(
              "x8 iocb, u8 operation_ns, x8 address, u8 error_code, u4 kind fault, u4 rejected,"
                  + " u8 ino, u4 dev, u4 fs_magic, n48 reserved"),
          List.of(),
          event(
              "u4 dev, u4 fs_magic, u4 write, u4 reserved, u8 attempts, u8 fault_disabled_attempts,"
                  + " u8 operations, u8 retried_operations, u8 retries, u8 misses_none,"
                  + " u8 misses_partial, u8 bytes, u8 retry_ns, u8 emitted, u8 reserved2"),
          event("u4 dev, u4 fs_magic, u4 write, u4 first_bucket, n88 counts"),
          event(
              "u8 hits, u8 emitted, u8 aggregated, u8 skipped, u8 lost, u8 in_operation,"
                  + " u8 rejected, u8 missed, n40 reserved"),
          event(
              "x8 request, x8 lock, u8 number, u8 request_ns, u8 grant_ns, u4 dev, u4 type,"
                  + " u1 lock_class class, u1 mode mode, u1 step step, u1 call, u4 flags,"
                  + " u4 holder_tid, u1 holder_mode mode, u3 reserved, s4 status, u4 stack,"
                  + " c16 comm, c16 holder_comm"),
          event(
              "u4 lock_class class, u4 mode mode, u8 grants, u8 waits, u8 wait_ns, u8 wait_max_ns,"
                  + " u8 emitted, u8 abandoned, n48 reserved"),
          event("u4 lock_class class, u4 mode mode, u4 first_bucket, u4 reserved, n88 counts"),
          event("c16 comm, n88 reserved"),
          event("u4 is_attached, u4 reserved, t96 via"),
          event(
              "x8 iocb, u8 operation_ns, x8 address, u8 file_ino, u8 ino, u4 file_dev,"
                  + " u4 fs_magic, u4 dev, u4 kind fault, c16 comm, n32 reserved"),
          event(
              "u8 run_ns, u8 switches, u8 io_bytes, u8 start_ns, u4 doing doing, u4 state,"
                  + " u4 stack, u4 flags, c16 comm, n40 reserved2"),
          event("u8 since_ns, u4 kind watch, u4 level, t88 why"));

  private EventFields() {}

  /** The fields of the header, which every event has. */
  public static List<Field> header() {
    return HEADER;
  }

  /** The fields after the header; none for a type that this version does not know. */
  public static List<Field> of(EventType type) {
    if (type == null) {
      return List.of();
    }
    return BY_TYPE.get((type == EventType.IN_FLIGHT ? EventType.ATTEMPT : type).number);
  }

  /** The type of an event in a buffer; {@code null} when this version does not know it. */
  public static EventType typeOf(ByteBuffer buffer, int at) {
    return EventType.of(buffer.get(at + Event.TYPE) & 0xff);
  }

  private static List<Field> event(String specs) {
    return fields(Event.HEADER_BYTES, specs);
  }

  private static List<Field> fields(int from, String specs) {
    List<Field> fields = new ArrayList<>();
    int offset = from;
    for (String spec : specs.split(", ")) {
      String[] parts = spec.split(" ");
      int bytes = Integer.parseInt(parts[0].substring(1));
      fields.add(
          new Field(
              parts[1],
              offset,
              bytes,
              kindOf(parts[0].charAt(0)),
              parts.length > 2 ? WORDS.get(parts[2]) : List.of()));
      offset += bytes;
    }
    return List.copyOf(fields);
  }

  private static Kind kindOf(char letter) {
    return switch (letter) {
      case 'u' -> Kind.UNSIGNED;
      case 's' -> Kind.SIGNED;
      case 'x' -> Kind.ADDRESS;
      case 't' -> Kind.TEXT;
      case 'c' -> Kind.COMM;
      default -> Kind.COUNTS;
    };
  }

  /** The names in lower case; {@code from} empty words first. */
  private static List<String> words(Enum<?>[] values, int from) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < from; i++) {
      words.add("");
    }
    for (Enum<?> value : values) {
      words.add(value.name().toLowerCase(Locale.ROOT));
    }
    return List.copyOf(words);
  }
}
