/**
 * How codes are used: by position, and for which nodes.
 *
 * Source: the paper, §4.4 and figure 3.
 *
 * @module
 */

import type { CodeSequences } from "../language/code_sequences.ts";
import { hasEdge, PADDING_OP } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";

/**
 * The share of each code at each position.
 *
 * @returns For each of `N` positions, `[K]`, summing to 1.
 * @throws {RangeError} If there is no sequence.
 */
export function codesByPosition(
  { codes, length, codebookSize }: CodeSequences,
): Float64Array[] {
  const sequences = codes.length / length;
  if (sequences === 0) {
    throw new RangeError(
      "Cannot count codes: there must be at least one sequence, got 0",
    );
  }
  const shares = Array.from(
    { length },
    () => new Float64Array(codebookSize),
  );
  codes.forEach((code, i) => shares[i % length][code] += 1 / sequences);
  return shares;
}

/**
 * The Jensen–Shannon divergence of two distributions, in bits: 0 for the same, 1 for two
 * that share nothing.
 *
 * Source: Lin 1991, eq. 4.1.
 */
export function jensenShannon(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
): number {
  let divergence = 0;
  for (let i = 0; i < p.length; i++) {
    const middle = (p[i] + q[i]) / 2;
    for (const share of [p[i], q[i]]) {
      if (share > 0) divergence += share / 2 * Math.log2(share / middle);
    }
  }
  return Math.max(0, divergence);
}

/** What a code is used for. */
export interface CodeMeaning {
  readonly code: number;
  /** Of all nodes, percent. */
  readonly share: number;
  /** The operation that it stands for most often; `padding` for rows after a small cell. */
  readonly operation: string;
  /** How often, percent. */
  readonly purity: number;
  /** Mean number of incoming and of outgoing edges. */
  readonly incoming: number;
  readonly outgoing: number;
  /** Operations that edges come from, the most frequent ones; `–` for none. */
  readonly from: string;
}

/**
 * What each code that is in use stands for, the most used first.
 *
 * @param indices Cells, and `codes`, `[B·N]`, theirs in the same order.
 */
export function codeMeanings(
  space: SearchSpace,
  indices: ArrayLike<number>,
  codes: ArrayLike<number>,
): CodeMeaning[] {
  const { ops, incoming, nodeCount: nodes } = space.cells();
  const used = new Map<number, {
    uses: number;
    incoming: number;
    outgoing: number;
    operations: Map<string, number>;
    from: Map<string, number>;
  }>();
  for (let b = 0; b < indices.length; b++) {
    const cell = indices[b];
    const graph = {
      ops: ops.subarray(cell * nodes, (cell + 1) * nodes),
      incoming: incoming.subarray(cell * nodes, (cell + 1) * nodes),
    };
    const name = (node: number) =>
      graph.ops[node] === PADDING_OP ? "padding" : space.ops[graph.ops[node]];
    for (let node = 0; node < nodes; node++) {
      const code = codes[b * nodes + node];
      const entry = used.get(code) ?? {
        uses: 0,
        incoming: 0,
        outgoing: 0,
        operations: new Map(),
        from: new Map(),
      };
      used.set(code, entry);
      entry.uses++;
      const sources: string[] = [];
      for (let other = 0; other < nodes; other++) {
        if (other < node && hasEdge(graph, other, node)) {
          sources.push(name(other));
        }
        if (other > node && hasEdge(graph, node, other)) entry.outgoing++;
      }
      entry.incoming += sources.length;
      _count(entry.operations, name(node));
      _count(entry.from, sources.sort().join(", "));
    }
  }
  const total = indices.length * nodes;
  return [...used].sort(([, a], [, b]) => b.uses - a.uses).map((
    [code, { uses, incoming, outgoing, operations, from }],
  ) => {
    const [operation, count] = _most(operations);
    return {
      code,
      share: 100 * uses / total,
      operation,
      purity: 100 * count / uses,
      incoming: incoming / uses,
      outgoing: outgoing / uses,
      from: _most(from)[0] || "–",
    };
  });
}

function _count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function _most(counts: ReadonlyMap<string, number>): [string, number] {
  return [...counts].reduce((most, one) => one[1] > most[1] ? one : most);
}
