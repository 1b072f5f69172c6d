package io.faultline.web;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/** The server's certificate, and which clients it takes, from PEM files. */
final class TlsContext {
  private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String END = "-----END PRIVATE KEY-----";
  private static final char[] IN_MEMORY = "faultline".toCharArray(); // of a store nobody else sees

  private TlsContext() {}

  /**
   * How connections are made.
   *
   * @throws IOException with a sentence that names the file that cannot be used
   */
  static HttpsConfigurator configurator(WebSettings.Tls tls) throws IOException {
    try {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      Certificate[] chain = certificates(tls.certificate()).toArray(new Certificate[0]);
      PrivateKey key = key(tls.key(), chain[0].getPublicKey().getAlgorithm());
      own.setKeyEntry("faultline", key, IN_MEMORY, chain);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, IN_MEMORY);
      TrustManagerFactory trusted = null;
      if (tls.clientCa() != null) {
        KeyStore authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        for (Certificate authority : certificates(tls.clientCa())) {
          authorities.setCertificateEntry("ca" + authorities.size(), authority);
        }
        trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(authorities);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys.getKeyManagers(), trusted == null ? null : trusted.getTrustManagers(), null);
      return new Configurator(context, tls.clientCa() != null);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "tls: " + e.getMessage() + " (expected: a certificate and the key that belongs to it)",
          e);
    }
  }

  private static final class Configurator extends HttpsConfigurator {
    private final boolean isClientKnown;

    Configurator(SSLContext context, boolean isClientKnown) {
      super(context);
      this.isClientKnown = isClientKnown;
    }

    @Override
    public void configure(HttpsParameters parameters) {
      SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
      ssl.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
      ssl.setNeedClientAuth(isClientKnown);
      parameters.setSSLParameters(ssl);
    }
  }

  private static Collection<? extends Certificate> certificates(Path file) throws IOException {
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
      if (!found.isEmpty()) {
        return found;
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("tls: " + file + ": no certificates (expected: PEM)", e);
    }
    throw new IOException("tls: " + file + ": no certificates (expected: PEM)");
  }

  /** The key is never part of a message. */
  private static PrivateKey key(Path file, String algorithm) throws IOException {
    String text = Files.readString(file, StandardCharsets.US_ASCII);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin >= 0 && end > begin) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        // said below
      }
    }
    throw new IOException(
        "tls: "
            + file
            + ": no key of the certificate (expected: PKCS 8 in PEM, unencrypted, which"
            + " 'openssl pkcs8 -topk8 -nodes' makes)");
  }
}
