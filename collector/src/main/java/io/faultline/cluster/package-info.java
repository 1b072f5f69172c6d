/**
 * Waits of the nodes of a cluster in one graph: what no node can see alone.
 *
 * <p>Starting points: {@link io.faultline.cluster.NodeWatch} makes a node's half of its stream,
 * {@link io.faultline.cluster.ClusterGraph} joins the halves.
 *
 * <p>Imports: {@code event}, {@code source}, {@code match}, {@code risk}, {@code pipeline}.
 * Threads: none; an instance belongs to one thread. Time comes from events.
 */
package io.faultline.cluster;
