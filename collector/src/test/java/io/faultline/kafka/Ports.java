package io.faultline.kafka;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for servers of tests that are to be known before the server has them. */
public final class Ports {
  /** Below those that the kernel gives to whoever asks for any. */
  private static final int FIRST = 20_000;

  private static final int LAST = 32_000;

  private static final Set<Integer> given = ConcurrentHashMap.newKeySet();

  private Ports() {}

  /** One that is free, was not given here before, and that nobody gets who asks for any. */
  public static int free() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
      try (ServerSocket socket = new ServerSocket(port)) {
        if (given.add(port)) {
          return socket.getLocalPort();
        }
      } catch (BindException e) {
        // somebody's: another one
      }
    }
  }
}
