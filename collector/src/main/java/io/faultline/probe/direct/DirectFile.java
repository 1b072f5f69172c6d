package io.faultline.probe.direct;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;

/** A file opened with O_DIRECT, read into and written from a {@link MappedBuffer}. */
public final class DirectFile implements AutoCloseable {
  /** What offsets, lengths and buffers must be multiples of. */
  public static final int ALIGNMENT_BYTES = 4096;

  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final boolean ARM64 = System.getProperty("os.arch").equals("aarch64");
  private static final int O_DIRECT = ARM64 ? 0200000 : 040000;
  private static final long FS_IOC_GETFLAGS = 0x80086601L;
  private static final long FS_NOCOW_FL = 0x00800000L;

  interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int open(String path, int flags, int mode) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    NativeLong pread64(int fd, Pointer buffer, NativeLong bytes, long offset)
        throws LastErrorException;

    NativeLong pwrite64(int fd, Pointer buffer, NativeLong bytes, long offset)
        throws LastErrorException;

    Pointer mmap(
        Pointer address, NativeLong length, int protection, int flags, int fd, NativeLong offset)
        throws LastErrorException;

    int munmap(Pointer address, NativeLong length) throws LastErrorException;

    int madvise(Pointer address, NativeLong length, int advice) throws LastErrorException;

    int ioctl(int fd, NativeLong request, Pointer argument) throws LastErrorException;
  }

  private final Path path;
  private final int fd;

  private DirectFile(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /** Opens for reading and writing; makes the file when it is not there. */
  public static DirectFile open(Path path) throws IOException {
    try {
      return new DirectFile(
          path, Functions.C.open(path.toString(), O_RDWR | O_CREAT | O_DIRECT, 0600));
    } catch (LastErrorException e) {
      throw new IOException(
          path
              + ": O_DIRECT open failed, errno "
              + e.getErrorCode()
              + " (expected: a file system with direct I/O)",
          e);
    }
  }

  /** Reads at most the buffer's length; returns the bytes read. */
  public int read(MappedBuffer buffer, long offset) throws IOException {
    try {
      return Functions.C.pread64(fd, buffer.memory(), new NativeLong(buffer.bytes()), offset)
          .intValue();
    } catch (LastErrorException e) {
      throw new IOException(path + ": direct read failed, errno " + e.getErrorCode(), e);
    }
  }

  /** Writes the buffer; returns the bytes written. */
  public int write(MappedBuffer buffer, long offset) throws IOException {
    try {
      return Functions.C.pwrite64(fd, buffer.memory(), new NativeLong(buffer.bytes()), offset)
          .intValue();
    } catch (LastErrorException e) {
      throw new IOException(path + ": direct write failed, errno " + e.getErrorCode(), e);
    }
  }

  /**
   * Whether files of that directory get no checksums: on btrfs only such files are written
   * directly.
   */
  public static boolean isNocow(Path directory) {
    int dirFd = -1;
    try (Memory flags = new Memory(8)) {
      dirFd = Functions.C.open(directory.toString(), 0, 0);
      flags.clear();
      Functions.C.ioctl(dirFd, new NativeLong(FS_IOC_GETFLAGS), flags);
      return (flags.getLong(0) & FS_NOCOW_FL) != 0;
    } catch (LastErrorException e) {
      return false;
    } finally {
      if (dirFd >= 0) {
        Functions.C.close(dirFd);
      }
    }
  }

  @Override
  public void close() {
    Functions.C.close(fd);
  }
}
