/**
 * What the cells of a space are for: training, tuning, validation.
 *
 * Models learn from the training cells, and a generated cell is novel if it is none of them.
 * What is chosen, by a person who compares settings or by a training that keeps its best
 * epoch, is chosen on the tuning cells: a part of the training cells, which a model that
 * chooses on them does not learn from. The validation cells choose nothing; they report.
 *
 * @module
 */

/** Indices of cells. */
export interface CellSplit {
  /** The training cells, the tuning cells last. */
  readonly train: Uint32Array;
  /** The tuning cells: a view of the last tenth of `train`. */
  readonly tuning: Uint32Array;
  /** The cells that only report. */
  readonly validation: Uint32Array;
}

/**
 * Sets the last tenth of some training cells apart for tuning, rounded down, but a cell at
 * least.
 *
 * @param train In an order that is as good as random, so that the last are like the others.
 */
export function cellSplit(
  train: Uint32Array,
  validation: Uint32Array,
): CellSplit {
  const tuned = Math.max(1, Math.floor(train.length / 10));
  return { train, tuning: train.subarray(-tuned), validation };
}

/**
 * Splits a space whose cells are in an order that is as good as random: the first nine tenths,
 * rounded down, are for training.
 *
 * Source: arch2vec (Yan et al. 2020, arXiv:2006.06936) and its code, for the nine tenths.
 *
 * @param count How many cells there are.
 */
export function splitInOrder(count: number): CellSplit {
  const cells = Uint32Array.from({ length: count }, (_, cell) => cell);
  const trained = Math.floor(9 * count / 10);
  return cellSplit(cells.slice(0, trained), cells.slice(trained));
}

/** The training cells that a model learns from if it chooses on the tuning cells. */
export function fittingCells({ train, tuning }: CellSplit): Uint32Array {
  return train.subarray(0, train.length - tuning.length);
}
