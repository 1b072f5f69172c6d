package io.faultline.cli;

import io.faultline.config.WebConfig;
import io.faultline.web.WebSettings;
import java.util.ArrayList;
import java.util.List;

/** From the configuration of a page to the settings of its server. */
final class PageSettings {
  private static final int CLIENTS_MAX = 256;

  private PageSettings() {}

  static WebSettings of(WebConfig config, String hostName) {
    List<String> names = new ArrayList<>(config.hosts());
    names.add(hostName);
    WebConfig.Tls tls = config.tls();
    return new WebSettings(
        config.host(),
        config.port(),
        config.token() == null ? "" : config.token().reveal(),
        names,
        CLIENTS_MAX,
        tls == null ? null : new WebSettings.Tls(tls.certificate(), tls.key(), tls.clientCa()));
  }
}
