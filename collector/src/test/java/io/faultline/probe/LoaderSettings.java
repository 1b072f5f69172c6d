package io.faultline.probe;

/** The settings in a question to the loader, for tests that ask without a {@code ProbeSet}. */
public final class LoaderSettings {
  private LoaderSettings() {}

  /** Settings that leave nothing out, as {@code attach} takes them. */
  public static String none() {
    return "00".repeat(StateLayout.CONFIG_BYTES);
  }
}
