package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS with certificates that keytool made. */
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir private static Path directory;

  @BeforeAll
  static void makeCertificates() throws Exception {
    for (String name : List.of("ca", "otherca")) {
      keytool(name, "-genkeypair", "-keyalg", "EC", "-dname", "CN=" + name, "-ext", "bc:c");
      write(name);
    }
    issue("server", "ca", "EC", "-ext", "san=ip:127.0.0.1");
    issue("client", "ca", "EC");
    issue("stranger", "otherca", "EC");
  }

  private static Path store(String name) {
    return directory.resolve(name + ".p12");
  }

  private static void keytool(String name, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
    command.addAll(List.of(arguments));
    command.add("-J-XX:TieredStopAtLevel=1"); // it starts often, and does little
    command.addAll(
        List.of("-keystore", store(name).toString(), "-storepass", PASSWORD, "-alias", name));
    Path said = directory.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(said)).isZero();
  }

  private static KeyStore load(String name) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(Files.readAllBytes(store(name))), PASSWORD.toCharArray());
    return store;
  }

  private static void write(String name) throws Exception {
    KeyStore store = load(name);
    Files.writeString(
        directory.resolve(name + ".crt"),
        pem("CERTIFICATE", store.getCertificate(name).getEncoded()));
    Files.writeString(
        directory.resolve(name + ".key"),
        pem("PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
  }

  private static String pem(String kind, byte[] der) {
    String text =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  private static void issue(String name, String by, String algorithm, String... more)
      throws Exception {
    keytool(name, "-genkeypair", "-keyalg", algorithm, "-dname", "CN=" + name);
    Path request = directory.resolve(name + ".csr");
    keytool(name, "-certreq", "-file", request.toString());
    Path issued = directory.resolve(name + ".crt");
    List<String> sign =
        new ArrayList<>(
            List.of(
                "-gencert", "-rfc", "-infile", request.toString(), "-outfile", issued.toString()));
    sign.addAll(List.of(more));
    keytool(by, sign.toArray(String[]::new));
    KeyStore store = load(name);
    Files.writeString(
        directory.resolve(name + ".key"),
        pem("PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
  }

  private static WebSettings settings(String clientCa, String token) {
    return new WebSettings(
        "127.0.0.1",
        0,
        token,
        List.of(),
        4,
        new WebSettings.Tls(
            directory.resolve("server.crt"),
            directory.resolve("server.key"),
            clientCa == null ? null : directory.resolve(clientCa + ".crt")));
  }

  /** A client that trusts our authority and shows a certificate, or none. */
  private static HttpClient client(String name) throws Exception {
    CertificateFactory certificates = CertificateFactory.getInstance("X.509");
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "ca",
        certificates.generateCertificate(
            new ByteArrayInputStream(Files.readAllBytes(directory.resolve("ca.crt")))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = null;
    if (name != null) {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      var shown =
          certificates.generateCertificate(
              new ByteArrayInputStream(Files.readAllBytes(directory.resolve(name + ".crt"))));
      own.setKeyEntry(
          name,
          load(name).getKey(name, PASSWORD.toCharArray()),
          PASSWORD.toCharArray(),
          new Certificate[] {shown});
      keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, PASSWORD.toCharArray());
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static HttpResponse<String> get(HttpClient client, WebServer server, String path)
      throws Exception {
    URI uri = URI.create(server.page()).resolve(path);
    return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void shouldKnowItsClientsByTheirCertificates() throws Exception {
    HostsContent content = new HostsContent("here", null);
    try (WebServer server = WebServer.start(content, settings("ca", ""))) {
      assertThat(server.page()).startsWith("https://127.0.0.1:");
      HttpResponse<String> answer = get(client("client"), server, "/api/v1/hosts");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> get(client(null), server, "/api/v1/hosts"))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> get(client("stranger"), server, "/api/v1/hosts"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void shouldStreamOverTls() throws Exception {
    HostsContent content = new HostsContent("here", null);
    try (WebServer server = WebServer.start(content, settings("ca", ""))) {
      URI uri = URI.create(server.page()).resolve("/api/v1/stream");
      HttpResponse<Stream<String>> answer =
          client("client")
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofLines());
      try (Stream<String> lines = answer.body()) {
        assertThat(lines.filter(line -> line.startsWith("data: ")).findFirst()).isPresent();
      }
    }
  }

  @Test
  void shouldWantTheTokenOverTlsAsWell() throws Exception {
    try (WebServer server =
        WebServer.start(new HostsContent("here", null), settings(null, "secret"))) {
      assertThat(get(client(null), server, "/api/v1/hosts").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void shouldListenEverywhereWhenClientsAreKnown() throws Exception {
    WebSettings.Tls tls = settings("ca", "").tls();
    WebSettings anywhere = new WebSettings("0.0.0.0", 0, "", List.of(), 4, tls);
    try (WebServer server = WebServer.start(new HostsContent("here", null), anywhere)) {
      assertThat(server.address().getPort()).isPositive();
    }
    WebSettings unknown =
        new WebSettings(
            "0.0.0.0",
            0,
            "",
            List.of(),
            4,
            new WebSettings.Tls(tls.certificate(), tls.key(), null));
    assertThatThrownBy(() -> WebServer.start(new HostsContent("here", null), unknown))
        .hasMessageContaining("a token, or tls with client_ca");
  }

  @Test
  void shouldNameTheFileThatIsWrong() throws Exception {
    Path empty = Files.writeString(directory.resolve("empty.pem"), "nothing\n");
    WebSettings.Tls tls = settings("ca", "").tls();
    for (WebSettings.Tls wrong :
        List.of(
            new WebSettings.Tls(empty, tls.key(), null),
            new WebSettings.Tls(tls.certificate(), empty, null),
            new WebSettings.Tls(tls.certificate(), tls.key(), empty))) {
      assertThatThrownBy(
              () ->
                  WebServer.start(
                      new HostsContent("here", null),
                      new WebSettings("127.0.0.1", 0, "", List.of(), 4, wrong)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("empty.pem: no ");
    }
  }
}
