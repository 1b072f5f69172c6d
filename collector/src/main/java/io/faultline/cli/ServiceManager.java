package io.faultline.cli;

import io.faultline.probe.socket.UnixDatagram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Tells the service manager how the process is, as sd_notify(3) does; silent where there is none.
 */
final class ServiceManager implements AutoCloseable {
  private final UnixDatagram socket;
  private final long watchdogNs;
  private long aliveNs;

  private ServiceManager(UnixDatagram socket, long watchdogNs) {
    this.socket = socket;
    this.watchdogNs = watchdogNs;
  }

  /** The manager that the environment names. */
  static ServiceManager of(Map<String, String> environment) throws IOException {
    String name = environment.get("NOTIFY_SOCKET");
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    boolean isMeant = pid.isEmpty() || pid.equals("" + ProcessHandle.current().pid());
    String usec = isMeant ? environment.getOrDefault("WATCHDOG_USEC", "") : "";
    long watchdogNs = usec.matches("\\d{1,15}") ? Long.parseLong(usec) * 1000 : 0;
    return new ServiceManager(name == null ? null : UnixDatagram.to(name), watchdogNs);
  }

  void ready(String status) {
    tell("READY=1\nSTATUS=" + status);
  }

  void reloading() {
    tell("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
  }

  void stopping() {
    tell("STOPPING=1");
  }

  /** The process does what it should; called often. {@code nowNs} is System.nanoTime(). */
  void alive(long nowNs) {
    // Twice in the time after which the manager would end the process.
    if (watchdogNs > 0 && nowNs - aliveNs >= watchdogNs / 2) {
      aliveNs = nowNs;
      tell("WATCHDOG=1");
    }
  }

  private void tell(String state) {
    if (socket != null) {
      try {
        socket.send(state.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // A manager that does not listen is no reason to stop.
      }
    }
  }

  @Override
  public void close() {
    if (socket != null) {
      socket.close();
    }
  }
}
