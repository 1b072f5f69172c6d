/**
 * Unix sockets of kinds that the JDK does not have: datagrams, which systemd takes, and packets
 * that carry descriptors, which the loader sends.
 *
 * <p>Starting points: {@link io.faultline.probe.socket.UnixDatagram}, {@link
 * io.faultline.probe.socket.PacketListener}, {@link io.faultline.probe.socket.PacketSocket}.
 *
 * <p>Imports: the JDK and JNA. Threads: a {@code UnixDatagram} may be used by any, a connection by
 * one.
 */
package io.faultline.probe.socket;
