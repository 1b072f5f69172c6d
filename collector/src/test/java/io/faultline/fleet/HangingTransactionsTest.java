package io.faultline.fleet;

import static org.apache.kafka.clients.admin.TransactionState.COMPLETE_ABORT;
import static org.apache.kafka.clients.admin.TransactionState.COMPLETE_COMMIT;
import static org.apache.kafka.clients.admin.TransactionState.EMPTY;
import static org.apache.kafka.clients.admin.TransactionState.ONGOING;
import static org.apache.kafka.clients.admin.TransactionState.PREPARE_ABORT;
import static org.apache.kafka.clients.admin.TransactionState.PREPARE_COMMIT;
import static org.apache.kafka.clients.admin.TransactionState.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.fleet.HangingTransactions.Open;
import io.faultline.fleet.HangingTransactions.Verdict;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class HangingTransactionsTest {
  private static final TopicPartition AT = new TopicPartition("fleet-hosts-changelog", 1);
  private static final Open OPEN = new Open(AT, 1, 12, 85);

  private static Verdict judge(TransactionState state, int epoch, TopicPartition... partitions) {
    return HangingTransactions.judge(
        OPEN,
        new TransactionDescription(
            1, state, 1, epoch, 10_000, OptionalLong.empty(), Set.of(partitions)),
        true);
  }

  @Test
  void shouldLeaveWhatIsGoingToBeEnded() {
    assertThat(judge(ONGOING, 12, AT)).isEqualTo(Verdict.ALIVE);
    assertThat(judge(ONGOING, 14, AT)).isEqualTo(Verdict.ALIVE);
    assertThat(judge(PREPARE_COMMIT, 13, AT)).isEqualTo(Verdict.ALIVE);
    assertThat(judge(PREPARE_ABORT, 13, AT)).isEqualTo(Verdict.ALIVE);
    assertThat(judge(UNKNOWN, 12)).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void shouldKnowWhatWasGivenUp() {
    assertThat(judge(COMPLETE_ABORT, 12)).isEqualTo(Verdict.ABORTED);
    assertThat(judge(COMPLETE_ABORT, 13)).isEqualTo(Verdict.ABORTED);
  }

  @Test
  void shouldKnowWhatWasCommitted() {
    assertThat(judge(COMPLETE_COMMIT, 13)).isEqualTo(Verdict.COMMITTED);
  }

  @Test
  void shouldDoubtWhatMayHaveBeenCommitted() {
    TransactionDescription next =
        new TransactionDescription(
            1, COMPLETE_COMMIT, 1, 13, 10_000, OptionalLong.empty(), Set.of());
    // Before KIP-890 the next epoch is that of a producer that began anew.
    assertThat(HangingTransactions.judge(OPEN, next, false)).isEqualTo(Verdict.IN_DOUBT);
    assertThat(judge(COMPLETE_COMMIT, 12)).isEqualTo(Verdict.IN_DOUBT); // not known to have it
    assertThat(judge(COMPLETE_COMMIT, 14)).isEqualTo(Verdict.IN_DOUBT); // that was a later one
    assertThat(judge(COMPLETE_ABORT, 14)).isEqualTo(Verdict.IN_DOUBT); // that was a later one
    assertThat(judge(ONGOING, 14, new TopicPartition(AT.topic(), 2))).isEqualTo(Verdict.IN_DOUBT);
    assertThat(judge(EMPTY, 14)).isEqualTo(Verdict.IN_DOUBT);
    assertThat(HangingTransactions.judge(OPEN, null, true)).isEqualTo(Verdict.IN_DOUBT);
  }
}
