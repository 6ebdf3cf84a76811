/**
 * Parameters and multiply-adds of the network that NAS-Bench-101 builds of a cell, in closed
 * form.
 *
 * The network: a 3×3 convolution to 128 channels; three stacks of three cells of 128, 256 and
 * 512 channels, halved in height and width before the second and the third; global average
 * pooling; 10 classes. Images are 32×32. Every convolution is followed by a batch
 * normalization of two trainable numbers a channel.
 *
 * Channels of the nodes that feed the output add up to the cell's; a node that does not feed
 * it has as many as the widest that it feeds. An edge from the input is a 1×1 convolution.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `model_builder.py` and
 * `base_ops.py` of google-research/nasbench.
 *
 * @module
 */

import type { CellCost } from "../cost.ts";
import { bitCount, type Graph, hasEdge } from "../graph.ts";
import { NASBENCH101_OPS } from "./enumeration.ts";

const STEM_CHANNELS = 128, STACKS = 3, CELLS_A_STACK = 3;
const IMAGE_SIZE = 32, IMAGE_CHANNELS = 3, CLASSES = 10;
/** Height and width of the kernel by operation; 0 where nothing is convolved. */
const KERNELS: readonly number[] = NASBENCH101_OPS.map((name) =>
  Number(/^conv(\d)x\d/.exec(name)?.[1] ?? 0)
);

/**
 * What the network of a cell costs.
 *
 * @param graph A cell as it is once it is pruned.
 */
export function cellCost(graph: Graph): CellCost {
  let parameters = 0, multiplyAdds = 0;
  const convolve = (kernel: number, from: number, to: number, size: number) => {
    const weights = kernel * kernel * from * to;
    parameters += weights + 2 * to;
    multiplyAdds += weights * size * size;
  };
  let channels = STEM_CHANNELS, size = IMAGE_SIZE;
  convolve(3, IMAGE_CHANNELS, channels, size);
  for (let stack = 0; stack < STACKS; stack++) {
    let into = channels;
    if (stack > 0) {
      channels *= 2;
      size /= 2;
    }
    for (let cell = 0; cell < CELLS_A_STACK; cell++) {
      _convolutions(
        graph,
        into,
        channels,
        (kernel, from, to) => convolve(kernel, from, to, size),
      );
      into = channels;
    }
  }
  const weights = channels * CLASSES;
  return {
    parameters: parameters + weights + CLASSES,
    multiplyAdds: multiplyAdds + weights,
  };
}

/** Calls `convolve` for each convolution of a cell. */
function _convolutions(
  graph: Graph,
  into: number,
  out: number,
  convolve: (kernel: number, from: number, to: number) => void,
): void {
  const channels = nodeChannels(graph, out);
  const output = graph.ops.length - 1;
  for (let node = 1; node < output; node++) {
    const own = channels[node];
    if (hasEdge(graph, 0, node)) convolve(1, into, own);
    const kernel = KERNELS[graph.ops[node]];
    if (kernel > 0) convolve(kernel, own, own);
  }
  if (hasEdge(graph, 0, output)) convolve(1, into, out);
}

/**
 * Channels of each node of a cell, `[V]`; those of the input, which it has from outside, are 0.
 *
 * @param out Channels of the cell.
 */
export function nodeChannels(graph: Graph, out: number): number[] {
  const output = graph.ops.length - 1;
  const channels = new Array<number>(output + 1).fill(0);
  channels[output] = out;
  // An edge from the input is added to the others and takes no share of the channels.
  const feeding = bitCount(graph.incoming[output] & ~1);
  let wider = feeding === 0 ? 0 : out % feeding;
  for (let node = 1; node < output; node++) {
    if (!hasEdge(graph, node, output)) continue;
    channels[node] = Math.floor(out / feeding) + (wider-- > 0 ? 1 : 0);
  }
  for (let node = output - 1; node > 0; node--) {
    if (channels[node] > 0) continue;
    for (let next = node + 1; next < output; next++) {
      if (!hasEdge(graph, node, next)) continue;
      channels[node] = Math.max(channels[node], channels[next]);
    }
  }
  return channels;
}
