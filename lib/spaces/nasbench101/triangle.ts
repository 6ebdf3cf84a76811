/**
 * The adjacency of a small cell as one number: a bit for each entry above the diagonal.
 *
 * The enumeration counts through these numbers, and the file of cells holds them.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), whose enumeration has the
 * same order of bits.
 *
 * @module
 */

/**
 * The number of the bit that stands for the edge `from → to`, `from < to`.
 *
 * Bits are ordered by target, so the edges among the first `V` nodes are the
 * lowest `V(V − 1)/2` bits, whatever nodes come after.
 */
export function edgeBit(from: number, to: number): number {
  return from + to * (to - 1) / 2;
}

/** The bits of all edges that `nodes` nodes can have, at most 8: the whole upper triangle. */
export function allEdges(nodes: number): number {
  return (1 << (nodes * (nodes - 1) / 2)) - 1;
}

/** The edge bits of a list of `[from, to]` pairs. */
export function edgesOf(
  pairs: Iterable<readonly [from: number, to: number]>,
): number {
  let edges = 0;
  for (const [from, to] of pairs) edges |= 1 << edgeBit(from, to);
  return edges;
}

/** Edges into each of `nodes` nodes, as in `Graph`. */
export function incomingOf(edges: number, nodes: number): Uint32Array {
  return Uint32Array.from(
    { length: nodes },
    (_, to) => to === 0 ? 0 : edges >>> edgeBit(0, to) & (1 << to) - 1,
  );
}
