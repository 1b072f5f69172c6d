package io.faultline.kafka;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * A broker with a listener for TLS and one for SASL, where the users {@link #USERS} may do what
 * they are allowed to; its plain listener takes everybody for a superuser.
 */
public final class SecuredBroker implements AutoCloseable {
  /** Password of the users and of the store with the broker's certificate. */
  public static final String PASSWORD = "verysecret";

  private static final List<String> USERS = List.of("agent", "collector");

  private final Broker broker;
  private final Path certificates;

  private SecuredBroker(Broker broker, Path certificates) {
    this.broker = broker;
    this.certificates = certificates;
  }

  /** Starts one; {@code directory} must exist. */
  public static SecuredBroker start(Path directory) throws Exception {
    Path certificates = directory.resolve("broker.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "broker",
                "-keyalg",
                "EC",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "SAN=IP:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                certificates.toString(),
                "-storepass",
                PASSWORD)
            .inheritIO()
            .start();
    if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
      throw new AssertionError("keytool: no certificate");
    }
    Map<String, String> settings = new HashMap<>();
    settings.put("listener:TLS", "SSL");
    settings.put("listener.name.tls.ssl.keystore.location", certificates.toString());
    settings.put("listener.name.tls.ssl.keystore.password", PASSWORD);
    settings.put("listener:SASL", "SASL_PLAINTEXT");
    settings.put("listener.name.sasl.sasl.enabled.mechanisms", "PLAIN");
    StringBuilder users =
        new StringBuilder("org.apache.kafka.common.security.plain.PlainLoginModule required");
    USERS.forEach(user -> users.append(" user_" + user + "=\"" + PASSWORD + "\""));
    settings.put("listener.name.sasl.plain.sasl.jaas.config", users + ";");
    settings.put(
        "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    settings.put("super.users", "User:ANONYMOUS;User:CN=nobody");
    Broker broker = Broker.start(Files.createDirectory(directory.resolve("kafka")), settings);
    return new SecuredBroker(broker, certificates);
  }

  /** The broker itself. */
  public Broker broker() {
    return broker;
  }

  /** Properties of a client of the listener {@code TLS}. */
  public Map<String, String> tls(boolean isTrusting) {
    Map<String, String> properties = new HashMap<>();
    properties.put("security.protocol", "SSL");
    if (isTrusting) {
      properties.put("ssl.truststore.type", "PKCS12");
      properties.put("ssl.truststore.location", certificates.toString());
      properties.put("ssl.truststore.password", PASSWORD);
    }
    return properties;
  }

  /** Properties of a client of the listener {@code SASL}. */
  public static Map<String, String> user(String name, String password) {
    return Map.of(
        "security.protocol",
        "SASL_PLAINTEXT",
        "sasl.mechanism",
        "PLAIN",
        "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
            + name
            + "\" password=\""
            + password
            + "\";");
  }

  /** What a user may do with all whose names begin so, or with one. */
  public static List<AclBinding> acls(
      ResourceType type, String name, PatternType pattern, String user, AclOperation... may) {
    List<AclBinding> acls = new ArrayList<>();
    for (AclOperation one : may) {
      acls.add(
          new AclBinding(
              new ResourcePattern(type, name, pattern),
              new AccessControlEntry("User:" + user, "*", one, AclPermissionType.ALLOW)));
    }
    return acls;
  }

  /** Allows it; the broker knows when this returns. */
  public void allow(List<AclBinding> acls) throws Exception {
    try (Admin admin = broker.admin()) {
      admin.createAcls(acls).all().get(30, TimeUnit.SECONDS);
      await(admin, acls, true);
    }
  }

  /** Does not allow it any more; the broker knows when this returns. */
  public void forbid(List<AclBinding> acls) throws Exception {
    try (Admin admin = broker.admin()) {
      admin
          .deleteAcls(acls.stream().map(AclBinding::toFilter).toList())
          .all()
          .get(30, TimeUnit.SECONDS);
      await(admin, acls, false);
    }
  }

  /** The controller has answered before the broker has heard of it. */
  private static void await(Admin admin, List<AclBinding> acls, boolean isThere) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (true) {
      Collection<AclBinding> known =
          admin.describeAcls(AclBindingFilter.ANY).values().get(30, TimeUnit.SECONDS);
      if (acls.stream().allMatch(acl -> known.contains(acl) == isThere)) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("broker: it does not learn of " + acls);
      }
      Thread.sleep(10); // it tells nobody
    }
  }

  @Override
  public void close() throws Exception {
    broker.close();
  }
}
