package io.faultline.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Operations and waits as JSON: the same fields in a report and in a topic. */
public final class RecordJson {
  /**
   * What the numbers of a wait stand for.
   *
   * @param fs name of the file system, empty when it is not known
   * @param table lock table or lockspace, or {@code null}
   * @param path of the file that the lock belongs to, or {@code null}
   * @param stack innermost function first
   */
  public record WaitNames(String fs, String table, String path, List<String> stack) {}

  private RecordJson() {}

  /** Fields of a wait, into an object that is open. */
  public static void writeFields(JsonGenerator json, LockWait wait, WaitNames names)
      throws IOException {
    boolean isDlm = wait.lockClass() == LockClass.DLM;
    json.writeStringField("class", wait.lockClass().label);
    json.writeStringField("dev", isDlm || wait.dev() == 0 ? "" : FileSystems.devOf(wait.dev()));
    json.writeStringField("fs", names.fs());
    json.writeStringField("id", idOf(wait));
    if (isDlm) {
      json.writeStringField("resource", resourceOf(wait));
    }
    json.writeStringField("table", names.table());
    json.writeStringField("path", names.path());
    json.writeStringField("mode", wait.mode().label);
    json.writeNumberField("pid", wait.tgid());
    json.writeNumberField("tid", wait.tid());
    json.writeStringField("comm", wait.comm());
    json.writeNumberField("start_ns", wait.requestNs());
    json.writeNumberField("wait_ns", wait.waitNs());
    json.writeStringField("end", label(wait.end()));
    LockWait.Holder holder = wait.holder();
    if (holder == null) {
      json.writeNullField("holder");
    } else {
      json.writeObjectFieldStart("holder");
      json.writeNumberField("tid", holder.tid());
      json.writeStringField("comm", holder.comm());
      json.writeStringField("mode", holder.mode().label);
      json.writeBooleanField("waits", holder.isWaiter());
      json.writeEndObject();
    }
    if (wait.place() == LockWait.Place.NONE) {
      json.writeNullField("operation");
    } else {
      json.writeObjectFieldStart("operation");
      json.writeNumberField("tid", wait.tid());
      json.writeNumberField("start_ns", wait.operationNs());
      json.writeStringField("place", label(wait.place()));
      json.writeNumberField("attempt", wait.attempt());
      json.writeEndObject();
    }
    json.writeArrayFieldStart("stack");
    for (String function : names.stack()) {
      json.writeString(function);
    }
    json.writeEndArray();
  }

  static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** As gfs2 names it, {@code "%8x%16x"}: fs/gfs2/lock_dlm.c, gdlm_lock(). */
  private static String resourceOf(LockWait wait) {
    String type = Integer.toHexString(wait.type());
    String number = Long.toHexString(wait.number());
    return " ".repeat(8 - type.length()) + type + " ".repeat(16 - number.length()) + number;
  }

  /** The lock's number as gfs2's dumps write it, or its inode number. */
  private static String idOf(LockWait wait) {
    String name = wait.lockName();
    return name.substring(name.indexOf(' ') + 1);
  }

  /** Fields of an operation, into an object that is open. */
  public static void writeFields(JsonGenerator json, Operation operation, String path)
      throws IOException {
    json.writeNumberField("pid", operation.pid());
    json.writeNumberField("tid", operation.tid());
    json.writeStringField("comm", operation.comm());
    json.writeStringField("dev", FileSystems.devOf(operation.dev()));
    json.writeStringField("fs", operation.fs());
    json.writeNumberField("ino", operation.ino());
    json.writeStringField("path", path);
    json.writeStringField("rw", operation.isWrite() ? "write" : "read");
    json.writeNumberField("pos", operation.pos());
    json.writeNumberField("requested", operation.requested());
    json.writeNumberField("done", operation.done());
    json.writeNumberField("attempts", operation.attempts());
    json.writeNumberField("retries", operation.retries());
    json.writeNumberField("start_ns", operation.startNs());
    json.writeNumberField("duration_ns", operation.durationNs());
    json.writeNumberField("retry_ns", operation.retryNs());
    json.writeNumberField("lock_wait_ns", operation.lockWaitNs());
    json.writeStringField("outcome", operation.outcome().label());
    json.writeNumberField("misses_none", operation.missesNone());
    json.writeNumberField("misses_partial", operation.missesPartial());
    json.writeBooleanField("async", operation.isAsync());
    json.writeBooleanField("shifted", operation.isShifted());
  }
}
