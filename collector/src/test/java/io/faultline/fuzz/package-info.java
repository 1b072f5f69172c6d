/**
 * Coverage-guided fuzzing: what of it is not in the package of what it feeds.
 *
 * <p>A target is a class {@code *Fuzz} with {@code fuzzerTestOneInput(byte[])}, listed in {@link
 * io.faultline.fuzz.FuzzTarget}, with seeds in {@code src/test/fuzz/NAME}. {@code FuzzSeedsTest}
 * feeds every seed, and so every input that was ever a finding, to its target in each build; {@code
 * FuzzIT} lets Jazzer look for others.
 */
package io.faultline.fuzz;
