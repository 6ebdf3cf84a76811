/**
 * A table of accuracies as an evaluator: the cells were trained before, or their accuracies
 * are predicted.
 *
 * @module
 */

import { digest, runKey } from "../core/keys.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import type { Cell } from "../spaces/cell.ts";
import type { Answer, CoveredCells, Evaluator } from "./evaluator.ts";

/** Looks cells of an enumerated space up. Test accuracies are out of its reach. */
export class TableEvaluator implements Evaluator {
  readonly name: string;
  readonly key: string;
  readonly covered: CoveredCells;
  readonly #validation: ArrayLike<number>;

  constructor(
    { space, dataset, validation, covered, weights }: Pick<
      AccuracyTable,
      "space" | "dataset" | "validation" | "covered" | "weights"
    >,
  ) {
    this.name = dataset;
    this.key = runKey({
      space,
      dataset,
      validation: _digest(validation),
      weights: weights && _digest(weights),
    });
    this.covered = { indices: covered, weights };
    this.#validation = validation;
  }

  covers({ index }: Cell): boolean {
    return index !== null && !Number.isNaN(this.#validation[index] ?? NaN);
  }

  async *evaluate(
    cells: readonly Cell[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Answer> {
    for (const cell of cells) {
      signal?.throwIfAborted();
      yield { cell, validation: this.#validation[cell.index!] };
    }
  }
}

function _digest({ buffer, byteOffset, length }: Float64Array): string {
  return digest(new Uint32Array(buffer, byteOffset, 2 * length));
}
