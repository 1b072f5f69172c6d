package io.faultline.risk;

import java.io.Serializable;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** A map that gives up its oldest entry for a new one when it is full, and counts that. */
final class Bounded<K, V> implements Serializable {
  private static final int ENTRIES_MAX = 65_536;

  private final Map<K, V> entries = new LinkedHashMap<>();
  private long evicted;

  V get(K key) {
    return entries.get(key);
  }

  void put(K key, V value) {
    if (entries.size() == ENTRIES_MAX && !entries.containsKey(key)) {
      Iterator<K> oldest = entries.keySet().iterator();
      oldest.next();
      oldest.remove();
      evicted++;
    }
    entries.put(key, value);
  }

  void remove(K key) {
    entries.remove(key);
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  Collection<K> keys() {
    return entries.keySet();
  }

  long evicted() {
    return evicted;
  }
}
