/**
 * Evaluators: ways to learn how accurate cells are once they are trained.
 *
 * A search asks an oracle, and the oracle an evaluator. One may look cells up in a table,
 * another may train them; a new one is a file beside this one that implements the contract.
 *
 * @module
 */

import type { Cell } from "../spaces/cell.ts";

/** What came of a cell that could be judged. */
export interface Answer {
  readonly cell: Cell;
  /** Validation accuracy, a fraction from 0 to 1. */
  readonly validation: number;
}

/** What came of a cell that could not. */
export interface Failure {
  readonly cell: Cell;
  /** Why, in words for a reader. */
  readonly error: string;
}

/** What came of one cell. */
export type Evaluation = Answer | Failure;

/** An evaluation as it is, but a failure where its accuracy is no fraction: `NaN` of a training that diverged. */
export function checkedEvaluation(evaluation: Evaluation): Evaluation {
  if ("error" in evaluation) return evaluation;
  const { cell, validation } = evaluation;
  return validation >= 0 && validation <= 1 ? evaluation : {
    cell,
    error: `validation accuracy must be from 0 to 1, got ${validation}`,
  };
}

/** The cells of an enumerated space that an evaluator can judge. */
export interface CoveredCells {
  /** Ascending. */
  readonly indices: Uint32Array;
  /**
   * How many cells of the space each covered cell stands for, by index; missing where each
   * counts the same. A random cell of the space is drawn with these.
   */
  readonly weights?: ArrayLike<number>;
}

/** A way to learn accuracies of cells. */
export interface Evaluator {
  /** By which trials, folders and tables know it: of a table the name of its data set. */
  readonly name: string;
  /** Identity of its answers: two evaluators with one key answer alike. */
  readonly key: string;
  /** The cells it can judge; missing where those are all cells of the space. */
  readonly covered?: CoveredCells;
  /** Whether it can judge a cell. */
  covers(cell: Cell): boolean;
  /**
   * Judges cells.
   *
   * Evaluations come in any order, as soon as each is there. A cell that fails is one of
   * them and does not end the others; it is final, so what is worth another attempt is
   * attempted again by the evaluator itself. Of several evaluations of one cell, as when a
   * worker that was given up answers after all, the first counts; a cell that has none when
   * the evaluations end has failed. May be called again while earlier calls are going on.
   *
   * @param cells Covered cells, each once.
   * @param options `signal`: when it aborts, what is going on is given up, and the
   *   evaluations end with its reason as an error.
   * @throws {Error} If nothing can be judged any more: a search ends by it.
   */
  evaluate(
    cells: readonly Cell[],
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Evaluation>;
}
