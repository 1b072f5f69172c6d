package io.faultline.bundle;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A tar.gz or a zip that is written file by file, all in one folder. The JDK writes zip; the header
 * of a tar entry (POSIX ustar) is written here, since it is a page of code and a library a
 * megabyte. One thread.
 */
public final class Archive implements Closeable {
  /** How the files are packed. */
  public enum Format {
    TAR_GZ,
    ZIP;

    /** The format that a file's name asks for; {@code null} when it is neither. */
    public static Format of(Path file) {
      String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
      return name.endsWith(".zip")
          ? ZIP
          : name.endsWith(".tar.gz") || name.endsWith(".tgz") ? TAR_GZ : null;
    }
  }

  private static final int BLOCK_BYTES = 512;
  private static final int NAME_BYTES_MAX = 100;
  private static final long SIZE_MAX = (1L << 33) - 1; // what eleven octal digits hold

  private final Format format;
  private final String folder;
  private final long timeMs;
  private final OutputStream out;

  /**
   * Begins an archive; {@code out} is closed with it.
   *
   * @param folder what all files are in
   * @param timeMs the time that files get, since 1970
   */
  public Archive(Format format, String folder, long timeMs, OutputStream out) throws IOException {
    this.format = format;
    this.folder = folder;
    this.timeMs = timeMs;
    this.out = format == Format.ZIP ? new ZipOutputStream(out) : new GZIPOutputStream(out, 1 << 16);
  }

  /** Adds a file under {@code name}. */
  public void add(String name, Path file) throws IOException {
    String path = folder + "/" + name;
    if (out instanceof ZipOutputStream zip) {
      ZipEntry entry = new ZipEntry(path);
      entry.setTime(timeMs);
      zip.putNextEntry(entry);
      Files.copy(file, zip);
      zip.closeEntry();
      return;
    }
    long size = Files.size(file);
    out.write(header(path, size));
    Files.copy(file, out);
    out.write(new byte[(int) (-size & (BLOCK_BYTES - 1))]);
  }

  private byte[] header(String path, long size) throws IOException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length > NAME_BYTES_MAX || size > SIZE_MAX) {
      throw new IOException(
          path + ": " + size + " bytes (expected: at most 8 GiB, or a .zip, in a tar.gz)");
    }
    byte[] header = new byte[BLOCK_BYTES];
    System.arraycopy(name, 0, header, 0, name.length);
    put(header, 100, "0000644\0");
    put(header, 108, "0000000\0"); // user
    put(header, 116, "0000000\0"); // group
    put(header, 124, String.format("%011o\0", size));
    put(header, 136, String.format("%011o\0", timeMs / 1000));
    put(header, 148, "        "); // the checksum counts as blanks
    put(header, 156, "0"); // a regular file
    put(header, 257, "ustar\00000");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, String.format("%06o\0 ", sum));
    return header;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  @Override
  public void close() throws IOException {
    try (out) {
      if (format == Format.TAR_GZ) {
        out.write(new byte[2 * BLOCK_BYTES]);
      }
    }
  }
}
