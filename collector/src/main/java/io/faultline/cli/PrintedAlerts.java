package io.faultline.cli;

import io.faultline.alert.Notice;
import io.faultline.alert.NoticeJson;
import io.faultline.report.ReportText;
import io.faultline.sink.Delivery;
import io.faultline.sink.DeliveryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/**
 * Prints alerts.
 *
 * @param isJson an object a line, instead of lines with evidence
 */
record PrintedAlerts(PrintWriter out, boolean isJson) implements Delivery {
  @Override
  public String name() {
    return "standard output";
  }

  @Override
  public void deliver(List<Notice> notices) throws DeliveryException {
    for (Notice notice : notices) {
      try {
        if (isJson) {
          out.println(NoticeJson.line(notice));
        } else {
          ReportText.printAlert(notice, out);
        }
      } catch (IOException e) {
        throw DeliveryException.refused(e.getMessage());
      }
    }
    if (out.checkError()) {
      throw DeliveryException.refused("cannot be written");
    }
  }

  @Override
  public void close() {
    out.flush();
  }
}
