/**
 * Tests on the running kernel, with real file systems on loop devices. They need root, and say why
 * they skip.
 *
 * <p>Run by {@code deploy/test.sh} after packaging; what they check against is counted by tracefs
 * on its own.
 */
package io.faultline.live;
