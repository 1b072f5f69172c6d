package io.faultline.source;

import java.util.List;

/** A stream of the past, of which something may be missing. */
public interface RecordedSource extends EventSource {
  /** What is worth knowing of the choice that was made, in sentences: nothing is wrong. */
  List<String> notes();

  /** What is missing so far, in sentences; final when {@link #poll} has said {@link #END}. */
  List<String> damage();

  /** Whether the stream has its run's begin: otherwise numbers and counters do not begin with 0. */
  boolean isFromBegin();
}
