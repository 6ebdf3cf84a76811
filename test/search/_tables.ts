/** Made-up accuracies of NAS-Bench-201 for the tests of searches. */

import type { AccuracyTable } from "../../lib/spaces/accuracies.ts";

import { getSpace } from "../../lib/spaces/registry.ts";

export const SPACE = getSpace("nasbench201");

/**
 * Accuracies that grow with the number of 3×3 convolutions, fall with that of `none`, and
 * differ a little from cell to cell; one in ten cells is not covered.
 */
export function madeUpTable(): AccuracyTable {
  const { count, ops } = SPACE.cells();
  const validation = new Float64Array(count).fill(NaN);
  const test = new Float64Array(count).fill(NaN);
  const conv = SPACE.ops.indexOf("conv3x3"), none = SPACE.ops.indexOf("none");
  for (let cell = 0; cell < count; cell++) {
    if (cell % 10 === 3) continue;
    const row = ops.subarray(cell * 8, cell * 8 + 8);
    const share = row.filter((op) => op === conv).length -
      row.filter((op) => op === none).length;
    validation[cell] = 0.6 + 0.05 * share + 1e-3 * (cell * 7919 % 101) / 101;
    test[cell] = validation[cell] - 0.02;
  }
  const covered = Uint32Array.from({ length: count }, (_, i) => i)
    .filter((cell) => cell % 10 !== 3);
  return {
    space: "nasbench201",
    dataset: "cifar10",
    title: "CIFAR-10",
    validation,
    test,
    covered,
    source: "made up",
  };
}
