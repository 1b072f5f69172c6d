/**
 * Datagrams to sockets in the file system, which the JDK cannot send: systemd takes them.
 *
 * <p>Starting point: {@link io.faultline.probe.socket.UnixDatagram}.
 *
 * <p>Imports: the JDK and JNA. Threads: a socket may be used by any thread.
 */
package io.faultline.probe.socket;
