package io.faultline.risk;

import io.faultline.event.LockClass;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * R3: locks that are taken in one order here and in another one there, found while all is well.
 *
 * <p>Between two glocks the order is seen from requests and releases. Between two files it is seen
 * from what the buffer of a direct read or write maps: the fault of a page takes the lock of the
 * mapped file while that of the operation's file is held. That faults are disabled there, so that
 * the kernel gives up the first lock, avoids the deadlock and not the order.
 */
final class OrderRules implements Serializable {
  private static final int LM_TYPE_IOPEN = 5;

  private static final int INVERTED_MAX = 1 << 16;
  private static final int RECENT_FIRST = 1 << 8;
  private static final int RECENT_MAX = 1 << 16;

  private final AlertBook book;
  private final Loss loss;
  private final HeldLocks held = new HeldLocks();
  private final LockOrder locks = new LockOrder();
  private final LockOrder classes = new LockOrder();

  /** Edges that were seen of late, by a hash of both ends: most are always the same. */
  private long[] recent = new long[RECENT_FIRST];

  private int recentNew;
  private long losses;
  private final Map<LockOrder.Edge, String> inverted = new HashMap<>(); // to the id of its alert

  OrderRules(AlertBook book, Loss loss) {
    this.book = book;
    this.loss = loss;
  }

  long omitted() {
    return held.omitted() + locks.evicted() + classes.evicted();
  }

  void onLockStep(LockStep step) {
    boolean isGlock = step.lockClass() == LockClass.GLOCK;
    if (step.lockClass() == LockClass.DLM || (isGlock && step.type() == LM_TYPE_IOPEN)) {
      return; // below a glock; and the owner of an iopen glock is whoever made the inode
    }
    if (losses != loss.losses()) {
      losses = loss.losses();
      held.clear(); // a release may be among what is missing
    }
    switch (step.kind()) {
      case REQUEST, WAITING -> order(step);
      case GRANT -> {
        order(step);
        if (isGlock) {
          held.add(step);
        }
      }
      case HOLDING -> {
        if (isGlock) {
          held.add(step);
        }
      }
      case RELEASE -> {
        if (isGlock) {
          held.remove(step);
        }
      }
      default -> {
        // Of the lock, not of a task.
      }
    }
  }

  private void order(LockStep step) {
    if (step.is(LockStep.TRY) || step.is(LockStep.ASYNC) || step.requestNs() == 0) {
      return; // gives up instead of waiting for ever
    }
    int count = held.countOf(step.tid());
    for (int i = 0; i < count; i++) {
      if (held.isBefore(step.tid(), i, step)) {
        long to = step.number() * 31 + step.type() * 17L + step.dev() + step.lockClass().number();
        if (isNew(held.hashOf(step.tid(), i), to)) {
          see(held.nodeOf(step.tid(), i), step);
        }
      }
    }
  }

  private boolean isNew(long from, long to) {
    long hash = (from * 0x9E3779B97F4A7C15L ^ to) * 0xC2B2AE3D27D4EB4FL | 1;
    int slot = (int) (hash >>> 48) & (recent.length - 1);
    boolean isKnown = recent[slot] == hash;
    recent[slot] = hash;
    if (!isKnown && recent.length < RECENT_MAX && ++recentNew > recent.length / 2) {
      recent = new long[2 * recent.length]; // forgetting one costs time only
      recentNew = 0;
    }
    return !isKnown;
  }

  private void see(LockOrder.Node from, LockStep step) {
    LockOrder.Node to =
        new LockOrder.Node(step.lockClass(), step.dev(), step.type(), step.number());
    LockOrder.Witness witness =
        new LockOrder.Witness(
            step.ktimeNs(),
            step.tid(),
            step.comm(),
            LockOrder.Witness.What.LOCK,
            step.mode().label,
            0,
            step.stack());
    see(new LockOrder.Edge(from, to), witness, new Alert.Subject(from.dev(), 0, Names.GFS2));
  }

  /** What the buffer of a direct read or write maps. */
  void onMapping(Mapping mapping) {
    if (mapping.ino() == 0 || mapping.dev() != mapping.fileDev()) {
      return;
    }
    String fs = FileSystems.nameOf(mapping.fsMagic());
    LockOrder.Node from = fileNode(fs, mapping.fileDev(), mapping.fileIno());
    LockOrder.Node to = fileNode(fs, mapping.dev(), mapping.ino());
    LockOrder.Edge edge = new LockOrder.Edge(from, to);
    if (book.isEmpty() || !inverted.containsKey(edge)) {
      LockOrder.Witness witness =
          new LockOrder.Witness(
              mapping.ktimeNs(),
              mapping.tid(),
              mapping.comm(),
              LockOrder.Witness.What.MAPPING,
              "",
              mapping.address(),
              0);
      see(edge, witness, new Alert.Subject(mapping.fileDev(), mapping.fileIno(), fs));
    } else {
      book.count(inverted.get(edge), mapping.ktimeNs());
    }
  }

