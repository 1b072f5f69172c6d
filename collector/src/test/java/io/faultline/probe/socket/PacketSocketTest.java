package io.faultline.probe.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PacketSocketTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int open(String path, int flags);

    int close(int fd);
  }

  @TempDir private Path directory;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private PacketListener listen(Path path) throws IOException {
    return PacketListener.at(path, PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void shouldCarryPacketsWholeAndDescriptorsWithThem() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "what is read through it");
    Path path = directory.resolve("socket");
    try (PacketListener listener = listen(path);
        PacketSocket client = PacketSocket.connect(path, 100);
        PacketSocket server = listener.accept(100)) {
      assertThat(Files.getPosixFilePermissions(path))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
      assertThat(client.receive(Duration.ZERO)).isNull();
      client.send(bytes("one"));
      client.send(bytes("two"));
      assertThat(server.receive(PATIENCE).data()).isEqualTo(bytes("one"));
      assertThat(server.receive(PATIENCE).data()).isEqualTo(bytes("two"));
      int fd = Functions.C.open(file.toString(), 0);
      server.send(bytes("here"), fd, fd);
      Functions.C.close(fd);
      PacketSocket.Packet packet = client.receive(PATIENCE);
      assertThat(packet.data()).isEqualTo(bytes("here"));
      assertThat(packet.descriptors()).hasSize(2);
      for (int descriptor : packet.descriptors()) {
        assertThat(Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)))
            .isEqualTo(file.toRealPath());
      }
      packet.discard();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void shouldTakeNothingThatIsTooLargeAndSayWhenTheOtherIsGone() throws Exception {
    Path path = directory.resolve("socket");
    try (PacketListener listener = listen(path);
        PacketSocket client = PacketSocket.connect(path, 100);
        PacketSocket server = listener.accept(8)) {
      client.send(bytes("123456789"));
      assertThatThrownBy(() -> server.receive(PATIENCE)).hasMessageContaining("more than 8 bytes");
      server.close();
      assertThatThrownBy(() -> client.receive(PATIENCE)).hasMessageContaining("is gone");
    }
  }

  @Test
  void shouldTakeTheLastWordsOfWhoHangsUp() throws Exception {
    Path path = directory.resolve("socket");
    try (PacketListener listener = listen(path);
        PacketSocket client = PacketSocket.connect(path, 100);
        PacketSocket server = listener.accept(100)) {
      client.send(bytes("a question that is not read"));
      server.send(bytes("no"));
      server.close();
      assertThat(client.receive(PATIENCE).data()).isEqualTo(bytes("no"));
      assertThatThrownBy(() -> client.receive(PATIENCE)).hasMessageContaining("is gone");
    }
  }

  @Test
  void shouldNotTakeAPathFromAListenerThatLives() throws Exception {
    Path path = directory.resolve("socket");
    try (PacketListener listener = listen(path)) {
      assertThatThrownBy(() -> listen(path)).hasMessageContaining("somebody listens there");
      CompletableFuture<Throwable> ended =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  listener.accept(1).close(); // that of the second listener
                  listener.accept(1);
                  return null;
                } catch (IOException e) {
                  return e;
                }
              });
      listener.hangUp();
      assertThat(ended.get(30, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }
    Files.createFile(path); // as a listener leaves it that was killed: nobody is there
    assertThatThrownBy(() -> PacketSocket.connect(path, 1)).isInstanceOf(IOException.class);
    listen(path).close();
  }

  @Test
  void shouldNotListenWhereAnyoneMayWrite() throws Exception {
    Path open = Files.createDirectory(directory.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> listen(open.resolve("socket")))
        .hasMessageContaining("anyone may write");
  }

  @Test
  void shouldKeepNoDescriptors() throws Exception {
    Path path = directory.resolve("socket");
    long before = descriptors();
    for (int i = 0; i < 50; i++) {
      try (PacketListener listener = listen(path);
          PacketSocket client = PacketSocket.connect(path, 100);
          PacketSocket server = listener.accept(100)) {
        client.send(bytes("x"));
        server.receive(PATIENCE);
      }
    }
    assertThat(descriptors()).isLessThan(before + 20);
  }

  private static long descriptors() throws IOException {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }
}
