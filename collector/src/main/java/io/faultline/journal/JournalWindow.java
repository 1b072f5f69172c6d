package io.faultline.journal;

import java.util.List;

/**
 * What {@link Journal#window} put into a file.
 *
 * @param events how many
 * @param notes which other runs the journal has
 * @param damage what is missing, in sentences
 */
public record JournalWindow(long events, List<String> notes, List<String> damage) {
  /** Copies the lists. */
  public JournalWindow {
    notes = List.copyOf(notes);
    damage = List.copyOf(damage);
  }
}
