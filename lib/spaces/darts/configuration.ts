/**
 * A cell of DARTS as NAS-Bench-301 describes architectures: the configuration that its
 * surrogates predict accuracies of.
 *
 * Both cells, normal and reduction, have 14 edges, 2, 3, 4 and 5 into the nodes 2 to 5, and each
 * node but the first a choice of its two inputs. An edge that no node reads has no value. Here
 * both cells are the same.
 *
 * Source: NAS-Bench-301 (Zela et al. 2022, arXiv:2008.09777), `configspace.json` and
 * `representations.py` of automl/nasbench301.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import { BLOCKS, INPUTS, NONE, operationsOf } from "./cells.ts";

/** The name that every choice has in front. */
const PREFIX = "NetworkSelectorDatasetInfo:darts:";
const PARTS = ["normal", "reduce"];
/** The first edge into each node; a further edge comes from the node after. */
const FIRST_EDGES = [0, 2, 5, 9];
const EDGES = 14;

/**
 * The choices that describe an architecture of the cell, by name: the number of what is chosen,
 * among its options in their order; null for an edge that is not read.
 *
 * @param graph Strictly valid.
 * @returns Null where the cell has `none`, which NAS-Bench-301 does not know.
 */
export function configuration(
  graph: Graph,
): Readonly<Record<string, number | null>> | null {
  const operations = operationsOf(graph);
  if (operations.some(({ op }) => op === NONE)) return null;
  const choices: Record<string, number | null> = {};
  for (const part of PARTS) {
    for (let edge = 0; edge < EDGES; edge++) {
      choices[`${PREFIX}edge_${part}_${edge}`] = null;
    }
    for (let block = 0; block < BLOCKS; block++) {
      const pair = operations.slice(2 * block, 2 * block + 2)
        .sort((a, b) => a.source - b.source);
      for (const { source, op } of pair) {
        // Its operations are ours without `none`, in the same order.
        const edge = `edge_${part}_${FIRST_EDGES[block] + source}`;
        choices[PREFIX + edge] = op - NONE - 1;
      }
      if (block === 0) continue;
      const node = `inputs_node_${part}_${INPUTS + block}`;
      choices[PREFIX + node] = _pairIndex(
        pair[0].source,
        pair[1].source,
        INPUTS + block,
      );
    }
  }
  return choices;
}

/** Where a pair `a < b` stands among those of numbers below `count`, in lexicographic order. */
function _pairIndex(a: number, b: number, count: number): number {
  return a * (2 * count - a - 1) / 2 + b - a - 1;
}
