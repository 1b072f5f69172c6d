package io.faultline.probe;

/** Maps that more programs can be attached to. */
interface SharedMaps {
  /** Descriptor of the map of that name in {@code bpf/maps.h}. */
  int mapFd(String name);
}
