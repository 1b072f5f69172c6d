package io.faultline.export;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import io.faultline.report.Report;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A report as one page for a browser that needs nothing else: its style, its script and its data
 * are inside, and a content security policy keeps everything else out.
 *
 * <p>Names of tasks, files and hosts are data to the page's script, never markup: in the page they
 * stand as JSON without a character that HTML knows, and the script puts them in as text.
 */
public final class HtmlPage {
  private static final Pattern PLACE =
      Pattern.compile("@(STYLE|SCRIPT|STYLE_HASH|SCRIPT_HASH|DATA)@");

  /** In this order one script. */
  private static final List<String> SCRIPTS =
      List.of("words.js", "tables.js", "timeline.js", "page.js");

  private static final int ASCII_MAX = 126;

  private HtmlPage() {}

  /**
   * Writes the page.
   *
   * @param attempts of the report's operations
   * @param version of the program
   */
  public static void write(Report report, AttemptLog attempts, String version, Writer out)
      throws IOException {
    String template = resource("page.html");
    String style = resource("page.css");
    StringBuilder script = new StringBuilder();
    for (String part : SCRIPTS) {
      script.append(resource(part));
    }
    Map<String, String> texts =
        Map.of(
            "STYLE", style,
            "SCRIPT", script.toString(),
            "STYLE_HASH", hashOf(style),
            "SCRIPT_HASH", hashOf(script.toString()));
    Matcher place = PLACE.matcher(template);
    int at = 0;
    while (place.find()) {
      out.write(template, at, place.start() - at);
      if (place.group(1).equals("DATA")) {
        writeData(report, attempts, version, out);
      } else {
        out.write(texts.get(place.group(1)));
      }
      at = place.end();
    }
    out.write(template, at, template.length() - at);
  }

  private static void writeData(Report report, AttemptLog attempts, String version, Writer out)
      throws IOException {
    JsonGenerator json = new JsonFactory().createGenerator(out);
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setCharacterEscapes(new NoMarkup());
    json.setHighestNonEscapedChar(ASCII_MAX);
    new PageData(report, attempts, version, json).write();
    json.close();
  }

  /** What a content security policy calls a piece of the page by. */
  private static String hashOf(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlPage.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** JSON in which no tag can begin or end. */
  private static final class NoMarkup extends CharacterEscapes {
    private static final long serialVersionUID = 1L;
    private final int[] escapes = standardAsciiEscapesForJSON();

    NoMarkup() {
      for (char c : "<>&'".toCharArray()) {
        escapes[c] = ESCAPE_STANDARD;
      }
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return escapes.clone();
    }

    @Override
    public SerializableString getEscapeSequence(int c) {
      return null;
    }
  }
}
