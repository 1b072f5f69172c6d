package io.faultline.sink.influx;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Credentials;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * What requests of both clients have in common: the secret, the certificates, and that every answer
 * but an acknowledgement is a {@link WriteFailure}.
 */
final class Http implements Interceptor {
  private static final Duration RETRY_AFTER_MAX = Duration.ofMinutes(5);
  private static final int MESSAGE_LETTERS_MAX = 300;
  private static final int BODY_BYTES_MAX = 16_384;

  private final InfluxSettings settings;
  private final Secret secret;

  private Http(InfluxSettings settings) {
    this.settings = settings;
    secret = new Secret(settings.secretFile());
  }

  /**
   * A builder for a client of its own.
   *
   * @throws IOException when the certificates cannot be read
   */
  static OkHttpClient.Builder client(InfluxSettings settings) throws IOException {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .connectTimeout(settings.timeout())
            .readTimeout(settings.timeout())
            .writeTimeout(settings.timeout())
            .callTimeout(settings.timeout())
            .addInterceptor(new Http(settings));
    if (settings.caFile() != null) {
      trust(builder, settings);
    }
    return builder;
  }

  private static void trust(OkHttpClient.Builder builder, InfluxSettings settings)
      throws IOException {
    try (InputStream in = Files.newInputStream(settings.caFile())) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + store.size(), each);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      TrustManager first = factory.getTrustManagers()[0];
      builder.sslSocketFactory(context.getSocketFactory(), (X509TrustManager) first);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "influx certificates: "
              + settings.caFile()
              + ": "
              + e.getMessage()
              + " (expected: certificates as PEM)",
          e);
    }
  }

  /** The version that the server says it has, or {@code null}. */
  static String version(InfluxSettings settings) throws IOException {
    OkHttpClient client = client(settings).build();
    Request request = new Request.Builder().url(settings.url().resolve("/ping").toString()).build();
    try (Response response = client.newCall(request).execute()) {
      return response.header("X-Influxdb-Version");
    } finally {
      client.connectionPool().evictAll();
    }
  }

  @Override
  public Response intercept(Chain chain) throws IOException {
    Request.Builder request = chain.request().newBuilder();
    String value = secret.read();
    if (!settings.user().isEmpty()) {
      request.header("Authorization", Credentials.basic(settings.user(), value));
    } else if (!value.isEmpty()) {
      request.header("Authorization", "Token " + value);
    }
    Response response = chain.proceed(request.build());
    if (!chain.request().url().encodedPath().endsWith("/write")) {
      return response;
    }
    String body = response.peekBody(BODY_BYTES_MAX).string();
    // 200 says that the request was understood, not that it was done.
    if (response.isSuccessful() && !body.contains("\"error\"")) {
      return response;
    }
    response.close();
    throw new WriteFailure(
        response.code(),
        retryAfter(response.header("Retry-After")),
        response.code() + " " + oneLine(body.isEmpty() ? response.message() : body));
  }

  private static String oneLine(String text) {
    String line = text.replaceAll("\\s+", " ").strip();
    return line.substring(0, Math.min(line.length(), MESSAGE_LETTERS_MAX));
  }

  /** Seconds only: databases give no dates. */
  private static Duration retryAfter(String header) {
    if (header == null || !header.matches("\\d{1,9}")) {
      return null;
    }
    Duration wanted = Duration.ofSeconds(Long.parseLong(header));
    return wanted.compareTo(RETRY_AFTER_MAX) < 0 ? wanted : RETRY_AFTER_MAX;
  }
}
