package io.faultline.probe.task;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The answers from /proc, with the privileges of this process. */
public final class ProcFacts implements TaskFacts, AutoCloseable {
  /** Descriptors looked at for one file. */
  private static final int DESCRIPTORS_MAX = 4096;

  private static final int READING_MS_MAX = 20;

  /** A pass through the kernel's symbols takes a tenth of a second where nothing else runs. */
  private static final int SYMBOLS_MS_MAX = 200;

  private static final String READER = "faultline-mappings";

  /**
   * What the kernel calls the thread that reads mappings. It waits for mmap_lock of a process that
   * is stuck, as long as that is.
   */
  public static final String READER_COMM = READER.substring(0, 15);

  private static final Path KALLSYMS = Path.of("/proc/kallsyms");

  private static final long BELIEVED_NS = 1_000_000_000L;

  private static final int LATES_MAX = 64;

  private record Page(int tgid, long number) {}

  private record Known(FileArea area, long readNs) {}

  private final TaskFiles files = new TaskFiles();
  private final ExecutorService reader = threadOf(READER);
  private Future<FileArea> reading; // the last one, or null
  private Page late; // what it reads, when it did not end in time
  private final Map<Page, Known> lates = new HashMap<>();
  private Map<String, Integer> devByMountId = new HashMap<>();
  private final ExecutorService symbolReader = threadOf("faultline-symbols");
  private Future<String[]> symbols; // what is looked up, or null
  private long[] asked = {};

  private static ExecutorService threadOf(String name) {
    return Executors.newSingleThreadExecutor(TaskFiles.daemonsOf(name));
  }

  @Override
  public String stack(int tgid, int tid) {
    try {
      String text = files.read(tgid, tid, "stack");
      if (text == null) {
        return "";
      }
      return text.length() <= STACK_CHARS_MAX ? text : text.substring(0, STACK_CHARS_MAX);
    } catch (IOException e) {
      return ""; // gone, not permitted, or not built in
    }
  }

  @Override
  public IoCounts io(int tgid, int tid) {
    try {
      String text = files.read(tgid, tid, "io");
      return text == null ? null : IoCounts.of(text);
    } catch (NoSuchFileException e) {
      return IoCounts.GONE;
    } catch (IOException e) {
      // A task that ends while its file is read gives an error of its own.
      return Files.exists(TaskFiles.of(tgid, tid)) ? null : IoCounts.GONE;
    }
  }

