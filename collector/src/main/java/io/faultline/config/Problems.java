package io.faultline.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What is wrong with a file, collected until all of it was looked at. */
final class Problems {
  private record Problem(int line, String text) {}

  private final String file;
  private final List<Problem> problems = new ArrayList<>();

  Problems(String file) {
    this.file = file;
  }

  /** {@code line} counts from 1. */
  void add(int line, String name, String value, String expected) {
    problems.add(new Problem(line, name + ": " + value + " (expected: " + expected + ")"));
  }

  /** Throws when there is any. */
  void check() throws ConfigException {
    if (!problems.isEmpty()) {
      throw new ConfigException(
          problems.stream()
              .sorted(Comparator.comparingInt(Problem::line))
              .map(problem -> file + ":" + problem.line() + ": " + problem.text())
              .toList());
    }
  }
}
