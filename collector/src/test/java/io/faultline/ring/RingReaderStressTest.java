package io.faultline.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A reader and a writer at the same time, on two threads; two seconds, where they get to run. */
@SuppressWarnings("ThreadPriorityCheck") // yield(): for speed where there is one core only
class RingReaderStressTest {
  private static final int SIZE = 2 * 4096;
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;
  private static final int LENGTH_MAX = 300;
  private static final byte UNWRITTEN = (byte) 0xee;

  // Enough; where other programs take the cores, the time ends it before.
  private static final int WRAPS = 10_000;
  private static final int FULLS = 5_000;
  private static final long RUN_NS = 2_000_000_000L;
  private static final int WRAPS_MIN = 20; // a ring takes a time slice where there is no other core
  private static final long HANG_NS = 120_000_000_000L;

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final ByteBuffer consumerPage = page(8);
  private final ByteBuffer producerPage = page(8);
  private final ByteBuffer data = page(2 * SIZE);
  private final long beginNs = System.nanoTime();

  /** Reservations refused, which the reader may wait for: then the writer has used all it may. */
  private volatile long refused;

  private volatile boolean isStopped;
  private volatile boolean isWritten;

  private static ByteBuffer page(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  // What a record is follows from its number, so that the reader's side knows what has to come.

  private static long hash(long number) {
    long mixed = (number + 1) * 0x9e3779b97f4a7c15L;
    return mixed ^ (mixed >>> 29);
  }

  private static int lengthOf(long number) {
    return (int) ((hash(number) >>> 8) % (LENGTH_MAX + 1));
  }

  private static boolean isDiscarded(long number) {
    return (hash(number) >>> 40) % 8 == 0;
  }

  private static void fill(byte[] record, long number) {
    long value = hash(number);
    for (int i = 0; i < record.length; i++) {
      record[i] = (byte) (value >>> (8 * (i & 7)));
      value += i;
    }
  }

  private static long roundedUp(int length) {
    return (length + 8L + 7) & ~7L;
  }

  private static void check(boolean isRight, String what, long number) {
    if (!isRight) { // AssertJ for each byte would be most of the time
      throw new AssertionError(what + ", record " + number);
    }
  }

  private record Reservation(long number, long position) {}

  /** Does what bpf_ringbuf_reserve() and bpf_ringbuf_commit() do, on memory that is not doubled. */
  private final class Writer extends Thread {
    private final Random random = new Random(1);
    private final Deque<Reservation> open = new ArrayDeque<>();
    private long seen;
    private long end;
    private long number;
    private long discarded;
    private long fulls;
    private volatile Throwable failure;

    @Override
    public void run() {
      try {
        while (!isStopped
            && (end < (long) WRAPS * SIZE || fulls < FULLS)
            && (System.nanoTime() - beginNs < RUN_NS || !isEnough())) {
          boolean wasFull = false;
          for (int i = random.nextInt(12); i > 0 && !wasFull; i--) {
            wasFull = !reserve();
          }
          if (wasFull) {
            fulls++;
            refused = fulls;
          }
          for (int i = random.nextInt(12); i > 0 && !open.isEmpty(); i--) {
            commit(random.nextInt(open.size()));
          }
          if (wasFull && open.isEmpty()) {
            Thread.yield();
          }
          if (random.nextInt(4) == 0) {
            writeToAReaderThatHasCaughtUp();
          }
        }
        while (!open.isEmpty()) {
          commit(random.nextInt(open.size()));
        }
      } catch (Throwable e) {
        failure = e;
      } finally {
        isWritten = true;
      }
    }

    private boolean isEnough() {
      return end / SIZE >= WRAPS_MIN && fulls >= WRAPS_MIN;
    }

    /** The reader looks at a place where old bytes are, again and again, as the record comes. */
    private void writeToAReaderThatHasCaughtUp() {
      while (!open.isEmpty()) {
        commit(0);
      }
      for (int i = 0; i < 8; i++) {
        for (int spins = 0; (long) LONG.getAcquire(consumerPage, 0) < end; spins++) {
          if (isStopped || spins > 2_000) {
            return; // the reader does not run, or waits for a full ring
          }
          Thread.onSpinWait();
        }
        for (int spins = random.nextInt(64); spins > 0; spins--) {
          Thread.onSpinWait();
        }
        reserve();
        commit(0);
      }
    }

    private boolean reserve() {
      int length = lengthOf(number);
      long consumed = (long) LONG.getAcquire(consumerPage, 0);
      check(consumed >= seen, "the reader's position went back", number);
      // A record that is not committed cannot have been read, nor any after it.
      check(
          consumed <= (open.isEmpty() ? end : open.getFirst().position()),
          "the reader's position ran ahead",
          number);
      seen = consumed;
      long next = end + roundedUp(length);
      if (next - consumed > SIZE - 1) {
        return false;
      }
      int at = (int) (end & (SIZE - 1));
      putHeader(at, length | BUSY);
      byte[] unwritten = new byte[length];
      Arrays.fill(unwritten, UNWRITTEN);
      put(at + 8, unwritten);
      LONG.setRelease(producerPage, 0, next);
      open.addLast(new Reservation(number, end));
      number++;
      end = next;
      return true;
    }

    private void commit(int index) {
      Iterator<Reservation> reservations = open.iterator();
      for (int i = 0; i < index; i++) {
        reservations.next();
      }
      Reservation reservation = reservations.next();
      reservations.remove();
      int length = lengthOf(reservation.number());
      byte[] record = new byte[length];
      fill(record, reservation.number());
      int at = (int) (reservation.position() & (SIZE - 1));
      put(at + 8, record);
      boolean isGivenUp = isDiscarded(reservation.number());
      if (isGivenUp) {
        discarded++;
      }
      INT.getAndSet(data, at, isGivenUp ? length | DISCARD : length);
    }

    private void putHeader(int at, int value) {
      data.putInt(at, value);
      data.putInt(at + 4, 0);
    }

    /** To both places that are one in the kernel's memory. */
    private void put(int at, byte[] bytes) {
      int first = at & (SIZE - 1);
      int whole = Math.min(bytes.length, SIZE - first);
      data.put(first, bytes, 0, whole);
      data.put(first + SIZE, bytes, 0, whole);
      data.put(0, bytes, whole, bytes.length - whole);
      data.put(SIZE, bytes, whole, bytes.length - whole);
    }
  }

  private final class Checker implements RecordHandler {
    private final byte[][] read = new byte[LENGTH_MAX + 1][];
    private final byte[][] expected = new byte[LENGTH_MAX + 1][];
    private long number;
    private long position;
    private long records;

    Checker() {
      Arrays.setAll(read, byte[]::new);
      Arrays.setAll(expected, byte[]::new);
    }

    @Override
    public void onRecord(ByteBuffer ring, int offset, int length) {
      skipDiscarded();
      check(length == lengthOf(number), "another length", number);
      check(offset == (int) (position & (SIZE - 1)) + 8, "another place", number);
      check(
          (long) LONG.getAcquire(consumerPage, 0) <= position,
          "room is given back before the record is read",
          number);
      if (number % 256 == 0) {
        awaitFull();
      }
      ring.get(offset, read[length]);
      fill(expected[length], number);
      check(Arrays.equals(read[length], expected[length]), "another content", number);
      position += roundedUp(length);
      number++;
      records++;
    }

    void skipDiscarded() {
      while (isDiscarded(number)) {
        position += roundedUp(lengthOf(number));
        number++;
      }
    }

    /** Until the writer has overwritten all that it takes for free. */
    private void awaitFull() {
      long before = refused;
      // Two: the first may have begun before this call.
      while (refused < before + 2 && !isWritten) {
        check(System.nanoTime() - beginNs < HANG_NS, "the ring never fills", number);
        Thread.yield();
      }
    }
  }

  @Test
  void shouldDeliverWhatAConcurrentWriterCommits() throws InterruptedException {
    RingReader reader = new RingReader(consumerPage, producerPage, data);
    Writer writer = new Writer();
    Checker checker = new Checker();
    Random random = new Random(2);
    int idle = 0;
    writer.start();
    try {
      boolean isLast;
      do {
        isLast = isWritten; // before the poll: what it has missed then is in this one
        int limit = random.nextInt(4) == 0 ? Integer.MAX_VALUE : random.nextInt(40);
        if (reader.poll(checker, limit) > 0) {
          idle = 0;
        } else if (++idle > 1_000) {
          Thread.yield();
        }
        check(reader.malformed() == 0, "a header that makes no sense", checker.number);
        check(System.nanoTime() - beginNs < HANG_NS, "the reader hangs", checker.number);
      } while (!isLast);
      reader.poll(checker, Integer.MAX_VALUE);
    } finally {
      isStopped = true;
      writer.join();
    }
    assertThat(writer.failure).isNull();
    while (checker.number < writer.number && isDiscarded(checker.number)) {
      checker.position += roundedUp(lengthOf(checker.number));
      checker.number++;
    }
    assertThat(checker.number).as("next record").isEqualTo(writer.number);
    assertThat(checker.position).isEqualTo(writer.end).isEqualTo(consumerPage.getLong(0));
    assertThat(checker.records).isEqualTo(writer.number - writer.discarded);
    assertThat(reader.discarded()).isEqualTo(writer.discarded);
    assertThat(reader.usedBytes()).isZero();
    assertThat(writer.end / SIZE).as("wraps").isGreaterThanOrEqualTo(WRAPS_MIN);
    assertThat(writer.fulls).as("times full").isGreaterThanOrEqualTo(WRAPS_MIN);
  }
}
