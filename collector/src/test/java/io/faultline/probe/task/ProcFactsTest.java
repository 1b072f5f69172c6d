package io.faultline.probe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** About this process, which it may ask without privileges. */
class ProcFactsTest {
  private static final int NOBODY = 0x3fffffff; // above the largest number of a process
  private static final int SELF = (int) ProcessHandle.current().pid();

  @TempDir private Path directory;
  private final ProcFacts facts = new ProcFacts();

  @AfterEach
  void close() {
    facts.close();
  }

  private static int devOf(Path file) throws Exception {
    long mount = 0;
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "r")) {
      for (Path descriptor : list(Path.of("/proc/self/fd"))) {
        if (Files.exists(descriptor)
            && Files.readSymbolicLink(descriptor).equals(file.toRealPath())) {
          mount = number("mnt_id:", Path.of("/proc/self/fdinfo/" + descriptor.getFileName()));
        }
      }
      assertThat(open.getFD().valid()).isTrue();
    }
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      String[] fields = line.split(" ", 4);
      if (Long.parseLong(fields[0]) == mount) {
        String[] dev = fields[2].split(":");
        return Integer.parseInt(dev[0]) << 20 | Integer.parseInt(dev[1]);
      }
    }
    throw new AssertionError(file + ": on no mount");
  }

  private static List<Path> list(Path folder) throws Exception {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static long number(String name, Path file) throws Exception {
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.substring(name.length()).trim()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldFindThePathOfAFileWhileItIsOpen() throws Exception {
    Path file = Files.writeString(directory.resolve("a file"), "text");
    int dev = devOf(file);
    long ino = (Long) Files.getAttribute(file, "unix:ino");
    assertThat(facts.path(SELF, dev, ino)).isNull();
    try (FileChannel open = FileChannel.open(file)) {
      assertThat(open.isOpen()).isTrue();
      assertThat(facts.path(SELF, dev, ino)).isEqualTo(file.toRealPath().toString());
      assertThat(facts.path(SELF, dev + 1, ino)).isNull();
    }
    assertThat(facts.path(NOBODY, dev, ino)).isNull();
  }

  @Test
  void shouldFindWhatIsMapped() throws Exception {
    String line =
        Files.readAllLines(Path.of("/proc/self/maps")).stream()
            .filter(mapping -> mapping.endsWith("libjvm.so"))
            .findFirst()
            .orElseThrow();
    long address = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
    String[] fields = line.split(" +");
    TaskFacts.FileArea area = null;
    long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (area == null && System.nanoTime() < untilNs) {
      area = facts.area(SELF, address); // on a busy machine an answer may come late
    }
    assertThat(area).isNotNull();
    assertThat(area.ino()).isEqualTo(Long.parseLong(fields[4]));
    assertThat(facts.area(NOBODY, address)).isNull();
  }

  @Test
  void shouldTellATaskThatIsGoneFromOneThatIsNot() {
    IoCounts io = facts.io(SELF, SELF);
    assertThat(io.readCalls()).isPositive();
    assertThat(io.readChars()).isPositive();
    assertThat(facts.io(NOBODY, NOBODY)).isEqualTo(IoCounts.GONE);
    assertThat(facts.stack(NOBODY, NOBODY)).isEmpty();
  }

  @Test
  void shouldReadCountersOnlyOfThatForm() {
    assertThat(
            IoCounts.of("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n"))
        .isEqualTo(new IoCounts(3, 4, 1, 2, 11));
    assertThat(IoCounts.of("")).isNull();
    assertThat(IoCounts.of("syscr: x\nsyscw: 4\n")).isNull();
  }

  /** Asks until it is known. */
  private String[] symbols(long... addresses) {
    long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    String[] names = null;
    while (names == null && System.nanoTime() < untilNs) {
      names = facts.symbols(addresses);
    }
    return names;
  }

  @Test
  void shouldNameNoAddressThatIsNotOfTheKernel() {
    assertThat(symbols(0, 1, Long.MAX_VALUE)).containsOnlyNulls().hasSize(3);
    assertThat(symbols()).isEmpty();
  }

  @Test
  void shouldNameAddressesOfTheKernel() throws Exception {
    long[] begins;
    try (var lines = Files.lines(Path.of("/proc/kallsyms"))) {
      begins =
          lines
              .filter(line -> line.matches("\\S+ [tT] (vfs_read|vfs_write)"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(0, 16), 16))
              .toArray();
    }
    assumeTrue(begins.length == 2 && begins[0] != 0, "addresses are for the privileged");
    assertThat(symbols(begins[0], begins[1] + 8, 1))
        .satisfiesExactly(
            name -> assertThat(name).matches("vfs_(read|write)\\+0x0"),
            name -> assertThat(name).matches("vfs_(read|write)\\+0x8"),
            name -> assertThat(name).isNull());
  }
}
