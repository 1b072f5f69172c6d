package io.faultline.probe.socket;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/**
 * One end of a connection that carries packets, whole or not at all, and descriptors with them
 * (unix(7), SOCK_SEQPACKET). One thread; {@link #hangUp} may come from any.
 */
public final class PacketSocket implements AutoCloseable {
  /** Most descriptors in one packet. */
  public static final int DESCRIPTORS_MAX = 64;

  static final int SOCK_SEQPACKET = 5;
  static final int SOCK_CLOEXEC = 02000000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  static final int SHUT_RDWR = 2;
  private static final short POLLIN = 1;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int ECONNRESET = 104;

  // struct msghdr and struct cmsghdr, the same on every 64-bit Linux.
  private static final int MSGHDR_BYTES = 56;
  private static final int MSG_IOV = 16;
  private static final int MSG_IOVLEN = 24;
  private static final int MSG_CONTROL = 32;
  private static final int MSG_CONTROLLEN = 40;
  private static final int MSG_FLAGS = 48;
  private static final int CMSG_LEVEL = 8;
  private static final int CMSG_TYPE = 12;
  private static final int CMSG_BYTES = 16;

  /** The functions of the C library, as they are declared there. */
  interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int socket(int domain, int type, int protocol) throws LastErrorException;

    int bind(int fd, Pointer address, int addressBytes) throws LastErrorException;

    int listen(int fd, int backlog) throws LastErrorException;

    int accept4(int fd, Pointer address, Pointer addressBytes, int flags) throws LastErrorException;

    int connect(int fd, Pointer address, int addressBytes) throws LastErrorException;

    int shutdown(int fd, int how) throws LastErrorException;

    int getsockopt(int fd, int level, int name, Pointer value, Pointer bytes)
        throws LastErrorException;

    NativeLong sendmsg(int fd, Pointer message, int flags) throws LastErrorException;

    NativeLong recvmsg(int fd, Pointer message, int flags) throws LastErrorException;

    int poll(Pointer fds, NativeLong count, int timeoutMs) throws LastErrorException;

