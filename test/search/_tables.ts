/** Made-up accuracies of NAS-Bench-201, and a space that is not listed, for the tests of searches. */

import type { Evaluator } from "../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import type { AccuracyTable } from "../../lib/spaces/accuracies.ts";
import { type Cell, cellAt } from "../../lib/spaces/cell.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import type { SearchSpace } from "../../lib/spaces/space.ts";

export const SPACE = NASBENCH201;

/** The cell at an index of NAS-Bench-201. */
export const cell = (index: number): Cell => cellAt(SPACE, index);

/** Cells by their indices, as they are easiest read in a test. */
export const indices = (of: readonly { readonly cell: Cell }[]) =>
  of.map(({ cell }) => cell.index!);

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

export const TABLE = madeUpTable();

/**
 * NAS-Bench-201 without its list: cells have no index, a random one is drawn operation by
 * operation.
 */
export const UNLISTED: SearchSpace = (() => {
  const { indexOf: _, ...space } = SPACE;
  return {
    ...space,
    name: "unlisted",
    randomCell: (random) => {
      const { graph } = cell(0);
      return {
        ...graph,
        ops: graph.ops.map((op, node) =>
          node === 0 || node === 7 ? op : space.innerOps[random.integer(5)]
        ),
      };
    },
  };
})();

/** Judges every cell of {@link UNLISTED} as the table does, the uncovered ones at 0.5. */
export function unlistedEvaluator(): Evaluator {
  return {
    name: "made up",
    key: "made up",
    covers: () => true,
    async *evaluate(cells) {
      for (const cell of cells) {
        const validation = TABLE.validation[SPACE.indexOf(cell.graph)!];
        await Promise.resolve();
        yield { cell, validation: Number.isNaN(validation) ? 0.5 : validation };
      }
    },
  };
}

/** A table evaluator that counts what it is asked. */
export class CountingEvaluator extends TableEvaluator {
  readonly batches: number[] = [];

  constructor(table: AccuracyTable = TABLE) {
    super(table);
  }

  get asked(): number {
    return this.batches.reduce((sum, count) => sum + count, 0);
  }

  override evaluate(...args: Parameters<TableEvaluator["evaluate"]>) {
    this.batches.push(args[0].length);
    return super.evaluate(...args);
  }
}
