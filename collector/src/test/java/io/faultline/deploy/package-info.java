/** What {@code deploy/} installs, checked by the programs and types that will read it. */
package io.faultline.deploy;
