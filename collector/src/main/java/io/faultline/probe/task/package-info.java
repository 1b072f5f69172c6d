/**
 * Questions about tasks that only the privileged may ask, and their answers from /proc.
 *
 * <p>Starting points: {@link io.faultline.probe.task.TaskFacts} are the questions, {@link
 * io.faultline.probe.task.ProcFacts} asks /proc itself, {@link io.faultline.probe.task.TaskFiles}
 * without waiting for tasks that do not answer.
 *
 * <p>Imports: the JDK. Threads: one; {@code ProcFacts} reads mappings, and symbols, on threads of
 * its own, {@code TaskFiles} what a task in uninterruptible sleep says.
 */
package io.faultline.probe.task;
