package io.faultline.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "top")
final class TopCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return 1;
  }
}
