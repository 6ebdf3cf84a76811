/**
 * Parameters and multiply-adds of the network that arch2vec judges cells of DARTS by, in closed
 * form: both are linear in the operations of a cell.
 *
 * The network is that of DARTS for ImageNet, with the same cell for normal and reduction: three
 * 3×3 convolutions that each halve height and width, from 3 to 24, 48 and 48 channels; 14 cells,
 * of which those at 4 and 9 halve height and width and double the channels; global average
 * pooling; 1,000 classes. Images are 224×224. Counted are convolutions and the classifier;
 * parameters of batch normalisations are counted too, where a network trains them.
 *
 * Source: DARTS (Liu et al. 2019, arXiv:1806.09055), `cnn/model.py` and `cnn/operations.py`;
 * arch2vec's `preprocessing/gen_isomorphism_graphs.py`, for the size.
 *
 * @module
 */

import type { CellCost } from "../cost.ts";
import type { Graph } from "../graph.ts";
import { BLOCKS, DARTS_OPS, INPUTS, NODES } from "./cells.ts";

const CHANNELS = 48, CELLS = 14, CLASSES = 1_000;
const STEM_SIZES = [112, 56, 28];

interface Sum {
  parameters: number;
  multiplyAdds: number;
}

/** Adds a convolution and the batch normalisation behind it, if there is one. */
function _convolve(
  sum: Sum,
  weights: number,
  size: number,
  normalised: number,
): void {
  sum.parameters += weights + 2 * normalised;
  sum.multiplyAdds += weights * size * size;
}

/** What an operation adds to a cell of `channels`, whose feature maps are of `size`. */
function _operation(
  sum: Sum,
  name: string,
  { channels, size, halves }: {
    readonly channels: number;
    readonly size: number;
    /** Whether it halves height and width, to `size`. */
    readonly halves: boolean;
  },
): void {
  const [, kind, kernel] = /^(sep|dil)_conv_(\d)/.exec(name) ?? [];
  for (let i = kind === "sep" ? 2 : kind === "dil" ? 1 : 0; i > 0; i--) {
    _convolve(sum, Number(kernel) ** 2 * channels, size, 0);
    _convolve(sum, channels ** 2, size, channels);
  }
  // Halved by two 1×1 convolutions, to one half of the channels each.
  if (name === "skip_connect" && halves) {
    _convolve(sum, channels ** 2, size, channels);
  }
}

/** The network without operations; and what each adds, by what it reads: a block, an input. */
const [FIXED, BY_OP] = _coefficients();

function _coefficients(): [fixed: CellCost, byOp: (readonly CellCost[])[]] {
  const fixed: Sum = { parameters: 0, multiplyAdds: 0 };
  const byOp = DARTS_OPS.map(() =>
    [0, 1].map((): Sum => ({ parameters: 0, multiplyAdds: 0 }))
  );
  const stem = [3, CHANNELS / 2, CHANNELS, CHANNELS];
  STEM_SIZES.forEach((size, i) =>
    _convolve(fixed, 9 * stem[i] * stem[i + 1], size, stem[i + 1])
  );
  let channels = CHANNELS, size = STEM_SIZES[2];
  let before = CHANNELS, beforeThat = CHANNELS;
  for (let cell = 0; cell < CELLS; cell++) {
    const reduces = cell === Math.floor(CELLS / 3) ||
      cell === Math.floor(2 * CELLS / 3);
    if (reduces) channels *= 2;
    // Both inputs are brought to the channels and the size of the cell before its operations.
    _convolve(fixed, beforeThat * channels, size, channels);
    _convolve(fixed, before * channels, size, channels);
    if (reduces) size /= 2;
    DARTS_OPS.forEach((name, op) =>
      [false, true].forEach((fromInput, i) =>
        _operation(byOp[op][i], name, {
          ...{ channels, size, halves: reduces && fromInput },
        })
      )
    );
    beforeThat = before;
    before = BLOCKS * channels;
  }
  fixed.parameters += (before + 1) * CLASSES;
  fixed.multiplyAdds += before * CLASSES;
  return [fixed, byOp];
}

/** What the network of a cell costs; the graph must be strictly valid. */
export function cellCost({ ops, incoming }: Graph): CellCost {
  let { parameters, multiplyAdds } = FIXED;
  for (let node = INPUTS; node < NODES - 1; node++) {
    const cost = BY_OP[ops[node]][incoming[node] < 1 << INPUTS ? 1 : 0];
    parameters += cost.parameters;
    multiplyAdds += cost.multiplyAdds;
  }
  return { parameters, multiplyAdds };
}
