/**
 * Who holds and who waits for the locks of gfs2 and DLM at one moment, as the kernel's debugging
 * files say it, and who therefore waits for whom.
 *
 * <p>Starting points: {@link io.faultline.snapshot.SnapshotReader} reads a {@link
 * io.faultline.snapshot.LockSnapshot}, {@link io.faultline.snapshot.WaitGraph} says who waits for
 * whom. A source that knows how long a wait has lasted joins by lock name and task, see {@link
 * io.faultline.snapshot.LockSnapshot#withAges}.
 *
 * <p>Dumps are streamed: only contended locks are kept, all others are counted. The files are read
 * one after the other while the system goes on, so a snapshot is never of one instant. Nothing here
 * takes a lock of the file system except the reading of glockfd, which a child process does.
 *
 * <p>Imports: the JDK only. Threads: what is returned is immutable; a reader belongs to one thread.
 */
package io.faultline.snapshot;