    int close(int fd) throws LastErrorException;
  }

  /**
   * What came in one piece.
   *
   * @param descriptors the receiver's own from now on; usually none
   */
  @SuppressWarnings("ArrayRecordComponent") // read once by the receiver
  public record Packet(byte[] data, int[] descriptors) {
    /** Closes its descriptors. */
    public void discard() {
      Arrays.stream(descriptors).forEach(Functions.C::close);
    }
  }

  /** Who is at the other end, as the kernel says. */
  public record Peer(int pid, int uid, int gid) {}

  private final int fd;
  private final int bytesMax;
  private boolean isClosed;

  PacketSocket(int fd, int bytesMax) {
    this.fd = fd;
    this.bytesMax = bytesMax;
  }

  /**
   * Connects to a listener.
   *
   * @param bytesMax size of a packet from there that is taken
   * @throws IOException when nobody listens there, or may not be asked
   */
  public static PacketSocket connect(Path path, int bytesMax) throws IOException {
    try (Memory address = PacketListener.addressOf(path)) {
      int fd = Functions.C.socket(PacketListener.AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
      try {
        Functions.C.connect(fd, address, (int) address.size());
        return new PacketSocket(fd, bytesMax);
      } catch (LastErrorException e) {
        Functions.C.close(fd);
        throw e;
      }
    } catch (LastErrorException e) {
      throw new IOException(path + ": " + wordsFor(e.getErrorCode()), e);
    }
  }

  private static String wordsFor(int error) {
    return switch (error) {
      case 2, 111 -> "nobody listens there";
      case 13 -> "permission denied";
      default -> "error " + error;
    };
  }

  /** The process at the other end, as it was when it connected, or began to listen. */
  public Peer peer() throws IOException {
    try (Memory value = new Memory(12);
        Memory bytes = new Memory(4)) {
      bytes.setInt(0, 12);
      Functions.C.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, bytes);
      return new Peer(value.getInt(0), value.getInt(4), value.getInt(8));
    } catch (LastErrorException e) {
      throw new IOException("socket: its peer is not known, error " + e.getErrorCode(), e);
    }
  }

  /**
   * Sends one packet.
   *
   * @param descriptors stay the sender's as well
   * @throws IOException when the other end is gone, or has not read for long
   */
  public void send(byte[] data, int... descriptors) throws IOException {
    try (Memory text = new Memory(Math.max(1, data.length));
        Memory control = new Memory(controlBytes(Math.max(1, descriptors.length)));
        Memory message = messageOf(text, data.length)) {
      text.write(0, data, 0, data.length);
      if (descriptors.length > 0) {
        control.clear();
        control.setLong(0, CMSG_BYTES + 4L * descriptors.length);
        control.setInt(CMSG_LEVEL, SOL_SOCKET);
        control.setInt(CMSG_TYPE, SCM_RIGHTS);
        control.write(CMSG_BYTES, descriptors, 0, descriptors.length);
        message.setPointer(MSG_CONTROL, control);
        message.setLong(MSG_CONTROLLEN, controlBytes(descriptors.length));
      }
      Functions.C.sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } catch (LastErrorException e) {
      throw new IOException(
          "socket: "
              + (e.getErrorCode() == EAGAIN
                  ? "the other end does not read"
                  : "error " + e.getErrorCode() + " while sending"),
          e);
    }
  }

  /**
   * Waits for a packet.
   *
   * @return {@code null} when none came in that time
   * @throws IOException when the other end is gone, or sent what is too large
   */
  public Packet receive(Duration timeout) throws IOException {
    try {
      if (!await(timeout)) {
        return null;
      }
      return receiveDespiteReset();
    } catch (LastErrorException e) {
      if (e.getErrorCode() == EAGAIN || e.getErrorCode() == EINTR) {
        return null;
      }
      throw new IOException("socket: error " + e.getErrorCode() + " while receiving", e);
    }
  }

  /** What the other end sent before it closed is still there, behind the news that it did. */
  private Packet receiveDespiteReset() throws IOException {
    try {
      return receive();
    } catch (LastErrorException e) {
      if (e.getErrorCode() != ECONNRESET) {
        throw e;
      }
      return receive();
    }
  }

  private boolean await(Duration timeout) {
    try (Memory pollfd = new Memory(8)) {
      pollfd.setInt(0, fd);
      pollfd.setShort(4, POLLIN);
      pollfd.setShort(6, (short) 0);
      int timeoutMs = (int) Math.min(Integer.MAX_VALUE, timeout.toMillis());
      return Functions.C.poll(pollfd, new NativeLong(1), timeoutMs) > 0;
    }
  }

  private Packet receive() throws IOException {
    int roomBytes = controlBytes(DESCRIPTORS_MAX);
    try (Memory text = new Memory(bytesMax);
        Memory control = new Memory(roomBytes);
        Memory message = messageOf(text, bytesMax)) {
      control.clear();
      message.setPointer(MSG_CONTROL, control);
      message.setLong(MSG_CONTROLLEN, roomBytes);
      int length = Functions.C.recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC).intValue();
      int[] descriptors = descriptorsOf(control, message.getLong(MSG_CONTROLLEN));
      int flags = message.getInt(MSG_FLAGS);
      if (length == 0 || (flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        Arrays.stream(descriptors).forEach(Functions.C::close);
        throw new IOException(
            length == 0
                ? "socket: the other end is gone"
                : "socket: a packet of more than " + bytesMax + " bytes");
      }
      return new Packet(text.getByteArray(0, length), descriptors);
    }
  }

  private static int[] descriptorsOf(Memory control, long length) {
    if (length < CMSG_BYTES + 4
        || control.getInt(CMSG_LEVEL) != SOL_SOCKET
        || control.getInt(CMSG_TYPE) != SCM_RIGHTS) {
      return new int[0];
    }
    return control.getIntArray(CMSG_BYTES, (int) (control.getLong(0) - CMSG_BYTES) / 4);
  }

  private static int controlBytes(int descriptors) {
    return CMSG_BYTES + (4 * descriptors + 7) / 8 * 8;
  }

  /** A struct msghdr with one struct iovec behind it. */
  private static Memory messageOf(Memory text, int length) {
    Memory message = new Memory(MSGHDR_BYTES + 16);
    message.clear();
    message.setPointer(MSGHDR_BYTES, text);
    message.setLong(MSGHDR_BYTES + 8, length);
    message.setPointer(MSG_IOV, message.share(MSGHDR_BYTES));
    message.setLong(MSG_IOVLEN, 1);
    return message;
  }

  /** Ends the connection for both: whoever waits for a packet is woken. Any thread. */
  public synchronized void hangUp() {
    if (!isClosed) {
      try {
        Functions.C.shutdown(fd, SHUT_RDWR);
      } catch (LastErrorException e) {
        // The other end was faster.
      }
    }
  }

  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      Functions.C.close(fd);
    }
  }
}
