package io.faultline.source.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.TaskLook;
import io.faultline.probe.task.IoCounts;
import io.faultline.probe.task.TaskFacts;
import io.faultline.probe.task.TaskFiles;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real tasks in uninterruptible sleep: parents of vfork(2), with stacks of our choice. */
class TaskWatchTest {
  private static final String PROGRAM =
      """
      #include <pthread.h>
      #include <unistd.h>
      static void *wait_for_child(void *unused)
      {
        if (!vfork())
          for (;;)
            pause();
        return unused;
      }
      int main(void)
      {
        pthread_t thread;
        pthread_create(&thread, 0, wait_for_child, 0);
        pthread_create(&thread, 0, wait_for_child, 0);
        pthread_join(thread, 0);
      }
      """;

  @TempDir private Path temp;
  private Process process;
  private List<Integer> blocked;

  @BeforeEach
  void start() throws Exception {
    Path source = Files.writeString(temp.resolve("blocked.c"), PROGRAM);
    Path program = temp.resolve("blocked");
    Process compiler =
        new ProcessBuilder("gcc", "-w", "-pthread", "-o", program.toString(), source.toString())
            .inheritIO()
            .start();
    assertThat(compiler.waitFor()).isZero();
    process = new ProcessBuilder(program.toString()).start();
    do {
      blocked = blockedTasks();
      Thread.onSpinWait();
    } while (blocked.size() < 2);
  }

  @AfterEach
  void stop() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private List<Integer> blockedTasks() throws IOException {
    try (var tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      return tasks
          .filter(TaskWatchTest::isBlocked)
          .map(task -> Integer.parseInt(task.getFileName().toString()))
          .sorted()
          .toList();
    }
  }

  private static boolean isBlocked(Path task) {
    try {
      return Files.readString(task.resolve("stat")).contains(") D ");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void shouldFindWhoHasMmapLockAmongTheBlockedTasksOfAProcess() {
    int tid = blocked.get(1);
    TaskWatch watch = watchWhere(tid);
    int tgid = (int) process.pid();
    List<TaskWatch.Seen> found = watch.inMmap(tgid, any -> true);
    assertThat(found).extracting(TaskWatch.Seen::tid).containsExactly(tid);
    assertThat(found.get(0).flags()).isEqualTo(TaskLook.IN_MMAP);
    assertThat(watch.inMmap(tgid, sought -> sought != tid)).isEmpty();
    int main = tgid; // sleeps too, but not uninterruptibly
    assertThat(watchWhere(main).inMmap(tgid, any -> true)).isEmpty();
    assertThat(watch.inMmap(Integer.MAX_VALUE, any -> true)).as("no such process").isEmpty();
  }

  /** Of the stacks, that of one task shows mmap. */
  private static TaskWatch watchWhere(int tidInMmap) {
    TaskWatch watch =
        new TaskWatch(
            new TaskFacts() {
              @Override
              public String stack(int tgid, int tid) {
                return "[<0>] " + (tid == tidInMmap ? "do_mmap" : "do_wait") + "+0x1/0x2";
              }

              @Override
              public IoCounts io(int tgid, int tid) {
                return IoCounts.GONE;
              }

              @Override
              public FileArea area(int tgid, long address) {
                return null;
              }

              @Override
              public String path(int tgid, int dev, long ino) {
                return null;
              }

              @Override
              public String[] symbols(long[] addresses) {
                return new String[addresses.length];
              }
            },
            new TaskFiles());
    watch.use(
        new StreamConsumer() {
          @Override
          public void onEvent(ByteBuffer buffer, int offset) {}

          @Override
          public void onPath(int dev, long ino, String path) {}
        });
    return watch;
  }
}
