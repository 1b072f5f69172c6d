package io.faultline.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lines of /proc/vmstat as the kernel writes them, and when they do instead of a program. */
class UserFaultsTest {
  @TempDir private Path directory;
  private Path vmstat;

  @BeforeEach
  void kernelHasCounted() throws Exception {
    vmstat = directory.resolve("vmstat");
    handled(5_000);
  }

  private void handled(long faults) throws IOException {
    Files.writeString(
        vmstat, "nr_free_pages 77\npgdeactivate 3\npgfault " + faults + "\npgmajfault 12\n");
  }

  @Test
  void shouldCountFromTheBeginLessThoseInKernelMode() throws Exception {
    UserFaults faults = new UserFaults(vmstat);
    faults.resume(40);
    assertThat(faults.hits()).isZero();
    handled(6_000);
    faults.look(140);
    assertThat(faults.hits()).isEqualTo(900);
    assertThat(faults.skipped()).isZero();
  }

  @Test
  void shouldNeitherGoBackNorBelowZero() throws Exception {
    UserFaults faults = new UserFaults(vmstat);
    faults.resume(0);
    faults.look(10); // taken, and not handled yet
    assertThat(faults.hits()).isZero();
    handled(5_110);
    faults.look(10);
    assertThat(faults.hits()).isEqualTo(100);
    faults.look(30);
    assertThat(faults.hits()).isEqualTo(100);
    handled(5_140);
    faults.look(30);
    assertThat(faults.hits()).isEqualTo(110);
  }

  @Test
  void shouldTellWhatIsLeftOut() throws Exception {
    UserFaults faults = new UserFaults(vmstat);
    faults.resume(0);
    handled(5_010);
    faults.look(0);
    faults.skip(true);
    handled(5_030);
    faults.look(0);
    faults.skip(false);
    handled(5_035);
    faults.look(0);
    assertThat(faults.hits()).isEqualTo(35);
    assertThat(faults.skipped()).isEqualTo(20);
  }

  @Test
  void shouldLeaveOutTheTimeWithoutHooks() throws Exception {
    UserFaults faults = new UserFaults(vmstat);
    faults.resume(0);
    handled(5_010);
    faults.look(0);
    handled(8_000);
    faults.resume(7);
    handled(8_004);
    faults.look(8);
    assertThat(faults.hits()).isEqualTo(13);
  }

  @Test
  void shouldCountOnAfterAReadingThatFailed() throws Exception {
    UserFaults faults = new UserFaults(vmstat);
    faults.resume(0);
    Files.delete(vmstat);
    faults.look(0);
    assertThat(faults.hits()).isZero();
    handled(5_020);
    faults.look(0);
    assertThat(faults.hits()).isEqualTo(20);
  }

  @Test
  void shouldSayWhyThereIsNoCount() throws Exception {
    Files.writeString(vmstat, "nr_free_pages 77\npgfaults 3\n");
    assertThatThrownBy(() -> new UserFaults(vmstat))
        .hasMessage(vmstat + ": has no count of page faults (expected: pgfault)");
    Files.writeString(vmstat, "pgfault many\n");
    assertThatThrownBy(() -> new UserFaults(vmstat)).hasMessage(vmstat + ": pgfault is no number");
    Files.delete(vmstat);
    assertThatThrownBy(() -> new UserFaults(vmstat)).hasMessage(vmstat + ": is not there");
  }

  private static ProbeOptions options(boolean isFull, ProbeFilter filter) {
    return new ProbeOptions(
        Loader.CORE, ProbeOptions.RING_BYTES_DEFAULT, isFull, 1, 1, 1, filter, Set.of());
  }

  @Test
  void shouldDoWithoutAProgramOnlyForTotalsOfTheHost() {
    OptionalInt noInt = OptionalInt.empty();
    OptionalLong noLong = OptionalLong.empty();
    ProbeFilter ofDevice = new ProbeFilter(OptionalInt.of(8), noInt, "", noLong);
    ProbeFilter ofProcess = new ProbeFilter(noInt, OptionalInt.of(8), "", noLong);
    ProbeFilter ofName = new ProbeFilter(noInt, noInt, "java", noLong);
    ProbeFilter ofGroup = new ProbeFilter(noInt, noInt, "", OptionalLong.of(8));
    assertThat(UserFaults.suffice(hook -> true, options(false, ProbeFilter.NONE))).isTrue();
    assertThat(UserFaults.suffice(hook -> true, options(false, ofDevice))).isTrue();
    assertThat(UserFaults.suffice(hook -> true, options(true, ProbeFilter.NONE))).isFalse();
    assertThat(UserFaults.suffice(hook -> true, options(false, ofProcess))).isFalse();
    assertThat(UserFaults.suffice(hook -> true, options(false, ofName))).isFalse();
    assertThat(UserFaults.suffice(hook -> true, options(false, ofGroup))).isFalse();
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"PAGE_FAULT_USER", "PAGE_FAULT_KERNEL"})
  void shouldNotDoWhereAHookIsLeftOutOrNotOffered(Hook missing) {
    ProbeOptions options = options(false, ProbeFilter.NONE);
    assertThat(UserFaults.suffice(hook -> hook != missing, options)).isFalse();
  }

  @Test
  void shouldLeaveTheHookToNoLoader() {
    ProbeOptions options =
        new ProbeOptions(
            Loader.BCC,
            ProbeOptions.RING_BYTES_DEFAULT,
            false,
            1,
            1,
            1,
            ProbeFilter.NONE,
            Set.of(Hook.TASK_EXIT));
    LoadRequest request = LoadRequest.of(options).without(Hook.PAGE_FAULT_USER);
    assertThat(request.without()).containsExactlyInAnyOrder(Hook.TASK_EXIT, Hook.PAGE_FAULT_USER);
    assertThat(request.loader()).isEqualTo(Loader.BCC);
  }
}
