package io.faultline.bundle;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A configuration file (YAML, TOML, properties) without what must not leave the host. Line by line,
 * since a file that is wrong must get into the bundle as well; what is in doubt is removed.
 */
public final class ConfigText {
  private static final String REMOVED = "<removed>";
  private static final String SECRET =
      "[\\w.-]*(?:pass|secret|token|key|credential|auth|jaas|cookie|private|salt)[\\w.-]*";

  /** {@code password: x}, also quoted, also in a list. */
  private static final Pattern SECRET_LINE =
      Pattern.compile(
          "^(\\s*(?:-\\s*)?[\"']?" + SECRET + "[\"']?\\s*[:=]).*$", Pattern.CASE_INSENSITIVE);

  /** The same within a line, such as {@code {user: a, password: b}}. */
  private static final Pattern SECRET_INSIDE =
      Pattern.compile(
          "([\\[{,;&?\\s][\"']?"
              + SECRET
              + "[\"']?\\s*[:=]\\s*)(\"[^\"]*\"?|'[^']*'?|[^,}\\]\\s]+)",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern USER_OF_URL = Pattern.compile("://[^/\\s\"'@]*@");
  private static final Pattern BEARER =
      Pattern.compile("\\b(Bearer|Basic|Token)\\s+\\S+", Pattern.CASE_INSENSITIVE);
  private static final Pattern PEM_BEGIN = Pattern.compile("-----BEGIN [^-]*-----");
  private static final Pattern PEM_END = Pattern.compile("-----END [^-]*-----");

  private static final Pattern SETTING =
      Pattern.compile("^(\\s*(?:-\\s*)?[\\w.\"'-]+\\s*[:=]\\s*)(.*)$");
  private static final Pattern ITEM = Pattern.compile("^(\\s*-\\s+)(.*)$");
  private static final Pattern SECTION = Pattern.compile("^\\s*\\[+[\\w.\"'-]+\\]+\\s*$");
  private static final Pattern PLAIN =
      Pattern.compile("(?:true|false|null|[-+]?[0-9][0-9._]*\\s?[a-zA-Z%]{0,3})?");

  private ConfigText() {}

  /** Without passwords, tokens, keys, and users in addresses; everything else stays. */
  public static String withoutSecrets(String text) {
    List<String> lines = new ArrayList<>();
    int blockIndent = -1; // of the secret whose further lines are left out
    boolean isPem = false;
    for (String line : text.lines().toList()) {
      if (isPem) {
        isPem = !PEM_END.matcher(line).find();
        continue;
      }
      if (blockIndent >= 0 && (line.isBlank() || indentOf(line) > blockIndent)) {
        continue;
      }
      blockIndent = -1;
      if (PEM_BEGIN.matcher(line).find()) {
        isPem = !PEM_END.matcher(line).find();
        lines.add(REMOVED);
        continue;
      }
      Matcher secret = SECRET_LINE.matcher(line);
      if (secret.matches()) {
        lines.add(secret.group(1) + " " + REMOVED);
        blockIndent = indentOf(line);
        continue;
      }
      String safe = SECRET_INSIDE.matcher(line).replaceAll("$1" + REMOVED);
      safe = USER_OF_URL.matcher(safe).replaceAll("://" + REMOVED + "@");
      lines.add(BEARER.matcher(safe).replaceAll("$1 " + REMOVED));
    }
    return String.join("\n", lines) + "\n";
  }

  /**
   * Without secrets, comments and names: of each setting its key, and its value only when it is a
   * number, a truth or a duration.
   */
  public static String withoutNames(String text, Redaction redaction) {
    List<String> lines = new ArrayList<>();
    for (String line : withoutSecrets(text).lines().toList()) {
      if (line.isBlank() || line.strip().startsWith("#") || line.strip().startsWith("//")) {
        continue;
      }
      Matcher setting = SETTING.matcher(line);
      Matcher item = ITEM.matcher(line);
      if (SECTION.matcher(line).matches()) {
        lines.add(line);
      } else if (setting.matches()) {
        lines.add(setting.group(1) + plain(setting.group(2), redaction));
      } else if (item.matches()) {
        lines.add(item.group(1) + plain(item.group(2), redaction));
      } else {
        lines.add(REMOVED);
      }
    }
    return String.join("\n", lines) + "\n";
  }

  private static String plain(String value, Redaction redaction) {
    String bare = value.strip();
    boolean isKept = PLAIN.matcher(bare).matches() || bare.equals(REMOVED);
    return isKept ? bare : redaction.value(bare);
  }

  private static int indentOf(String line) {
    int indent = 0;
    while (indent < line.length() && Character.isWhitespace(line.charAt(indent))) {
      indent++;
    }
    return indent;
  }
}
