/**
 * Parameters and multiply-adds of the network that NAS-Bench-201 builds of a cell for
 * CIFAR-10, in closed form: both are linear in how often each operation occurs.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); the coefficients are those of
 * its network of 16, 32 and 64 channels with five cells each, on images of 32×32.
 *
 * @module
 */

import type { CellCost } from "../cost.ts";
import type { Graph } from "../graph.ts";
import { ARCH_OPS, GRAPH_OP, NASBENCH201_OPS } from "./cells.ts";

/** The network without its cells. */
const FIXED: CellCost = { parameters: 73_306, multiplyAdds: 7_943_872 };

/** What an operation on an edge adds; the others add nothing. */
const OPERATIONS: Partial<Record<typeof ARCH_OPS[number], CellCost>> = {
  nor_conv_1x1: { parameters: 28_000, multiplyAdds: 4_362_240 },
  nor_conv_3x3: { parameters: 243_040, multiplyAdds: 35_819_520 },
  // As the benchmark counts: one for each value that it reads.
  avg_pool_3x3: { parameters: 0, multiplyAdds: 1_290_240 },
};

/** `BY_OP[op]` is what a node of the graph form adds. */
const BY_OP: readonly (CellCost | undefined)[] = NASBENCH201_OPS.map((_, op) =>
  OPERATIONS[ARCH_OPS[GRAPH_OP.indexOf(op)]]
);

/** What the network of a cell costs. */
export function cellCost({ ops }: Graph): CellCost {
  let { parameters, multiplyAdds } = FIXED;
  for (const op of ops) {
    parameters += BY_OP[op]?.parameters ?? 0;
    multiplyAdds += BY_OP[op]?.multiplyAdds ?? 0;
  }
  return { parameters, multiplyAdds };
}
