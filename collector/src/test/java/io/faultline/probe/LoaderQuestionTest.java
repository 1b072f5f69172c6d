package io.faultline.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.probe.LoaderQuestion.Verb;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoaderQuestionTest {
  private static final String CONFIG = "00".repeat(StateLayout.CONFIG_BYTES);

  private static LoaderQuestion of(String text) {
    return LoaderQuestion.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void shouldReadWhatItWrites() {
    LoaderQuestion question =
        LoaderQuestion.of(LoaderQuestion.bytesOf(7, Verb.PATH, 12, "4294967295", 345L));
    assertThat(question.number()).isEqualTo(7);
    assertThat(question.verb()).isEqualTo(Verb.PATH);
    assertThat(question.words()).containsExactly("12", "4294967295", "345");
    assertThat(question.number(1)).isEqualTo(-1);
    assertThat(of("1 attach core 4096 " + CONFIG + " -").verb()).isEqualTo(Verb.ATTACH);
    assertThat(of("2 renew core 4096 " + CONFIG + " fault_in events,.bss").words()).hasSize(5);
    assertThat(of("3 detach").words()).isEmpty();
    assertThat(of("4 symbols ffffffff81000000,1").words()).containsExactly("ffffffff81000000,1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "stack 1 1",
        "1 stack",
        "1 stack 1",
        "1 stack 1 1 1",
        "1 stack 0 1",
        "1 stack -1 1",
        "1 stack 1 1\n",
        "1  stack 1 1",
        "1 stack 1 ../../etc/shadow",
        "1 stack self 1",
        "1 STACK 1 1",
        "1 io 12345678901 1",
        "1 area 1 0x10",
        "1 area 1 12345678901234567",
        "1 path 1 1",
        "1 symbols ",
        "1 symbols 1,,2",
        "1 module ../gfs2",
        "1 attach gcc 4096 00 -",
        "1 attach core 4096 00 -",
        "1 exec true",
        "9999999999999999999 detach",
      })
  void shouldRefuseEverythingElse(String text) {
    assertThatThrownBy(() -> of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("question: ")
        .hasMessageContaining("(expected: ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void shouldRefuseTooManyAddresses() {
    assertThat(of("1 symbols 1" + ",1".repeat(255)).verb()).isEqualTo(Verb.SYMBOLS);
    assertThatThrownBy(() -> of("1 symbols 1" + ",1".repeat(256)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldRefuseOrReadAnyBytes() {
    Random random = new Random(0x5eed);
    byte[] good = LoaderQuestion.bytesOf(1, Verb.AREA, 4321, "7f0c2e000000");
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = good.clone();
      for (int i = 0; i < 1 + round % 3; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        LoaderQuestion question = LoaderQuestion.of(bytes);
        assertThat(question.words()).allMatch(word -> word.matches("[0-9a-f]+"));
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e.getMessage()).matches("[ -~]+");
      }
    }
    assertThat(refused).isBetween(10_000, 19_999);
  }

  @Test
  void shouldRefuseNumbersThatDoNotFit() {
    LoaderQuestion question = of("1 path 9999999999 1 1");
    assertThatThrownBy(() -> question.number(0)).hasMessageContaining("32 bits");
  }

  @Test
  void shouldReadAnswersOnlyOfThatForm() {
    LoaderAnswer answer = new LoaderAnswer(12, LoaderAnswer.Status.OK, "a\nb");
    assertThat(LoaderAnswer.of(answer.bytes())).isEqualTo(answer);
    assertThat(LoaderAnswer.of("12 fine\n".getBytes(StandardCharsets.UTF_8))).isNull();
    assertThat(LoaderAnswer.of(new byte[0])).isNull();
  }

  @Test
  void shouldGiveOutNoMoreThanIsAllowedInASecond() {
    Allowance allowance = new Allowance(100);
    assertThat(allowance.take(60, 5)).isTrue();
    assertThat(allowance.take(60, 6)).isFalse();
    assertThat(allowance.take(40, 7)).isTrue();
    assertThat(allowance.take(1, 999_999_999)).isFalse();
    assertThat(allowance.take(100, 1_000_000_005)).isTrue();
  }
}