  /** The lock that a fault needs, and a direct operation holds, of a file. */
  private static LockOrder.Node fileNode(String fs, int dev, long ino) {
    return fs.equals(Names.GFS2)
        ? new LockOrder.Node(LockClass.GLOCK, dev, Names.LM_TYPE_INODE, ino)
        : new LockOrder.Node(LockClass.EXTENT, dev, 0, ino);
  }

  /** mmap_lock is taken inside a region when the pages of its buffer are looked up the slow way. */
  void onOperation(Operation operation) {
    for (LockWait wait : operation.waits()) {
      if (wait.place() == LockWait.Place.ATTEMPT && wait.lockClass() == LockClass.MMAP) {
        LockOrder.Node file = fileNode(operation.fs(), operation.dev(), operation.ino()).ofClass();
        LockOrder.Node mmap = new LockOrder.Node(LockClass.MMAP, 0, 0, 0);
        LockOrder.Witness witness =
            new LockOrder.Witness(
                wait.requestNs(),
                wait.tid(),
                wait.comm(),
                LockOrder.Witness.What.REGION,
                "",
                operation.ino(),
                wait.stack());
        seeClasses(new LockOrder.Edge(file, mmap), witness);
      }
    }
  }

  private void see(LockOrder.Edge edge, LockOrder.Witness witness, Alert.Subject subject) {
    boolean isSelf = edge.from().equals(edge.to());
    List<LockOrder.Edge> circle = isSelf ? List.of(edge) : locks.add(edge, witness);
    if (witness.isDirect()) {
      // The fault takes the lock of the file under mmap_lock.
      LockOrder.Node mmap = new LockOrder.Node(LockClass.MMAP, 0, 0, 0);
      seeClasses(new LockOrder.Edge(mmap, edge.to().ofClass()), witness);
    }
    if (!edge.from().ofClass().equals(edge.to().ofClass())) {
      seeClasses(new LockOrder.Edge(edge.from().ofClass(), edge.to().ofClass()), witness);
    }
    if (circle.isEmpty()) {
      return;
    }
    List<Alert.Evidence> evidence = new ArrayList<>();
    boolean isDirect = false;
    for (LockOrder.Edge step : circle) {
      LockOrder.Witness shown = isSelf ? witness : locks.witnessOf(step);
      evidence.add(shown.evidence(step));
      isDirect |= shown.isDirect();
    }
    String title =
        isSelf
            ? String.format("direct I/O to %s uses a mapping of that file as its buffer", edge.to())
            : String.format("%s are taken in different orders", namesOf(circle));
    Finding finding =
        Finding.of(Rule.LOCK_ORDER, causeOf(circle), subject, title, witness.ns(), evidence);
    raise(isDirect ? finding : finding.as(Severity.INFO), circle);
  }

  private void seeClasses(LockOrder.Edge edge, LockOrder.Witness witness) {
    List<LockOrder.Edge> circle = classes.add(edge, witness);
    if (circle.isEmpty()) {
      return;
    }
    List<Alert.Evidence> evidence = new ArrayList<>();
    circle.forEach(step -> evidence.add(classes.witnessOf(step).evidence(step)));
    String title =
        String.format("locks of the kinds %s are taken in different orders", namesOf(circle));
    book.raise(
        Finding.of(
                Rule.LOCK_ORDER, causeOf(circle), Alert.Subject.NONE, title, witness.ns(), evidence)
            .as(Severity.INFO));
  }

  private void raise(Finding finding, List<LockOrder.Edge> circle) {
    book.raise(finding);
    if (inverted.size() < INVERTED_MAX) {
      circle.forEach(step -> inverted.put(step, finding.id()));
    }
  }

  private static String namesOf(List<LockOrder.Edge> circle) {
    List<String> names = new ArrayList<>();
    circle.forEach(edge -> names.add(edge.from().toString()));
    return String.join(", ", names);
  }

  private static String causeOf(List<LockOrder.Edge> circle) {
    List<String> names = new ArrayList<>();
    circle.forEach(edge -> names.add(edge.from().toString().replace(' ', '_')));
    names.sort(null);
    return String.join(",", names);
  }
}
