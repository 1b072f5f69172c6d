/**
 * Recordings: streams in files.
 *
 * <p>Starting points: {@link io.faultline.recording.RecordingWriter}, {@link
 * io.faultline.recording.RecordingReader}; {@link io.faultline.recording.BlockCodec} packs events,
 * for messages too; {@link io.faultline.recording.Frame} draws the format.
 *
 * <p>Imports: the JDK, {@code event}, {@code source}, jackson-jr and zstd-jni. Threads: writers,
 * readers and codecs belong to one thread.
 */
package io.faultline.recording;
