package io.faultline.metric;

import io.faultline.metric.MetricName.Kind;
import io.faultline.metric.MetricName.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The totals of all series as a page for Prometheus, in base units. */
public final class PrometheusText {
  /** How the page is written; Prometheus asks for one in the header {@code Accept}. */
  public enum Format {
    /** The text format, version 0.0.4. */
    TEXT("text/plain; version=0.0.4; charset=utf-8"),
    /** OpenMetrics 1.0. */
    OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

    /** The header {@code Content-Type}. */
    public final String contentType;

    Format(String contentType) {
      this.contentType = contentType;
    }

    /** The format for that header {@code Accept}, which may be {@code null}. */
    public static Format of(String accept) {
      return accept != null && accept.contains("application/openmetrics-text")
          ? OPEN_METRICS
          : TEXT;
    }
  }

  private static final double NS_PER_SECOND = 1e9;
  private static final String TOTAL = "_total";

  /** Bounds from 1 us to 69 s: what is shorter or longer is in the outer buckets. */
  private static final int FIRST_BUCKET = 9;

  private static final int LAST_BUCKET = 35;

  private final Format format;
  private final StringBuilder page = new StringBuilder(16_384);

  private PrometheusText(Format format) {
    this.format = format;
  }

  /** The page. */
  public static String of(MetricsSnapshot snapshot, Format format) {
    PrometheusText text = new PrometheusText(format);
    for (MetricName name : MetricName.values()) {
      if (!name.prometheusName().isEmpty() && name.kind() != Kind.SUM) {
        text.appendFamily(name, snapshot.totals());
      }
    }
    if (format == Format.OPEN_METRICS) {
      text.page.append("# EOF\n");
    }
    return text.page.toString();
  }

  private void appendFamily(MetricName name, List<SeriesTotals> all) {
    List<SeriesTotals> ofFamily = new ArrayList<>();
    for (SeriesTotals series : all) {
      boolean hasValue =
          name.kind() == Kind.HISTOGRAM
              ? !series.buckets().isEmpty()
              : series.values().containsKey(name);
      if (series.measurement() == name.measurement() && hasValue) {
        ofFamily.add(series);
      }
    }
    if (ofFamily.isEmpty()) {
      return;
    }
    appendHead(name);
    for (SeriesTotals series : ofFamily) {
      String labels = labelsOf(series);
      if (name.kind() == Kind.HISTOGRAM) {
        appendHistogram(name, series, labels);
      } else {
        appendSample(
            name.prometheusName(), "{" + labels + "}", valueOf(name, series.values().get(name)));
      }
    }
  }

  private void appendHead(MetricName name) {
    String family = name.prometheusName();
    if (format == Format.OPEN_METRICS && family.endsWith(TOTAL)) {
      family = family.substring(0, family.length() - TOTAL.length());
    }
    String type =
        switch (name.kind()) {
          case COUNTER -> "counter";
          case HISTOGRAM -> "histogram";
          default -> "gauge";
        };
    String help = name.sentence();
    if (format == Format.OPEN_METRICS) {
      help = help.replace("\"", "\\\"");
    }
    page.append("# HELP ").append(family).append(' ').append(help).append('\n');
    page.append("# TYPE ").append(family).append(' ').append(type).append('\n');
  }

  private void appendHistogram(MetricName name, SeriesTotals series, String labels) {
    String family = name.prometheusName();
    long count = 0;
    for (int bucket = 0; bucket < series.buckets().size(); bucket++) {
      count += series.buckets().get(bucket);
      if (bucket >= FIRST_BUCKET && bucket <= LAST_BUCKET) {
        String bound = number((1L << (bucket + 1)) / NS_PER_SECOND);
        appendSample(family + "_bucket", "{" + labels + ",le=\"" + bound + "\"}", count + "");
      }
    }
    appendSample(family + "_bucket", "{" + labels + ",le=\"+Inf\"}", count + "");
    for (MetricName sum : MetricName.values()) {
      if (sum.kind() == Kind.SUM && sum.prometheusName().equals(family)) {
        Number total = series.values().getOrDefault(sum, 0L);
        appendSample(family + "_sum", "{" + labels + "}", valueOf(sum, total));
      }
    }
    appendSample(family + "_count", "{" + labels + "}", count + "");
  }

  private void appendSample(String name, String labels, String value) {
    page.append(name).append(labels).append(' ').append(value).append('\n');
  }

  private static String labelsOf(SeriesTotals series) {
    StringBuilder labels = new StringBuilder();
    List<String> names = series.measurement().tags();
    for (int i = 0; i < names.size(); i++) {
      labels.append(i == 0 ? "" : ",").append(names.get(i)).append("=\"");
      labels.append(
          series.tags().get(i).replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
      labels.append('"');
    }
    return labels.toString();
  }

  private static String valueOf(MetricName name, Number value) {
    if (name.unit() == Unit.NANOSECONDS) {
      return number(value.doubleValue() / NS_PER_SECOND);
    }
    return value instanceof Long ? value.toString() : number(value.doubleValue());
  }

  /** Without trailing zeros; an exponent as Go and Prometheus write it. */
  private static String number(double value) {
    String text = Double.toString(value).toLowerCase(Locale.ROOT);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
