package io.faultline.journal;

/**
 * How a journal is doing.
 *
 * @param acknowledged events of this run that are in files: kill -9 cannot take them any more
 * @param dropped events of this run that are in no file, since nothing could be written
 * @param pausedBecause why nothing can be written at the moment; empty while recording
 * @param segment the number of the segment that is written, or was last
 * @param bytes all segments together, as of the last time that a segment was begun or sealed
 * @param removed segments that this run removed because of the limits or a full disk
 * @param cut what was cut off the segment that the run before left behind; empty when nothing was
 */
public record JournalStatus(
    long acknowledged,
    long dropped,
    String pausedBecause,
    long segment,
    long bytes,
    long removed,
    String cut) {

  /** Whether events are being dropped. */
  public boolean isPaused() {
    return !pausedBecause.isEmpty();
  }
}
