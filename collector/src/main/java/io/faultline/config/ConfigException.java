package io.faultline.config;

import java.util.List;

/** A file that cannot be used as it is; says everything that is wrong with it. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  ConfigException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  /** One sentence each, {@code FILE:LINE: name: value (expected: ...)}, in order of lines. */
  public List<String> problems() {
    return problems;
  }
}
