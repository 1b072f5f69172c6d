package io.faultline.probe.socket;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Sends datagrams to one unix socket; never waits for a receiver that does not read. */
public final class UnixDatagram implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int ENOENT = 2;
  private static final int EAGAIN = 11;
  private static final int EMSGSIZE = 90;
  private static final int ECONNREFUSED = 111;
  private static final int PATH_BYTES_MAX = 107;

  private interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int socket(int domain, int type, int protocol) throws LastErrorException;

    NativeLong sendto(
        int fd, byte[] data, NativeLong bytes, int flags, Pointer address, int addressBytes)
        throws LastErrorException;

    int close(int fd) throws LastErrorException;
  }

  private final String name;
  private final int fd;
  private final Memory address;
  private boolean isClosed;

  private UnixDatagram(String name, int fd, Memory address) {
    this.name = name;
    this.fd = fd;
    this.address = address;
  }

  /**
   * A socket whose datagrams go to {@code name}: a path, or an abstract name that begins with @.
   *
   * @throws IOException when there is no such socket possible
   */
  public static UnixDatagram to(String name) throws IOException {
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    if (path.length < 2 || path.length > PATH_BYTES_MAX) {
      throw new IOException(
          "socket: " + name + " (expected: a path of at most " + PATH_BYTES_MAX + " bytes)");
    }
    boolean isAbstract = path[0] == '@';
    Memory address = new Memory(2 + path.length + (isAbstract ? 0 : 1));
    address.clear();
    address.setShort(0, (short) AF_UNIX);
    address.write(2, path, 0, path.length);
    if (isAbstract) {
      address.setByte(2, (byte) 0);
    }
    try {
      int fd = Functions.C.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      return new UnixDatagram(name, fd, address);
    } catch (LastErrorException e) {
      throw new IOException("socket: error " + e.getErrorCode() + " (expected: a unix socket)", e);
    }
  }

  /**
   * Sends one datagram.
   *
   * @throws IOException when the receiver is not there, does not read, or it is too large
   */
  public synchronized void send(byte[] data) throws IOException {
    if (isClosed) {
      throw new IOException(name + ": closed");
    }
    try {
      Functions.C.sendto(
          fd,
          data,
          new NativeLong(data.length),
          MSG_DONTWAIT | MSG_NOSIGNAL,
          address,
          (int) address.size());
    } catch (LastErrorException e) {
      throw new IOException(name + ": " + wordsFor(e.getErrorCode(), data.length), e);
    }
  }

  private static String wordsFor(int error, int bytes) {
    return switch (error) {
      case ENOENT, ECONNREFUSED -> "nobody receives there";
      case EAGAIN -> "its receiver does not read";
      case EMSGSIZE -> bytes + " bytes are too many for one datagram";
      default -> "error " + error;
    };
  }

  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      Functions.C.close(fd);
      address.close();
    }
  }
}