  /**
   * For a moment only: the kernel takes mmap_lock to list the mappings, and a process that is stuck
   * may hold it. Until such a reading has ended nothing more is read. On a host that is busy an
   * answer comes late: then it serves later questions for that page.
   */
  @Override
  public FileArea area(int tgid, long address) {
    keepLate();
    Page page = new Page(tgid, address >>> 12);
    Known known = lates.get(page);
    if (known != null && System.nanoTime() - known.readNs() < BELIEVED_NS) {
      return known.area();
    }
    if (reading != null && !reading.isDone()) {
      return null;
    }
    reading = reader.submit(() -> readArea(tgid, address));
    try {
      return reading.get(READING_MS_MAX, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      return null;
    } catch (TimeoutException e) {
      late = page;
      return null;
    }
  }

  private void keepLate() {
    if (late == null || !reading.isDone()) {
      return;
    }
    try {
      FileArea area = reading.get();
      if (area != null) {
        if (lates.size() == LATES_MAX) {
          lates.clear();
        }
        lates.put(late, new Known(area, System.nanoTime()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      // As if the process were gone.
    }
    late = null;
  }

  private static FileArea readArea(int tgid, long address) {
    try (BufferedReader lines = Files.newBufferedReader(Path.of("/proc/" + tgid + "/maps"))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        // 7f0c2e000000-7f0c2e021000 rw-p 00000000 fe:01 805f  /path
        int dash = line.indexOf('-');
        int space = line.indexOf(' ', dash);
        long begin = Long.parseUnsignedLong(line, 0, dash, 16);
        long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
        if (Long.compareUnsigned(begin, address) <= 0 && Long.compareUnsigned(address, end) < 0) {
          String[] fields = line.split(" +", 6);
          int colon = fields[3].indexOf(':');
          int dev =
              Integer.parseInt(fields[3], 0, colon, 16) << 20
                  | Integer.parseInt(fields[3], colon + 1, fields[3].length(), 16);
          return new FileArea(dev, Long.parseLong(fields[4]));
        }
      }
    } catch (IOException e) {
      // The process is gone.
    }
    return null;
  }

  @Override
  public String path(int tgid, int dev, long ino) {
    int seen = 0;
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(Path.of("/proc/" + tgid + "/fd"))) {
      for (Path descriptor : descriptors) {
        if (++seen > DESCRIPTORS_MAX) {
          return null;
        }
        if (isFile(tgid, String.valueOf(descriptor.getFileName()), dev, ino)) {
          return Files.readSymbolicLink(descriptor).toString();
        }
      }
    } catch (IOException e) {
      // The process is gone, or closed the file.
    }
    return null;
  }

  /**
   * The way leads through fdinfo (inode, mount id) and mountinfo (device of the mount), which has
   * the superblock's device.
   */
  private boolean isFile(int tgid, String descriptor, int dev, long ino) {
    try {
      String mountId = "";
      boolean isInode = false;
      for (String line : Files.readAllLines(Path.of("/proc/" + tgid + "/fdinfo/" + descriptor))) {
        if (line.startsWith("mnt_id:")) {
          mountId = line.substring(7).trim();
        } else if (line.startsWith("ino:")) {
          isInode = Long.parseUnsignedLong(line.substring(4).trim()) == ino;
        }
      }
      return isInode && devOf(tgid, mountId) == dev;
    } catch (IOException | NumberFormatException e) {
      return false;
    }
  }

  private int devOf(int tgid, String mountId) throws IOException {
    if (!devByMountId.containsKey(mountId)) {
      Map<String, Integer> mounts = new HashMap<>();
      for (String line : Files.readAllLines(Path.of("/proc/" + tgid + "/mountinfo"))) {
        String[] fields = line.split(" ", 4);
        String[] dev = fields[2].split(":");
        mounts.put(fields[0], Integer.parseInt(dev[0]) << 20 | Integer.parseInt(dev[1]));
      }
      devByMountId = mounts;
    }
    return devByMountId.getOrDefault(mountId, 0);
  }

  /** On a thread of its own: on a host that is busy it takes seconds, in which the ring fills. */
  @Override
  public String[] symbols(long[] addresses) {
    if (symbols == null || (symbols.isDone() && !Arrays.equals(asked, addresses))) {
      long[] own = addresses.clone();
      asked = own;
      symbols = symbolReader.submit(() -> readSymbols(own));
    }
    if (!Arrays.equals(asked, addresses)) {
      return null;
    }
    try {
      String[] names = symbols.get(SYMBOLS_MS_MAX, TimeUnit.MILLISECONDS);
      symbols = null;
      return names;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      symbols = null;
      return new String[addresses.length];
    } catch (TimeoutException e) {
      return null;
    }
  }

  /**
   * One pass through the table, which is never kept: it has hundreds of thousands of lines. A line
   * that is no better costs no object but itself.
   */
  private static String[] readSymbols(long[] addresses) {
    // Kernel addresses are negative, and all of one sign: signed order is their order.
    long[] frames = Arrays.stream(addresses).filter(at -> at < 0).sorted().distinct().toArray();
    long[] begins = new long[frames.length];
    Arrays.fill(begins, Long.MIN_VALUE);
    String[] functions = new String[frames.length];
    try (BufferedReader lines = Files.newBufferedReader(KALLSYMS)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        long begin = Long.parseUnsignedLong(line, 0, space, 16);
        int first = Arrays.binarySearch(frames, begin);
        first = first < 0 ? -first - 1 : first;
        if (first == frames.length || begins[first] >= begin) {
          continue; // frames that are higher have a begin that is no lower
        }
        if ("tTwW".indexOf(line.charAt(space + 1)) < 0) {
          continue;
        }
        int module = line.indexOf('\t');
        String function = line.substring(space + 3, module < 0 ? line.length() : module);
        for (int i = first; i < frames.length && begins[i] < begin; i++) {
          begins[i] = begin;
          functions[i] = function;
        }
      }
    } catch (IOException e) {
      // Addresses stay addresses.
    }
    String[] names = new String[addresses.length];
    for (int i = 0; i < names.length; i++) {
      int at = Arrays.binarySearch(frames, addresses[i]);
      if (at >= 0 && functions[at] != null) {
        names[i] = functions[at] + "+0x" + Long.toHexString(addresses[i] - begins[at]);
      }
    }
    return names;
  }

  @Override
  public void close() {
    files.close();
    reader.shutdownNow();
    symbolReader.shutdownNow();
  }
}
