package io.faultline.probe;

/**
 * What a loader process lets its clients have.
 *
 * @param sessions connections at the same time; each has maps of its own
 * @param ringBytesMax largest ring
 * @param isBccAllowed whether it compiles on this host: that needs leave to start a program
 * @param costPerSecond what the questions of one connection may cost in a second, where reading one
 *     file of /proc costs 1
 */
public record LoaderLimits(
    int sessions, int ringBytesMax, boolean isBccAllowed, int costPerSecond) {
  /** A few clients, rings up to 64 MiB, no compiler. */
  public static final LoaderLimits DEFAULT = new LoaderLimits(4, 64 << 20, false, 10_000);
}
