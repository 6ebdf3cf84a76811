/**
 * Reconstruction accuracy, counted over batches of decoded validation cells.
 *
 * Shapes: `B` cells of a batch, `N` rows of a cell.
 * Source: §4.2 of the paper for the name; arch2vec (Yan et al. 2020,
 * arXiv:2006.06936) for the element-wise reading, whose code computes it so.
 *
 * @module
 */

import { bitCount, PADDING_OP } from "../spaces/graph.ts";
import type { CellTable } from "../spaces/space.ts";

/** Reconstruction of a set of cells, in percent. */
export interface ReconstructionReport {
  /** How many cells were counted. */
  readonly cells: number;
  /** Op rows right ÷ all `N` rows; the target of a padding row is op 0. */
  readonly ops: number;
  /** Entries right ÷ all `N(N − 1)/2` entries above the diagonal. */
  readonly edges: number;
  /** Published reading: the mean of `ops` and `edges`. */
  readonly elementwise: number;
  /** Strict reading: cells with every op and every edge right ÷ cells. */
  readonly wholeGraph: number;
}

/** Where nothing is encoded and decoded: a table leaves these places empty. */
export const NO_RECONSTRUCTION: ReconstructionReport = {
  cells: 0,
  ops: NaN,
  edges: NaN,
  elementwise: NaN,
  wholeGraph: NaN,
};

/** Counts how well cells come back from a decoder; all counts are exact. */
export class ReconstructionCounter {
  #cells = 0;
  #rows = 0;
  #entries = 0;
  #rightRows = 0;
  #rightEntries = 0;
  #rightCells = 0;

  /**
   * Adds a batch.
   *
   * A whole graph is right if the op of each of its real rows is, and every edge
   * among them. As the last of them is the output and none before it is, a decode
   * cut at its first output then has the right number of nodes; what stands in
   * the rows after it does not count.
   *
   * @param targets The table that the cells are from.
   * @param indices Which cells they are, `[B]`.
   * @param decoded `ops`: the most probable operation of each row, `[B, N]`;
   *   `incoming`: the decoded edges into each row, `[B, N]`.
   * @throws {RangeError} If the lengths do not fit, or an index is outside the table.
   */
  add(
    targets: CellTable,
    indices: ArrayLike<number>,
    decoded: {
      readonly ops: ArrayLike<number>;
      readonly incoming: ArrayLike<number>;
    },
  ): void {
    const batch = indices.length, nodes = targets.nodeCount;
    if (
      decoded.ops.length !== batch * nodes ||
      decoded.incoming.length !== batch * nodes
    ) {
      throw new RangeError(
        `Cannot count reconstructions: decoded ops and incoming must be [${batch}, ${nodes}], got ${decoded.ops.length} and ${decoded.incoming.length} values`,
      );
    }
    const entries = nodes * (nodes - 1) / 2;
    for (let b = 0; b < batch; b++) {
      const cell = indices[b];
      if (!Number.isInteger(cell) || cell < 0 || cell >= targets.count) {
        throw new RangeError(
          `Cannot count reconstructions: each index must be an integer in [0, ${targets.count}), got ${cell}`,
        );
      }
      let realRows = 0, rightRealRows = 0, wrongRealEntries = 0;
      for (let row = 0; row < nodes; row++) {
        const at = b * nodes + row;
        const wrong = bitCount(
          (targets.incoming[cell * nodes + row] ^ decoded.incoming[at]) &
            (2 ** row - 1),
        );
        this.#rightEntries += row - wrong;
        const target = targets.ops[cell * nodes + row];
        const op = decoded.ops[at];
        if (target === PADDING_OP) {
          // The argmax of an all-zero target row is 0.
          if (op === 0) this.#rightRows++;
        } else {
          realRows++;
          wrongRealEntries += wrong;
          if (op === target) rightRealRows++;
        }
      }
      this.#rightRows += rightRealRows;
      if (rightRealRows === realRows && wrongRealEntries === 0) {
        this.#rightCells++;
      }
    }
    this.#cells += batch;
    this.#rows += batch * nodes;
    this.#entries += batch * entries;
  }

  /**
   * The accuracies of all batches so far.
   *
   * @throws {RangeError} If no cell was added.
   */
  report(): ReconstructionReport {
    if (this.#cells === 0) {
      throw new RangeError(
        "Cannot report a reconstruction: there must be at least one cell, got 0",
      );
    }
    const ops = 100 * this.#rightRows / this.#rows;
    const edges = 100 * this.#rightEntries / this.#entries;
    return {
      cells: this.#cells,
      ops,
      edges,
      elementwise: (ops + edges) / 2,
      wholeGraph: 100 * this.#rightCells / this.#cells,
    };
  }
}
