package io.faultline.cli;

import java.io.PrintWriter;

/** What a command says beside its output, a line each. Any thread. */
record Messages(PrintWriter out) {
  void say(String line) {
    synchronized (out) {
      out.println("faultline: " + line.replace('\n', ' '));
      out.flush();
    }
  }
}
