package io.faultline.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines of fdinfo as the kernel writes them. */
class ProbeTimeTest {
  @TempDir Path descriptors;

  @Test
  void shouldAddUpEachProgramOnce() throws Exception {
    write("3", "pos:\t0\nflags:\t02000002\n");
    write("4", program(17, 1200));
    write("5", program(17, 1200)); // the same program, another descriptor
    write("6", program(18, 300));
    write("7", "link_type:\traw_tracepoint\nlink_id:\t4\nprog_tag:\t0f\nprog_id:\t19\n");
    assertThat(ProbeTime.sum(descriptors)).hasValue(1500);
  }

  @Test
  void shouldNotKnowWithoutPrograms() throws Exception {
    write("3", "pos:\t0\n");
    assertThat(ProbeTime.sum(descriptors)).isEmpty();
  }

  private void write(String descriptor, String lines) throws Exception {
    Files.writeString(descriptors.resolve(descriptor), lines);
  }

  private static String program(int id, long runNs) {
    return "pos:\t0\nprog_type:\t17\nprog_tag:\tab\nmemlock:\t4096\nprog_id:\t%d\nrun_time_ns:\t%d\nrun_cnt:\t9\n"
        .formatted(id, runNs);
  }
}
