package io.faultline.fleet;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** A store that outlives whoever uses it. */
final class MapStore implements KeyValueStore<Bytes, byte[]> {
  private final TreeMap<Bytes, byte[]> map = new TreeMap<>();

  /** Another one with the same in it; values are never changed. */
  MapStore copy() {
    MapStore copy = new MapStore();
    copy.map.putAll(map);
    return copy;
  }

  int size() {
    return map.size();
  }

  long bytes() {
    return map.values().stream().mapToLong(value -> value.length).sum();
  }

  int valueBytesMax() {
    return map.values().stream().mapToInt(value -> value.length).max().orElse(0);
  }

  /** Flips a bit of every value of a kind. */
  void damage(char kind) {
    map.forEach(
        (key, value) -> {
          if (key.get()[0] == kind) {
            value[value.length / 2] ^= 1;
          }
        });
  }

  @Override
  public void put(Bytes key, byte[] value) {
    map.put(key, value);
  }

  @Override
  public byte[] putIfAbsent(Bytes key, byte[] value) {
    return map.putIfAbsent(key, value);
  }

  @Override
  public void putAll(List<KeyValue<Bytes, byte[]>> entries) {
    entries.forEach(entry -> put(entry.key, entry.value));
  }

  @Override
  public byte[] delete(Bytes key) {
    return map.remove(key);
  }

  @Override
  public byte[] get(Bytes key) {
    return map.get(key);
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
    return iterator(map.subMap(from, true, to, true).entrySet().iterator());
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> all() {
    return iterator(map.entrySet().iterator());
  }

  private static KeyValueIterator<Bytes, byte[]> iterator(
      Iterator<Map.Entry<Bytes, byte[]>> entries) {
    return new KeyValueIterator<>() {
      @Override
      public boolean hasNext() {
        return entries.hasNext();
      }

      @Override
      public KeyValue<Bytes, byte[]> next() {
        Map.Entry<Bytes, byte[]> entry = entries.next();
        return KeyValue.pair(entry.getKey(), entry.getValue());
      }

      @Override
      public Bytes peekNextKey() {
        throw new UnsupportedOperationException();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public long approximateNumEntries() {
    return map.size();
  }

  @Override
  public String name() {
    return HostProcessor.STORE;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {}

  @Override
  public void close() {}

  @Override
  public boolean persistent() {
    return true;
  }

  @Override
  public boolean isOpen() {
    return true;
  }
}
