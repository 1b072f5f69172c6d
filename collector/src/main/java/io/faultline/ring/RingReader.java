package io.faultline.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the records of a BPF_MAP_TYPE_RINGBUF from its memory, as kernel/bpf/ringbuf.c lays it out.
 *
 * <pre>
 *   consumer page    u64 consumer position          written here, read by the kernel
 *   producer page    u64 producer position          written by the kernel
 *   data, twice      [u32 length | BUSY | DISCARD][u32 page offset][record, padded to 8 bytes] ...
 * </pre>
 *
 * <p>Positions only grow; their low bits are the place in the data. The data is mapped twice in a
 * row, so a record that passes the edge is whole in memory. One thread; nothing is allocated for a
 * record.
 */
public final class RingReader {
  private static final int DISCARD = 1 << 30;
  private static final int HEADER_BYTES = 8;

  // Room goes back to the kernel after this much, or a quarter of a small ring, not only at the end
  // of a poll. How much decides little for draining (ring.sh, ring of 4 MiB); the kernel loads the
  // page's cache line anew after each time.
  private static final int CHUNK_BYTES = 64 << 10;

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final ByteBuffer consumerPage;
  private final ByteBuffer producerPage;
  private final ByteBuffer data;
  private final long mask;
  private final long chunk;
  private long position;
  private long discarded;
  private long malformed;

  /**
   * A reader that goes on where the consumer position stands.
   *
   * @param consumerPage writable
   * @param producerPage readable
   * @param data twice the ring's size, which is a power of two
   */
  public RingReader(ByteBuffer consumerPage, ByteBuffer producerPage, ByteBuffer data) {
    int bytes = data.capacity() / 2;
    if (data.capacity() % 2 != 0 || Integer.bitCount(bytes) != 1) {
      throw new IllegalArgumentException(
          "data: " + data.capacity() + " bytes (expected: twice a power of two)");
    }
    this.consumerPage = consumerPage;
    this.producerPage = producerPage;
    this.data = data.duplicate().order(ByteOrder.LITTLE_ENDIAN); // duplicate() forgets the order
    mask = bytes - 1L;
    chunk = Math.min(CHUNK_BYTES, bytes / 4);
    position = (long) LONG.getAcquire(consumerPage, 0);
  }

  /**
   * Hands over records that are ready, at most {@code limit}.
   *
   * <p>Stops early at a record that is still being written, and does not go on to what comes after
   * its begin. Room goes back to the kernel while it goes on. When the handler throws, its record
   * counts as read.
   *
   * @return how many records were handed over
   */
  public int poll(RecordHandler handler, int limit) {
    // Locals: the compiler keeps them in registers across the hand-over, which fields would not be.
    ByteBuffer ring = data;
    long edge = mask;
    long next = position;
    int count = 0;
    // Acquire: pairs with the kernel's store-release of the position after it has set BUSY in the
    // record's header.
    long end = (long) LONG.getAcquire(producerPage, 0);
    try {
      boolean isReady = true;
      while (isReady && next < end && count < limit) {
        long stop = Math.min(end, next + chunk);
        while (next < stop && count < limit) {
          int at = (int) (next & edge);
          // Acquire: pairs with the xchg in bpf_ringbuf_commit(), which clears BUSY after the
          // record is written.
          int header = (int) INT.getAcquire(ring, at);
          if (header < 0) { // BUSY
            isReady = false;
            break;
          }
          int length = header & ~DISCARD;
          next +=
              (length + (long) HEADER_BYTES + 7)
                  & ~7L; // before the hand-over: a record that throws must not come again
          if (next > end) {
            malformed++;
            next = end; // nothing after it can be told apart any more
            break;
          }
          if (header != length) {
            discarded++;
          } else {
            count++;
            handler.onRecord(ring, at + HEADER_BYTES, length);
          }
        }
        publish(next);
      }
    } finally {
      publish(next);
    }
    return count;
  }

  private void publish(long next) {
    position = next;
    // Release: the kernel may use the bytes before it again after this store.
    LONG.setRelease(consumerPage, 0, next);
  }

  /** Bytes that are written or being written and not read. */
  public long usedBytes() {
    return (long) LONG.getAcquire(producerPage, 0) - position;
  }

  /** Records that their writer gave up. */
  public long discarded() {
    return discarded;
  }

  /** Times that a header made no sense and all that was in the ring had to be skipped. */
  public long malformed() {
    return malformed;
  }
}
