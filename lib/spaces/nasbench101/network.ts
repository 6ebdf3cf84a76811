/**
 * The network that NAS-Bench-101 builds of a cell.
 *
 * A 3×3 convolution; three stacks of three cells of 128, 256 and 512 channels, halved in height
 * and width before the second and the third; global average, classifier. A convolution is
 * followed by batch normalisation and ReLU. An edge from the input is a 1×1 convolution;
 * the nodes that feed the output are concatenated, what else meets is summed.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `model_builder.py` and
 * `base_ops.py` of google-research/nasbench.
 *
 * @module
 */

import { type Graph, hasEdge } from "../graph.ts";
import {
  type NetworkPlan,
  type NetworkSize,
  type NetworkTraining,
  PlanWriter,
} from "../network.ts";
import { nodeChannels } from "./cost.ts";
import { NASBENCH101_OPS } from "./enumeration.ts";

const STACKS = 3;

/** As the benchmark trained its cells (`config.py`, two parts of a device). */
export const NETWORK_TRAINING: NetworkTraining = {
  epochs: 108,
  batchSize: 256,
  learningRate: 0.2,
  optimizer: "rmsprop",
  weightDecay: 1e-4,
  initial: "cut normal",
  statisticsRate: 0.003,
};

/**
 * The layers of a cell's network.
 *
 * @param graph A cell as it is once it is pruned.
 */
export function cellNetwork(
  graph: Graph,
  { imageChannels = 3, classes = 10, channels = 128, cells = 3 }: NetworkSize =
    {},
): NetworkPlan {
  const plan = new PlanWriter();
  const images = plan.add({ kind: "images", channels: imageChannels });
  let at = plan.convolve(images, channels, 3, { relu: "after" });
  for (let stack = 0; stack < STACKS; stack++) {
    if (stack > 0) at = plan.pool(at, "max", 2);
    for (let cell = 0; cell < cells; cell++) {
      at = _cell(plan, at, graph, channels * 2 ** stack);
    }
  }
  return plan.classify(at, classes);
}

function _cell(
  plan: PlanWriter,
  input: number,
  graph: Graph,
  out: number,
): number {
  const channels = nodeChannels(graph, out);
  const output = graph.ops.length - 1;
  const project = (to: number) =>
    plan.convolve(input, to, 1, { relu: "after" });
  const maps: number[] = [input];
  for (let node = 1; node < output; node++) {
    const own = channels[node];
    const from: number[] = [];
    if (hasEdge(graph, 0, node)) from.push(project(own));
    for (let before = 1; before < node; before++) {
      if (!hasEdge(graph, before, node)) continue;
      from.push(
        channels[before] === own ? maps[before] : plan.add({
          ...{ kind: "truncation", from: maps[before], channels: own },
        }),
      );
    }
    const sum = plan.sum(from);
    const op = NASBENCH101_OPS[graph.ops[node]];
    const kernel = /^conv([13])x/.exec(op)?.[1];
    maps.push(
      kernel === undefined
        ? plan.pool(sum, "max", 3)
        : plan.convolve(sum, own, kernel === "1" ? 1 : 3, { relu: "after" }),
    );
  }
  const feeding = maps.keys().drop(1)
    .filter((node) => hasEdge(graph, node, output)).map((node) => maps[node])
    .toArray();
  const parts: number[] = [];
  if (feeding.length > 0) {
    parts.push(
      feeding.length === 1 ? feeding[0] : plan.add({
        ...{ kind: "concatenation", from: feeding, channels: out },
      }),
    );
  }
  if (hasEdge(graph, 0, output)) parts.push(project(out));
  return plan.sum(parts);
}
