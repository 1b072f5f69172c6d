package io.faultline.probe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * BTF type information: which tracepoints and functions there are, and where fields stand.
 *
 * <p>Format: Documentation/bpf/btf.rst. Immutable; holds the whole section, so drop it when done
 * with it.
 */
public final class Btf {
  private static final int MAGIC = 0xeb9f;
  private static final int KIND_INT = 1;
  private static final int KIND_ARRAY = 3;
  private static final int KIND_STRUCT = 4;
  private static final int KIND_UNION = 5;
  private static final int KIND_ENUM = 6;
  private static final int KIND_TYPEDEF = 8;
  private static final int KIND_VOLATILE = 9;
  private static final int KIND_CONST = 10;
  private static final int KIND_RESTRICT = 11;
  private static final int KIND_FUNC = 12;
  private static final int KIND_FUNC_PROTO = 13;
  private static final int KIND_VAR = 14;
  private static final int KIND_DATASEC = 15;
  private static final int KIND_DECL_TAG = 17;
  private static final int KIND_TYPE_TAG = 18;
  private static final int KIND_ENUM64 = 19;

  /** Types within types, far above what a kernel has: no circle of damaged ones is followed. */
  private static final int DEPTH_MAX = 64;

  /** A member of a struct: its name, and where it stands in bytes. */
  public record Member(String name, int offsetBytes, int sizeBytes) {}

  private final Btf base; // of a module: the kernel's, whose types and strings come first
  private final ByteBuffer types;
  private final ByteBuffer strings;
  private final int[] offsets; // of type id - firstId: where it stands in types
  private final int firstId;
  private final int firstString;

  private Btf(Btf base, ByteBuffer types, ByteBuffer strings, int[] offsets) {
    this.base = base;
    this.types = types;
    this.strings = strings;
    this.offsets = offsets;
    firstId = base == null ? 0 : base.endId();
    firstString = base == null ? 0 : base.firstString + base.strings.limit();
  }

  private int endId() {
    return firstId + offsets.length;
  }

  private Btf ownerOf(int id) {
    return id < firstId ? base.ownerOf(id) : this;
  }

  private int word(int id, int at) {
    Btf owner = ownerOf(id);
    return owner.types.getInt(owner.offsets[id - owner.firstId] + at);
  }

  private String string(int at) {
    return at < firstString ? base.string(at) : cString(strings, at - firstString);
  }

