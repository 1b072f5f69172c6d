package io.faultline.probe;

import io.faultline.probe.task.TaskFacts;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * Programs that are attached, by this process or by a loader process for it; their maps. One
 * thread.
 */
sealed interface Attachment extends AutoCloseable permits LocalAttachment, RemoteAttachment {
  /** The loader's name: {@code core} or {@code bcc}. */
  String loader();

  /**
   * The hooks that are attached, and how; as they were after attaching, or after {@link #renew}.
   */
  Map<Hook, String> vias();

  /** Descriptor of the map of that name in {@code bpf/maps.h}. */
  int mapFd(String name);

  /** Descriptor of the program that stands for that hook, or -1 when it is not attached. */
  int programFd(Hook hook);

  /**
   * Attaches the hooks of a kernel module.
   *
   * @return those that were attached, and how; empty when there is no way
   * @throws ProbeException when the kernel or the library refuses
   */
  Map<Hook, String> attachModule(String module) throws ProbeException;

  /** Ends the hits of a module's hooks and lets go of the module. */
  void releaseModule(String module, Set<Hook> hooks);

  /** Whether nothing is attached any more, because whoever attached it is gone. */
  boolean isLost();

  /**
   * Attaches again, to the same maps, what was lost.
   *
   * @return whether it is attached again; otherwise it is worth another try later
   * @throws IOException when it cannot ever be
   */
  boolean renew() throws IOException;

  /** A descriptor of {@link RunStatistics}, the caller's own; -1 when there is none. */
  int openStatistics();

  /** Answers about tasks, from whoever may ask. */
  TaskFacts facts();

  /** Ends all hits; maps stay readable. Does nothing the second time. */
  void detach();

  @Override
  void close();
}
