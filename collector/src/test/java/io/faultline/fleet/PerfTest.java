package io.faultline.fleet;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Kafka's own kafka-producer-perf-test writes what a collector wrote, in transactions as a
 * collector does: once so that its code is compiled, then again, and the CPU time of that counts.
 * In a JVM as a collector has it; its classes are not on the class path of the tests.
 */
public final class PerfTest {
  private PerfTest() {}

  /**
   * Records a second of CPU time.
   *
   * @param values what is written, at random
   */
  static double recordsPerCpu(String bootstrap, List<byte[]> values, long records, Path directory)
      throws Exception {
    Path payloads = directory.resolve("payloads");
    Files.write(payloads, values.stream().map(String::new).toList());
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider",
                "-cp",
                System.getProperty("java.class.path")
                    + ":"
                    + System.getProperty("faultline.perf.classpath"),
                PerfTest.class.getName(),
                "--topic",
                "perf",
                "--num-records",
                Long.toString(records),
                "--throughput",
                "-1",
                "--payload-file",
                payloads.toString(),
                "--transaction-duration-ms",
                "1000",
                "--transactional-id",
                "perf",
                "--producer-props",
                "bootstrap.servers=" + bootstrap,
                "acks=all",
                "compression.type=lz4",
                "linger.ms=20",
                "batch.size=131072"));
    Path log = directory.resolve("perf.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    String said = "";
    if (process.waitFor() == 0) {
      List<String> lines = Files.readAllLines(log);
      said = lines.get(lines.size() - 1);
    }
    if (!said.startsWith("cpu_ns ")) {
      throw new AssertionError("ProducerPerformance: " + Files.readString(log));
    }
    return records * 1e9 / Long.parseLong(said.substring("cpu_ns ".length()));
  }

  /** Runs in the process of its own. */
  public static void main(String[] args) throws Exception {
    var perf =
        Class.forName("org.apache.kafka.tools.ProducerPerformance")
            .getMethod("main", String[].class);
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    perf.invoke(null, (Object) args);
    long before = system.getProcessCpuTime();
    perf.invoke(null, (Object) args);
    System.out.println("cpu_ns " + (system.getProcessCpuTime() - before));
  }
}
