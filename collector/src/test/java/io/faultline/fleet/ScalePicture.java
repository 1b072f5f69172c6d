package io.faultline.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Draws what was measured on 1 to {@value #PARTITIONS} partitions, as SVG: by the clock, and by the
 * collector's CPU time. A line goes through the medians of the rounds, dots are the rounds.
 */
final class ScalePicture {
  static final int PARTITIONS = 4;

  private static final int WIDTH = 760;
  private static final int HEIGHT = 390;
  private static final int PANEL = 290;
  private static final int LEFT = 60;
  private static final int TOP = 60;
  private static final int BOTTOM = 270;
  private static final String[] COLORS = {"#0b62a4", "#b4480f"};

  private final StringBuilder svg = new StringBuilder();
  private final int cores;
  private final double top;

  private ScalePicture(int cores, double top) {
    this.cores = cores;
    this.top = top;
  }

  /**
   * A picture as text.
   *
   * @param all by recording, of each number of partitions the rounds
   * @param cores of the machine
   */
  static String of(Map<String, List<List<BrokerLoad.Taken>>> all, int cores) {
    double most =
        all.values().stream()
            .flatMap(List::stream)
            .flatMap(List::stream)
            .mapToDouble(taken -> Math.max(taken.eventsPerCpu(), taken.eventsPerSecond()))
            .max()
            .orElse(1);
    double step = 200_000;
    ScalePicture picture = new ScalePicture(cores, Math.ceil(most / step) * step);
    picture.head();
    picture.panel("events/s by the clock", LEFT, true, step);
    picture.panel("events per second of CPU", LEFT + PANEL + 80, false, step);
    int number = 0;
    for (Map.Entry<String, List<List<BrokerLoad.Taken>>> of : all.entrySet()) {
      String color = COLORS[number % COLORS.length];
      picture.line(all, of.getKey(), BrokerLoad.Taken::eventsPerSecond, LEFT, color);
      picture.line(all, of.getKey(), BrokerLoad.Taken::eventsPerCpu, LEFT + PANEL + 80, color);
      double results =
          of.getValue().get(0).get(0).results() / (double) of.getValue().get(0).get(0).events();
      picture.legend(
          number,
          color,
          String.format(Locale.ROOT, "%s: %.3f results an event", of.getKey(), results));
      number++;
    }
    return picture.svg.append("</svg>\n").toString();
  }

  private void put(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void head() {
    put(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    put("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>", WIDTH, HEIGHT);
    put(
        "<text x=\"%d\" y=\"22\" font-size=\"15\">One collector, as many threads as partitions,"
            + " on %d cores that a broker shares</text>",
        LEFT, cores);
  }

  private static double x(int left, int partitions) {
    return left + PANEL * (partitions - 0.5) / PARTITIONS;
  }

  private double y(double rate) {
    return BOTTOM - (BOTTOM - TOP) * rate / top;
  }

  private void panel(String title, int left, boolean isOfClock, double step) {
    if (isOfClock && cores < PARTITIONS) {
      double from = (x(left, cores) + x(left, cores + 1)) / 2;
      put(
          "<rect x=\"%.0f\" y=\"%d\" width=\"%.0f\" height=\"%d\" fill=\"#eee\"/>",
          from, TOP, left + PANEL - from, BOTTOM - TOP);
      put(
          "<text x=\"%.0f\" y=\"%d\" fill=\"#666\" font-size=\"11\">more threads than cores</text>",
          from + 6, BOTTOM - 8);
    }
    put("<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>", left, TOP - 12, title);
    for (double rate = 0; rate <= top; rate += step) {
      put(
          "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>",
          left, left + PANEL, y(rate), y(rate));
      put(
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f k</text>",
          left - 6, y(rate) + 4, rate / 1000);
    }
    for (int partitions = 1; partitions <= PARTITIONS; partitions++) {
      put(
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
          x(left, partitions), BOTTOM + 18, partitions);
    }
    put(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">partitions</text>",
        left + PANEL / 2, BOTTOM + 36);
  }

  private static double median(
      List<BrokerLoad.Taken> rounds, ToDoubleFunction<BrokerLoad.Taken> rate) {
    double[] rates = rounds.stream().mapToDouble(rate).sorted().toArray();
    return (rates[(rates.length - 1) / 2] + rates[rates.length / 2]) / 2;
  }

  private void line(
      Map<String, List<List<BrokerLoad.Taken>>> all,
      String of,
      ToDoubleFunction<BrokerLoad.Taken> rate,
      int left,
      String color) {
    List<String> points = new ArrayList<>();
    for (int i = 0; i < all.get(of).size(); i++) {
      List<BrokerLoad.Taken> rounds = all.get(of).get(i);
      int at = i;
      double x = x(left, i + 1);
      double median = median(rounds, rate);
      double highest =
          all.values().stream()
              .mapToDouble(other -> median(other.get(at), rate))
              .max()
              .orElse(median);
      for (BrokerLoad.Taken each : rounds) {
        put(
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
            x, y(rate.applyAsDouble(each)), color);
      }
      points.add(String.format(Locale.ROOT, "%.1f,%.1f", x, y(median)));
      put(
          "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\" text-anchor=\"middle\" font-size=\"11\">%.0f"
              + "</text>",
          x, y(median) + (median < highest ? 20 : -12), color, median / 1000);
    }
    put(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>",
        String.join(" ", points), color);
  }

  private void legend(int number, String color, String text) {
    int y = BOTTOM + 70 + 20 * number;
    put(
        "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\"/>",
        LEFT, LEFT + 24, y - 4, y - 4, color);
    put("<text x=\"%d\" y=\"%d\">%s</text>", LEFT + 32, y, text);
  }
}
