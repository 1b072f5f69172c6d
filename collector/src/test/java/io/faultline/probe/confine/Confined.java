package io.faultline.probe.confine;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A program of its own that confines itself and says what it still can. */
final class Confined {
  private interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    NativeLong syscall(NativeLong number, Object... arguments) throws LastErrorException;
  }

  private Confined() {}

  public static void main(String[] args) throws Exception {
    CountDownLatch isOver = new CountDownLatch(1);
    Thread older = new Thread(() -> await(isOver));
    older.setDaemon(true);
    older.start(); // a thread from before: it is confined as well
    Confinement.valueOf(args[0]).enter();
    SystemCalls calls = SystemCalls.ofThisMachine();
    for (int number : calls.never()) {
      say("never", number, errno(number));
    }
    say("bpf_map_create", 0, bpf(0));
    say("bpf_lookup", 1, bpf(1));
    say("bpf_prog_load", 5, bpf(5));
    say("bpf_info", 15, bpf(15));
    for (int number : calls.attaching()) {
      say("attaching", number, errno(number));
    }
    String started;
    try {
      started = "status " + new ProcessBuilder("true").start().waitFor();
    } catch (IOException e) {
      started = "refused";
    }
    System.out.println("start " + started);
    try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        String status = Files.readString(thread.resolve("status"));
        System.out.println(
            "thread "
                + status.contains("Seccomp:\t2\n")
                + " "
                + status.contains("NoNewPrivs:\t1\n"));
      }
    }
    isOver.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(String what, int number, int errno) {
    System.out.println(what + " " + number + " " + errno);
  }

  private static int bpf(int command) {
    try (Memory attributes = new Memory(128)) {
      attributes.clear();
      attributes.setInt(0, -1);
      Functions.C.syscall(
          new NativeLong(SystemCalls.ofThisMachine().bpf()),
          new NativeLong(command),
          attributes,
          new NativeLong(128));
      return 0;
    } catch (LastErrorException e) {
      return e.getErrorCode();
    }
  }

  /** With arguments that make nothing happen: -1 is no pointer, no descriptor and no process. */
  private static int errno(int number) {
    NativeLong none = new NativeLong(-1);
    try {
      Functions.C.syscall(new NativeLong(number), none, none, none, none, none);
      return 0;
    } catch (LastErrorException e) {
      return e.getErrorCode();
    }
  }
}
