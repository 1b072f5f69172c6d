package io.faultline.probe;

import java.util.List;
import java.util.Set;

/** What a {@link Loader} attached: descriptors of maps and programs. One thread. */
interface LoadedPrograms extends SharedMaps, AutoCloseable {
  /** The names of all maps. */
  List<String> mapNames();

  /** Descriptor of the program that stands for that hook, or -1 when it is not attached. */
  int programFd(Hook hook);

  /** Ends the hits of some hooks and lets go of what they hang on, such as a kernel module. */
  void release(Set<Hook> hooks);

  /** Ends all hits; maps stay readable. Does nothing the second time. */
  void detach();

  /** Detaches and gives everything back to the kernel. */
  @Override
  void close();
}
