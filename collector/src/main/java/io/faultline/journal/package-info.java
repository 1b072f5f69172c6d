/**
 * Journals: a stream in a directory of segments, bounded by size and age, that outlives its writer.
 *
 * <p>Starting points: {@link io.faultline.journal.Journal}, {@link
 * io.faultline.journal.JournalReader}; {@link io.faultline.journal.Segment} says what a directory
 * looks like.
 *
 * <p>Imports: the JDK, {@code event}, {@code source}, {@code recording}. Threads: a journal and a
 * reader belong to one thread each; a journal has a thread of its own beside it, {@code
 * SegmentKeeper}, for all that would make the writing thread wait.
 */
package io.faultline.journal;
