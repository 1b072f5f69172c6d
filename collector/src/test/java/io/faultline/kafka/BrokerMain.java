package io.faultline.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Formats the directory when that was not done yet, and runs a broker: the whole of Kafka. */
public final class BrokerMain {
  private BrokerMain() {}

  /** Arguments: the broker's properties file, and the identifier of its cluster. */
  public static void main(String[] args) throws IOException {
    Properties properties = new Properties();
    try (var in = Files.newInputStream(Path.of(args[0]))) {
      properties.load(in);
    }
    Path data = Path.of(properties.getProperty("log.dirs"));
    if (!Files.exists(data.resolve("meta.properties"))) {
      String[] format = {"format", "-t", args[1], "-c", args[0], "--ignore-formatted"};
      int status = kafka.tools.StorageTool.execute(format, System.out);
      if (status != 0) {
        System.exit(status);
      }
    }
    kafka.Kafka.main(new String[] {args[0]});
  }
}
