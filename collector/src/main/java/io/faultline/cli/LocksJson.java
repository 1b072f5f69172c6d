package io.faultline.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.faultline.snapshot.Age;
import io.faultline.snapshot.DlmLock;
import io.faultline.snapshot.DlmMessage;
import io.faultline.snapshot.DlmTotals;
import io.faultline.snapshot.FileSystemLocks;
import io.faultline.snapshot.Glock;
import io.faultline.snapshot.GlockTotals;
import io.faultline.snapshot.LockSnapshot;
import io.faultline.snapshot.Party;
import io.faultline.snapshot.Request;
import io.faultline.snapshot.TaskState;
import io.faultline.snapshot.WaitGraph;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Locale;

/** A snapshot of locks as JSON, schema 1: names do not change, more may be added. */
final class LocksJson {
  private static final int SCHEMA = 1;
  private static final int BLOCKERS_MAX = 16;

  private final LockSnapshot snapshot;
  private final WaitGraph graph;
  private final JsonGenerator json;

  private LocksJson(LockSnapshot snapshot, WaitGraph graph, JsonGenerator json) {
    this.snapshot = snapshot;
    this.graph = graph;
    this.json = json;
  }

  /** Writes the snapshot; locks stream out, however many there are. */
  static void write(LockSnapshot snapshot, WaitGraph graph, Writer out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      new LocksJson(snapshot, graph, json).write();
    }
    out.write('\n');
    out.flush();
  }

  private void write() throws IOException {
    json.writeStartObject();
    json.writeNumberField("schema", SCHEMA);
    json.writeNumberField("waiting_tasks", graph.waitingTasks());
    json.writeArrayFieldStart("suspected_cycles");
    for (List<Party> cycle : graph.cycles()) {
      json.writeStartArray();
      for (Party party : cycle) {
        writeParty(party);
      }
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("file_systems");
    for (FileSystemLocks fileSystem : snapshot.fileSystems()) {
      writeFileSystem(fileSystem);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("tasks");
    for (TaskState task :
        snapshot.tasks().values().stream()
            .sorted(java.util.Comparator.comparingLong(TaskState::tid))
            .toList()) {
      writeTask(task);
    }
    json.writeEndArray();
    writeStrings("problems", snapshot.problems());
    json.writeNumberField("unparsed_lines", snapshot.unparsedLines());
    writeStrings("unparsed_samples", snapshot.unparsedSamples());
    json.writeEndObject();
  }

  private void writeFileSystem(FileSystemLocks fileSystem) throws IOException {
    json.writeStartObject();
    json.writeStringField("table", fileSystem.table());
    json.writeStringField("dev", fileSystem.dev());
    GlockTotals totals = fileSystem.totals();
    json.writeObjectFieldStart("totals");
    json.writeNumberField("glocks", totals.glocks());
    json.writeNumberField("holders", totals.holders());
    json.writeNumberField("waiters", totals.waiters());
    json.writeNumberField("demotes_asked", totals.demotesAsked());
    json.writeNumberField("requests_omitted", totals.requestsOmitted());
    json.writeObjectFieldStart("glocks_by_type_and_state");
    for (var entry : totals.byTypeAndState().entrySet()) {
      json.writeNumberField(
          entry.getKey().replace(' ', '_').toLowerCase(Locale.ROOT), entry.getValue());
    }
    json.writeEndObject();
    DlmTotals dlm = fileSystem.dlmTotals();
    json.writeBooleanField("dlm_present", dlm.isPresent());
    json.writeNumberField("dlm_granted", dlm.granted());
    json.writeNumberField("dlm_converting", dlm.converting());
    json.writeNumberField("dlm_waiting", dlm.waiting());
    json.writeNumberField("dlm_unanswered", dlm.messages());
    json.writeBooleanField("dlm_unanswered_cut", dlm.areMessagesCut());
    json.writeNumberField("dlm_locks_omitted", dlm.locksOmitted());
    json.writeEndObject();
    json.writeArrayFieldStart("glocks");
    for (Glock glock : fileSystem.glocks()) {
      writeGlock(glock);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("dlm_locks");
    for (DlmLock lock : fileSystem.dlmLocks()) {
      writeDlmLock(lock);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("dlm_unanswered");
    for (DlmMessage message : fileSystem.dlmMessages()) {
      json.writeStartObject();
      json.writeStringField("glock", message.glock().text());
      json.writeStringField("lkb_id", Long.toHexString(message.id()));
      json.writeStringField("type", message.typeLabel());
      json.writeNumberField("node_id", message.nodeId());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void writeGlock(Glock glock) throws IOException {
    json.writeStartObject();
    json.writeStringField("glock", glock.name().text());
    json.writeStringField("type", glock.name().typeLabel());
    json.writeStringField("dlm_resource", glock.name().dlmResource());
    json.writeStringField("state", glock.state().label());
    json.writeStringField("target", glock.target().label());
    json.writeStringField("flags", glock.flags());
    json.writeBooleanField("contended", glock.isContended());
    json.writeStringField("demote_to", glock.isDemoteAsked() ? glock.demoteState().label() : null);
    json.writeNumberField("demote_asked_ns", glock.demoteNs());
    writeStrings("paths", glock.paths());
    json.writeArrayFieldStart("flock_pids");
    for (long pid : glock.flockers()) {
      json.writeNumber(pid);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("requests");
    for (Request request : glock.requests()) {
      writeRequest(glock, request);
    }
    json.writeEndArray();
    json.writeNumberField("requests_omitted", glock.requestsOmitted());
    json.writeEndObject();
  }

  private void writeRequest(Glock glock, Request request) throws IOException {
    json.writeStartObject();
    json.writeStringField(
        "role", request.isHolder() ? "holder" : request.isWaiting() ? "waiter" : "other");
    json.writeNumberField("tid", request.tid());
    json.writeStringField("comm", request.comm());
    json.writeStringField("mode", request.mode().label());
    json.writeStringField("flags", request.flags());
    json.writeNumberField("error", request.error());
    json.writeStringField("caller", request.caller());
    if (request.isHolder()) {
      int dependents = graph.dependentsOf(glock, request);
      if (dependents == WaitGraph.NOT_COUNTED) {
        json.writeNullField("dependents");
      } else {
        json.writeNumberField("dependents", dependents);
      }
    } else {
      json.writeStringField("waited", request.age().kind().name().toLowerCase(Locale.ROOT));
      if (request.age().kind() == Age.Kind.UNKNOWN) {
        json.writeNullField("waited_ns");
      } else {
        json.writeNumberField("waited_ns", request.age().ns());
      }
      json.writeArrayFieldStart("waits_for");
      for (Party party : graph.blockersOf(glock, request, BLOCKERS_MAX)) {
        writeParty(party);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void writeParty(Party party) throws IOException {
    json.writeStartObject();
    if (party instanceof Party.Task task) {
      json.writeNumberField("tid", task.tid());
      json.writeStringField("comm", task.comm());
    } else if (party instanceof Party.Node node) {
      json.writeNumberField("node_id", node.nodeId());
    } else if (party instanceof Party.Unnamed unnamed) {
      json.writeNumberField("tid", 0);
      json.writeStringField("caller", unnamed.caller());
    }
    json.writeEndObject();
  }

  private void writeDlmLock(DlmLock lock) throws IOException {
    json.writeStartObject();
    json.writeStringField("glock", lock.glock().text());
    json.writeStringField("lkb_id", Long.toHexString(lock.id()));
    json.writeNumberField("node_id", lock.nodeId());
    json.writeStringField("remote_lkb_id", Long.toHexString(lock.remoteId()));
    json.writeNumberField("pid", lock.pid());
    json.writeBooleanField("master_copy", lock.isMasterCopy());
    json.writeStringField("status", lock.status().name().toLowerCase(Locale.ROOT));
    json.writeStringField("granted", lock.granted().label());
    json.writeStringField("requested", lock.requested().label());
    json.writeNumberField("master_node_id", lock.masterNodeId());
    json.writeNumberField("queued_ns", lock.queuedNs());
    json.writeEndObject();
  }

  private void writeTask(TaskState task) throws IOException {
    json.writeStartObject();
    json.writeNumberField("tid", task.tid());
    json.writeStringField("comm", task.comm());
    json.writeStringField("state", String.valueOf(task.state()));
    json.writeStringField("wchan", task.wchan());
    json.writeNumberField("voluntary_switches", task.sleeps());
    writeStrings("stack", task.stack());
    json.writeEndObject();
  }

  private void writeStrings(String name, List<String> values) throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
