package io.faultline.match;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileSystemsTest {
  @ParameterizedTest
  @CsvSource({
    "9123683E, btrfs",
    "01161970, gfs2",
    "58465342, xfs",
    "EF53, ext4",
    "CA451A4E, bcachefs",
    "F2F52010, f2fs",
    "5A4F4653, zonefs",
    "6969, nfs",
    "65735546, fuse",
    "794C7630, overlay",
    "01021994, tmpfs",
    "DEADBEEF, 0xdeadbeef",
  })
  void shouldNameFileSystems(String magic, String name) {
    assertThat(FileSystems.nameOf(Integer.parseUnsignedInt(magic, 16))).isEqualTo(name);
  }

  @Test
  void shouldSplitDeviceNumbers() {
    assertThat(FileSystems.devOf(8 << 20 | 17)).isEqualTo("8:17");
    assertThat(FileSystems.devOf(0xfff << 20 | 0xfffff)).isEqualTo("4095:1048575");
  }

  @Test
  void shouldReadDeviceNumbers() {
    assertThat(FileSystems.parseDev("8:17")).hasValue(8 << 20 | 17);
    assertThat(FileSystems.parseDev("0:41")).hasValue(41);
    assertThat(FileSystems.parseDev("sda")).isEmpty();
  }
}
