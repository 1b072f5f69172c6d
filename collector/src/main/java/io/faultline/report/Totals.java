package io.faultline.report;

/**
 * Sums over a stream, under the names of {@code report --json}.
 *
 * @param attempts passes through iomap_dio_rw
 * @param faultDisabledAttempts those in a region
 * @param operations operations with at least one attempt in a region
 * @param retriedOperations those with at least one retry
 * @param retries attempts after the first of their operation
 * @param missesNone attempts that a missing page ended without progress
 * @param missesPartial attempts that a missing page ended after some bytes
 * @param bufferedFallbacks operations that were finished through the page cache
 * @param bytes bytes that direct attempts transferred
 * @param retryNs nanoseconds lost to retrying
 * @param lockWaits waits for the locks that Faultline knows by class
 * @param lockWaitNs nanoseconds of these; that of a DLM lock is part of that of the glock above it
 * @param remoteDemotes times that another node took a glock away
 * @param pageFaultsUser page faults in user mode
 * @param pageFaultsKernel page faults in kernel mode
 * @param pageFaultsInOperation faults and fault-ins between the attempts of an operation
 */
public record Totals(
    long attempts,
    long faultDisabledAttempts,
    long operations,
    long retriedOperations,
    long retries,
    long missesNone,
    long missesPartial,
    long bufferedFallbacks,
    long bytes,
    long retryNs,
    long lockWaits,
    long lockWaitNs,
    long remoteDemotes,
    long pageFaultsUser,
    long pageFaultsKernel,
    long pageFaultsInOperation) {}
