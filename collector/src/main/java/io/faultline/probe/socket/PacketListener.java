package io.faultline.probe.socket;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import io.faultline.probe.socket.PacketSocket.Functions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** Listens at a path for connections that carry packets. One thread. */
public final class PacketListener implements AutoCloseable {
  static final int AF_UNIX = 1;
  private static final int BACKLOG = 8;
  private static final int EINTR = 4;
  private static final int PATH_BYTES_MAX = 107;

  private final Path path;
  private final int fd;

  private PacketListener(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  static Memory addressOf(Path path) throws IOException {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > PATH_BYTES_MAX) {
      throw new IOException(
          "socket: " + path + " (expected: a path of at most " + PATH_BYTES_MAX + " bytes)");
    }
    Memory address = new Memory(3 + bytes.length);
    address.clear();
    address.setShort(0, (short) AF_UNIX);
    address.write(2, bytes, 0, bytes.length);
    return address;
  }

  /**
   * Takes the path over from a listener that has ended.
   *
   * @param permissions of the socket; nobody connects before they are set
   * @throws IOException when somebody else listens there, or the folder is open to others
   */
  public static PacketListener at(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          folder + ": anyone may write there (expected: a directory of the loader's own)");
    }
    if (Files.exists(path)) {
      try (PacketSocket other = PacketSocket.connect(path, 1)) {
        throw new IOException(path + ": somebody listens there (expected: one loader)");
      } catch (IOException e) {
        if (!String.valueOf(e.getMessage()).contains("nobody listens")) {
          throw e;
        }
      }
      Files.delete(path);
    }
    try (Memory address = addressOf(path)) {
      int fd =
          Functions.C.socket(AF_UNIX, PacketSocket.SOCK_SEQPACKET | PacketSocket.SOCK_CLOEXEC, 0);
      try {
        Functions.C.bind(fd, address, (int) address.size());
        Files.setPosixFilePermissions(path, permissions);
        Functions.C.listen(fd, BACKLOG);
        return new PacketListener(path, fd);
      } catch (LastErrorException | IOException e) {
        Functions.C.close(fd);
        throw e;
      }
    } catch (LastErrorException e) {
      throw new IOException(path + ": cannot be listened at, error " + e.getErrorCode(), e);
    }
  }

  /**
   * Waits for the next connection.
   *
   * @param bytesMax size of a packet from there that is taken
   */
  public PacketSocket accept(int bytesMax) throws IOException {
    while (true) {
      try {
        return new PacketSocket(
            Functions.C.accept4(fd, null, null, PacketSocket.SOCK_CLOEXEC), bytesMax);
      } catch (LastErrorException e) {
        if (e.getErrorCode() != EINTR) {
          throw new IOException(path + ": error " + e.getErrorCode() + " while accepting", e);
        }
      }
    }
  }

  /** Nobody can connect any more, and whoever waits in {@link #accept} is woken; any thread. */
  public void hangUp() throws IOException {
    Files.deleteIfExists(path);
    try {
      Functions.C.shutdown(fd, PacketSocket.SHUT_RDWR);
    } catch (LastErrorException e) {
      throw new IOException(path + ": error " + e.getErrorCode() + " while closing", e);
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
    Functions.C.close(fd);
  }
}
