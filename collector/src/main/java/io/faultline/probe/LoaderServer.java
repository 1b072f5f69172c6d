package io.faultline.probe;

import io.faultline.probe.socket.PacketListener;
import io.faultline.probe.socket.PacketSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The privileged half: attaches for processes without privileges, which read what it hands them,
 * and answers what only it may ask the kernel. What is attached hangs on the connection it was
 * asked through, and on this process: when either ends, the kernel detaches.
 */
public final class LoaderServer implements AutoCloseable {
  private static final int ROOT = 0;
  private static final long CLOSE_NS = 5_000_000_000L;

  private final PacketListener listener;
  private final int uid;
  private final KernelFeatures features;
  private final LoaderLimits limits;
  private final Consumer<String> messages;
  private final Set<LoaderSession> sessions = new HashSet<>();
  private volatile boolean isStopped;

  private LoaderServer(
      PacketListener listener,
      int uid,
      KernelFeatures features,
      LoaderLimits limits,
      Consumer<String> messages) {
    this.listener = listener;
    this.uid = uid;
    this.features = features;
    this.limits = limits;
    this.messages = messages;
  }

  /**
   * Listens.
   *
   * @param uid the only user that is served, beside root; see {@link #uidOf}
   * @param messages told who comes and goes; any thread
   * @throws IOException when the path cannot be listened at
   */
  public static LoaderServer at(
      Path socket, int uid, KernelFeatures features, LoaderLimits limits, Consumer<String> messages)
      throws IOException {
    return new LoaderServer(
        PacketListener.at(socket, PosixFilePermissions.fromString("rw-rw----")),
        uid,
        features,
        limits,
        messages);
  }

  /** The number of a user, of its name or its decimal; -1 when there is none of that name. */
  public static int uidOf(String name) {
    return name.matches("\\d{1,9}") ? Integer.parseInt(name) : Libc.uidOf(name);
  }

  /** Serves until {@link #stop}. */
  public void run() throws IOException {
    while (!isStopped) {
      try {
        take(listener.accept(LoaderQuestion.BYTES_MAX));
      } catch (IOException e) {
        if (!isStopped) {
          throw e;
        }
      }
    }
  }

  private void take(PacketSocket socket) {
    try {
      PacketSocket.Peer peer = socket.peer();
      if (peer.uid() != uid && peer.uid() != ROOT) {
        messages.accept(
            "refused process "
                + peer.pid()
                + " of user "
                + peer.uid()
                + " (expected: user "
                + uid
                + ")");
        LoaderSession.refuse(
            socket, "user: " + peer.uid() + " (expected: " + uid + ", whom this loader serves)");
        return;
      }
      LoaderSession session = new LoaderSession(socket, features, limits);
      if (!add(session)) {
        LoaderSession.refuse(
            socket, "loader: busy with " + limits.sessions() + " others (expected: one less)");
        return;
      }
      String name = "process " + peer.pid() + " of user " + peer.uid();
      Thread thread = new Thread(() -> serve(session, name), "faultline-session-" + peer.pid());
      thread.setDaemon(true);
      thread.start();
    } catch (IOException e) {
      socket.close();
    }
  }

  private synchronized boolean add(LoaderSession session) {
    return sessions.size() < limits.sessions() && sessions.add(session);
  }

  private void serve(LoaderSession session, String name) {
    messages.accept("serves " + name);
    String why = "internal error";
    try {
      why = session.run();
    } finally {
      session.close();
      synchronized (this) {
        sessions.remove(session);
        notifyAll();
      }
      messages.accept("detached from the kernel what " + name + " had: " + why);
    }
  }

  /** Makes {@link #run} return; any thread. */
  public void stop() throws IOException {
    isStopped = true;
    listener.hangUp();
  }

  /** Ends all connections and waits until nothing is attached. */
  @Override
  public synchronized void close() throws IOException {
    sessions.forEach(LoaderSession::hangUp);
    long untilNs = System.nanoTime() + CLOSE_NS;
    while (!sessions.isEmpty() && System.nanoTime() < untilNs) {
      try {
        wait(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    listener.close();
  }
}
