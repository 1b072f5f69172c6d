package io.faultline.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.metric.MetricName.Measurement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LineProtocolTest {
  @Test
  void shouldKeepHostileTextInsideItsPlace() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("count", 3L);
    fields.put("ratio", 0.5);
    fields.put("complete", true);
    fields.put("path", "a \"b\\\nc");
    Point point =
        new Point(Measurement.FAULT, List.of("a,b=c d\\\n"), fields, 1_700_000_000_000_000_001L);
    assertThat(LineProtocol.lineOf(point))
        .isEqualTo(
            "faultline_fault,host=a\\,b\\=c\\ d/? count=3i,ratio=0.5,complete=true,path=\"a \\\"b\\\\?c\""
                + " 1700000000000000001");
  }
}
