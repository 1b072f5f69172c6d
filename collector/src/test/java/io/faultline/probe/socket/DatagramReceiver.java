package io.faultline.probe.socket;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The other end of a {@link UnixDatagram}: a real socket, as systemd has it. */
public final class DatagramReceiver implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int DEADLINE_MS = 30_000;

  private interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int socket(int domain, int type, int protocol) throws LastErrorException;

    int bind(int fd, Pointer address, int bytes) throws LastErrorException;

    int poll(Pointer fds, NativeLong count, int timeoutMs) throws LastErrorException;

    NativeLong recv(int fd, byte[] data, NativeLong bytes, int flags) throws LastErrorException;

    int close(int fd) throws LastErrorException;
  }

  private final Path path;
  private final int fd;

  public DatagramReceiver(Path path) {
    this.path = path;
    fd = Functions.C.socket(AF_UNIX, SOCK_DGRAM, 0);
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    try (Memory address = new Memory(3 + bytes.length)) {
      address.clear();
      address.setShort(0, (short) AF_UNIX);
      address.write(2, bytes, 0, bytes.length);
      Functions.C.bind(fd, address, (int) address.size());
    }
  }

  /** The next datagram; fails when none comes in time. */
  public byte[] receive() {
    try (Memory pollfd = new Memory(8)) {
      pollfd.setInt(0, fd);
      pollfd.setInt(4, 1); // POLLIN
      if (Functions.C.poll(pollfd, new NativeLong(1), DEADLINE_MS) == 0) {
        throw new AssertionError(path + ": nothing came in " + DEADLINE_MS + " ms");
      }
    }
    byte[] data = new byte[1 << 20];
    int length = Functions.C.recv(fd, data, new NativeLong(data.length), 0).intValue();
    return Arrays.copyOf(data, length);
  }

  @Override
  public void close() throws Exception {
    Functions.C.close(fd);
    Files.deleteIfExists(path);
  }
}