  /** The running kernel's, or another file in the format of /sys/kernel/btf. */
  public static Btf read(Path file) throws IOException {
    return parse(null, ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  /** A module's, which builds on the kernel's. */
  public static Btf readModule(Btf kernel, Path file) throws IOException {
    return parse(kernel, ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  /** The .BTF section of a little-endian 64-bit ELF object, such as a compiled BPF program. */
  public static Btf readElf(byte[] object) throws ProbeException {
    try {
      return sectionOf(object);
    } catch (IndexOutOfBoundsException e) {
      throw new ProbeException("object: is cut off or damaged (expected: a whole ELF object)", e);
    }
  }

  private static Btf sectionOf(byte[] object) throws ProbeException {
    ByteBuffer elf = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
    long table = elf.getLong(0x28);
    int entryBytes = elf.getShort(0x3a);
    int count = elf.getShort(0x3c);
    int names = (int) elf.getLong((int) table + elf.getShort(0x3e) * entryBytes + 0x18);
    for (int i = 0; i < count; i++) {
      int section = (int) table + i * entryBytes;
      if (cString(elf, names + elf.getInt(section)).equals(".BTF")) {
        return parse(
            null, elf.slice((int) elf.getLong(section + 0x18), (int) elf.getLong(section + 0x20)));
      }
    }
    throw new ProbeException("object: no .BTF section (expected: compiled with clang -g)");
  }

  private static Btf parse(Btf base, ByteBuffer section) throws ProbeException {
    try {
      Btf parsed = index(base, section);
      parsed.check();
      return parsed;
    } catch (IndexOutOfBoundsException e) {
      throw new ProbeException("BTF: is cut off or damaged (expected: all of it)", e);
    }
  }

  /** Whether all that it refers to is there, so that nobody who asks falls off its end. */
  private void check() throws ProbeException {
    boolean isGood = strings.limit() == 0 || strings.get(strings.limit() - 1) == 0;
    for (int id = Math.max(firstId, 1); isGood && id < endId(); id++) {
      isGood = isString(word(id, 0));
      switch (kind(id)) {
        case KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_TYPE_TAG, KIND_FUNC ->
            isGood &= isType(word(id, 8));
        case KIND_ARRAY -> isGood &= isType(word(id, 12));
        case KIND_STRUCT, KIND_UNION -> {
          for (int at = 12; isGood && at < 12 + 12 * vlen(id); at += 12) {
            isGood = isString(word(id, at)) && isType(word(id, at + 4));
          }
        }
        case KIND_ENUM -> {
          for (int at = 12; isGood && at < 12 + 8 * vlen(id); at += 8) {
            isGood = isString(word(id, at));
          }
        }
        default -> {}
      }
    }
    if (!isGood) {
      throw new ProbeException("BTF: refers to what is not in it (expected: all of it)");
    }
  }

  private boolean isString(int at) {
    return at >= 0 && at < firstString + strings.limit();
  }

  private boolean isType(int id) {
    return id >= 0 && id < endId();
  }

  private static Btf index(Btf base, ByteBuffer section) throws ProbeException {
    ByteBuffer data = section.order(ByteOrder.LITTLE_ENDIAN);
    if (data.remaining() < 24 || (data.getShort(0) & 0xffff) != MAGIC) {
      throw new ProbeException("BTF: no such header (expected: magic 0xeb9f)");
    }
    int headerBytes = data.getInt(4);
    ByteBuffer types =
        data.slice(headerBytes + data.getInt(8), data.getInt(12)).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer strings = data.slice(headerBytes + data.getInt(16), data.getInt(20));
    int[] offsets = new int[1024];
    int count = base == null ? 1 : 0; // id 0 is void
    for (int at = 0; at < types.limit(); at += typeBytes(types, at)) {
      if (count == offsets.length) {
        offsets = java.util.Arrays.copyOf(offsets, count * 2);
      }
      offsets[count++] = at;
      Objects.checkFromIndexSize(at, typeBytes(types, at), types.limit());
    }
    return new Btf(base, types, strings, java.util.Arrays.copyOf(offsets, count));
  }

  private static int typeBytes(ByteBuffer types, int at) {
    int info = types.getInt(at + 4);
    int vlen = info & 0xffff;
    return 12
        + switch ((info >>> 24) & 0x1f) {
          case KIND_INT, KIND_VAR, KIND_DECL_TAG -> 4;
          case KIND_ARRAY -> 12;
          case KIND_STRUCT, KIND_UNION, KIND_DATASEC, KIND_ENUM64 -> 12 * vlen;
          case KIND_ENUM, KIND_FUNC_PROTO -> 8 * vlen;
          default -> 0;
        };
  }

  private static String cString(ByteBuffer buffer, int at) {
    int end = at;
    while (buffer.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - at];
    buffer.get(at, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private int kind(int id) {
    return (word(id, 4) >>> 24) & 0x1f;
  }

  private int vlen(int id) {
    return word(id, 4) & 0xffff;
  }

  private boolean isNamed(int id, byte[] name) {
    int at = word(id, 0);
    Btf owner = this;
    while (at < owner.firstString) {
      owner = owner.base;
    }
    at -= owner.firstString;
    for (byte b : name) {
      if (owner.strings.get(at++) != b) {
        return false;
      }
    }
    return owner.strings.get(at) == 0;
  }

  /** A module's own types first, then the kernel's; 0 when there is none. */
  private int find(int kind, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    for (int id = Math.max(firstId, 1); id < endId(); id++) {
      if (kind(id) == kind && isNamed(id, bytes)) {
        return id;
      }
    }
    return base == null ? 0 : base.find(kind, name);
  }

  /** Whether the kernel has that tracepoint, with arguments that programs may use. */
  public boolean hasTracepoint(String name) {
    return find(KIND_TYPEDEF, "btf_trace_" + name) != 0;
  }

  /** How many parameters that function has; empty when there is none of that name. */
  public OptionalInt parametersOf(String function) {
    int id = find(KIND_FUNC, function);
    return id == 0 || word(id, 8) == 0 ? OptionalInt.empty() : OptionalInt.of(vlen(word(id, 8)));
  }

  /** Where a field stands in bytes; a dot leads into a struct, anonymous ones are looked into. */
  public OptionalInt offsetOf(String struct, String field) {
    int id = find(KIND_STRUCT, struct);
    int bits = 0;
    for (String part : field.split("\\.")) {
      int[] found = id == 0 ? null : member(id, part.getBytes(StandardCharsets.UTF_8), 0);
      if (found == null) {
        return OptionalInt.empty();
      }
      bits += found[0];
      id = resolved(found[1]);
    }
    return OptionalInt.of(bits / 8);
  }

  private static boolean isOfMembers(int kind) {
    return kind == KIND_STRUCT || kind == KIND_UNION;
  }

  /** {bit offset, type id} of the member, or null. */
  private int[] member(int id, byte[] name, int depth) {
    for (int i = 0; isOfMembers(kind(id)) && i < vlen(id); i++) {
      int at = 12 + 12 * i;
      int type = word(id, at + 4);
      int bits = word(id, at + 8) & 0xffffff; // the upper byte is a bitfield's size
      int nameAt = word(id, at);
      if (nameAt == 0) {
        int inner = resolved(type);
        boolean isOfMembers = inner != 0 && isOfMembers(kind(inner));
        if (isOfMembers && depth < DEPTH_MAX) {
          int[] found = member(inner, name, depth + 1);
          if (found != null) {
            return new int[] {bits + found[0], found[1]};
          }
        }
      } else if (string(nameAt).equals(new String(name, StandardCharsets.UTF_8))) {
        return new int[] {bits, type};
      }
    }
    return null;
  }

  /** The members of a struct in order; empty when there is none of that name. */
  public List<Member> membersOf(String struct) {
    int id = find(KIND_STRUCT, struct);
    List<Member> members = new ArrayList<>();
    for (int i = 0; id != 0 && i < vlen(id); i++) {
      int at = 12 + 12 * i;
      members.add(
          new Member(
              string(word(id, at)),
              (word(id, at + 8) & 0xffffff) / 8,
              sizeOf(word(id, at + 4), 0)));
    }
    return members;
  }

  /** The value of an enumerator; empty when there is none of that name. */
  public OptionalInt valueOf(String enumeration, String enumerator) {
    int id = find(KIND_ENUM, enumeration);
    for (int i = 0; id != 0 && i < vlen(id); i++) {
      int at = 12 + 8 * i;
      if (string(word(id, at)).equals(enumerator)) {
        return OptionalInt.of(word(id, at + 4));
      }
    }
    return OptionalInt.empty();
  }

  /** Size of a struct in bytes; empty when there is none of that name. */
  public OptionalInt sizeOfStruct(String struct) {
    int id = find(KIND_STRUCT, struct);
    return id == 0 ? OptionalInt.empty() : OptionalInt.of(sizeOf(id, 0));
  }

  private int sizeOf(int id, int depth) {
    int resolved = resolved(id);
    if (resolved == 0 || depth > DEPTH_MAX) {
      return 0;
    }
    return switch (kind(resolved)) {
      case KIND_INT, KIND_STRUCT, KIND_UNION, KIND_ENUM, KIND_ENUM64 -> word(resolved, 8);
      case KIND_ARRAY -> sizeOf(word(resolved, 12), depth + 1) * word(resolved, 20);
      default -> 8;
    };
  }

  /** Past typedefs and qualifiers; 0 for void. */
  private int resolved(int id) {
    int at = id;
    for (int i = 0; at != 0 && i < DEPTH_MAX; i++) {
      switch (kind(at)) {
        case KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_TYPE_TAG ->
            at = word(at, 8);
        default -> {
          return at;
        }
      }
    }
    return 0;
  }
}
