/**
 * What the observer may cost, and what it gives up when it costs more.
 *
 * <p>{@link io.faultline.budget.BudgetLimits} are a person's, {@link io.faultline.budget.Cost} is
 * what was measured, {@link io.faultline.budget.Ladder} decides which {@link
 * io.faultline.budget.Level} of detail that leaves. Decisions take time as a number: no clock.
 *
 * <p>Imports: JDK. Threads: one.
 */
package io.faultline.budget;
