/**
 * The network that NAS-Bench-201 builds of a cell.
 *
 * A 3×3 convolution; three stacks of cells with 16, 32 and 64 channels, between which a residual
 * block halves height and width; normalisation, global average, classifier. A node of a cell is
 * the sum of its edges; convolutions on edges are ReLU, convolution, batch normalisation.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326), `cell_infers/tiny_network.py` and
 * `cell_operations.py` of AutoDL-Projects.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import {
  type NetworkPlan,
  type NetworkSize,
  type NetworkTraining,
  PlanWriter,
} from "../network.ts";
import { ARCH_EDGES, ARCH_OPS, GRAPH_OP } from "./cells.ts";

const STACKS = 3;

/** As the benchmark trained its cells (`configs/nas-benchmark`). */
export const NETWORK_TRAINING: NetworkTraining = {
  epochs: 200,
  batchSize: 256,
  learningRate: 0.1,
  optimizer: "nesterov",
  weightDecay: 5e-4,
  initial: "uniform",
  statisticsRate: 0.1,
};
/** Feature maps of a cell, the input first. */
const FEATURE_MAPS = 4;

/** The layers of a cell's network. */
export function cellNetwork(
  { ops }: Graph,
  { imageChannels = 3, classes = 10, channels = 16, cells = 5 }: NetworkSize =
    {},
): NetworkPlan {
  const plan = new PlanWriter();
  const images = plan.add({ kind: "images", channels: imageChannels });
  let at = plan.convolve(images, channels, 3);
  for (let stack = 0; stack < STACKS; stack++) {
    if (stack > 0) at = _residual(plan, at, channels * 2 ** stack);
    for (let cell = 0; cell < cells; cell++) at = _cell(plan, at, ops);
  }
  const normalised = plan.add({
    ...{ kind: "normalisation", from: at, channels: plan.channels(at) },
  });
  return plan.classify(normalised, classes);
}

/** A residual block that halves height and width. */
function _residual(plan: PlanWriter, from: number, channels: number): number {
  const first = plan.convolve(from, channels, 3, { stride: 2, relu: "before" });
  const second = plan.convolve(first, channels, 3, { relu: "before" });
  const pooled = plan.pool(from, "average", 2);
  const shortcut = plan.convolve(pooled, channels, 1, { normalised: false });
  return plan.sum([shortcut, second]);
}

function _cell(plan: PlanWriter, input: number, ops: Graph["ops"]): number {
  const channels = plan.channels(input);
  const maps = [input];
  for (let to = 1; to < FEATURE_MAPS; to++) {
    const edges = ARCH_EDGES.flatMap(([from, end], edge) => {
      if (end !== to) return [];
      switch (ARCH_OPS[GRAPH_OP.indexOf(ops[1 + edge])]) {
        case "none":
          return [];
        case "skip_connect":
          return [maps[from]];
        case "nor_conv_1x1":
          return [plan.convolve(maps[from], channels, 1, { relu: "before" })];
        case "nor_conv_3x3":
          return [plan.convolve(maps[from], channels, 3, { relu: "before" })];
        case "avg_pool_3x3":
          return [plan.pool(maps[from], "average", 3)];
      }
    });
    maps.push(
      edges.length === 0
        ? plan.add({ kind: "zeros", from: input, channels })
        : plan.sum(edges),
    );
  }
  return maps.at(-1)!;
}
