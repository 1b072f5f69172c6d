package io.faultline.probe.direct;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;

/** Memory whose pages are missing until they are touched: anonymous, or a mapping of a file. */
public final class MappedBuffer implements AutoCloseable {
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_NOHUGEPAGE = 15;
  private static final int O_RDWR = 2;

  private final Pointer memory;
  private final int bytes;

  private MappedBuffer(Pointer memory, int bytes) {
    this.memory = memory;
    this.bytes = bytes;
  }

  /** Anonymous memory, never in huge pages: touching one page makes no other one present. */
  public static MappedBuffer anonymous(int bytes) throws IOException {
    MappedBuffer buffer = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    try {
      DirectFile.Functions.C.madvise(buffer.memory, new NativeLong(bytes), MADV_NOHUGEPAGE);
    } catch (LastErrorException e) {
      // A kernel without huge pages.
    }
    return buffer;
  }

  /** The first bytes of a file, shared with it. */
  public static MappedBuffer ofFile(Path path, int bytes) throws IOException {
    int fd = -1;
    try {
      fd = DirectFile.Functions.C.open(path.toString(), O_RDWR, 0);
      return map(bytes, MAP_SHARED, fd);
    } catch (LastErrorException e) {
      throw new IOException(path + ": cannot be opened, errno " + e.getErrorCode(), e);
    } finally {
      if (fd >= 0) {
        DirectFile.Functions.C.close(fd);
      }
    }
  }

  private static MappedBuffer map(int bytes, int flags, int fd) throws IOException {
    try {
      Pointer memory =
          DirectFile.Functions.C.mmap(
              Pointer.NULL, new NativeLong(bytes), PROT_READ_WRITE, flags, fd, new NativeLong(0));
      return new MappedBuffer(memory, bytes);
    } catch (LastErrorException e) {
      throw new IOException("mmap: errno " + e.getErrorCode(), e);
    }
  }

  Pointer memory() {
    return memory;
  }

  /** Its length. */
  public int bytes() {
    return bytes;
  }

  /**
   * Makes the pages of the first {@code count} bytes present and writable, and all others missing.
   */
  public void makePresent(int count) {
    DirectFile.Functions.C.madvise(memory, new NativeLong(bytes), MADV_DONTNEED);
    for (int at = 0; at < count; at += DirectFile.ALIGNMENT_BYTES) {
      memory.setByte(at, (byte) (at >>> 12));
    }
  }

  @Override
  public void close() {
    DirectFile.Functions.C.munmap(memory, new NativeLong(bytes));
  }
}
