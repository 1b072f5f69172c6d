package io.faultline.web;

import io.faultline.alert.Silences;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What an agent or a replay has to show: one stream. */
public final class LiveContent implements Content {
  private static final List<String> VIEWS = List.of("now", "operations", "locks", "alerts");

  private final LiveState state;
  private final Silences silences;
  private final boolean isRedacted;

  private LiveContent(LiveState state, Silences silences, boolean isRedacted) {
    this.state = state;
    this.silences = silences;
    this.isRedacted = isRedacted;
  }

  /** A stream whose alerts nobody silences. */
  public static LiveContent of(LiveState state) {
    return new LiveContent(state, null, false);
  }

  /**
   * A stream whose alerts may be silenced.
   *
   * @param silences that the page may change; {@code null} when none can be
   * @param isRedacted whether names in the stream are not the real ones
   */
  public static LiveContent of(LiveState state, Silences silences, boolean isRedacted) {
    return new LiveContent(state, silences, isRedacted);
  }

  @Override
  public List<String> views() {
    return VIEWS;
  }

  @Override
  public Map<String, Supplier<String>> documents() {
    Map<String, Supplier<String>> documents = new LinkedHashMap<>();
    documents.put("info", () -> PictureJson.info(state.info(), this));
    documents.put("now", () -> PictureJson.now(state.picture()));
    documents.put("history", () -> PictureJson.history(state.history()));
    documents.put("operations", () -> PictureJson.operations(state.picture()));
    documents.put("locks", () -> PictureJson.locks(state.picture()));
    documents.put("alerts", () -> AlertJson.alerts(state.picture()));
    return documents;
  }

  @Override
  public String item(String document, String id) {
    if (!document.equals("operations")) {
      return null;
    }
    Picture picture = state.picture();
    Picture.Row row = picture.rowOf(id);
    return row == null ? null : PictureJson.operation(picture, row);
  }

  @Override
  public Silences silences() {
    return silences;
  }

  @Override
  public boolean isRedacted() {
    return isRedacted;
  }

  @Override
  public void announce() {
    state.announce();
  }

  @Override
  public long version() {
    return state.picture().sequence();
  }

  @Override
  public long newer(long version, long timeoutMs) throws InterruptedException {
    Picture next = state.next(version, timeoutMs);
    return next == null ? version : next.sequence();
  }
}
