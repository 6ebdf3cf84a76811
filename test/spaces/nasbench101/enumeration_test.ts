import assert from "node:assert/strict";
import { type Graph, prune } from "../../../lib/spaces/graph.ts";
import {
  type CellColumns,
  cellMatrices,
  hashCells,
  inDataSetOrder,
  keptMatrices,
} from "../../../lib/spaces/nasbench101/enumeration.ts";
import {
  allEdges,
  edgesOf,
  incomingOf,
} from "../../../lib/spaces/nasbench101/triangle.ts";
import { isIsomorphic } from "../_graphs.ts";

const SIZES = [2, 3, 4, 5, 6, 7];
const MATRICES = cellMatrices();

function ofSize(nodes: number) {
  return MATRICES.filter((matrix) => matrix.nodes === nodes);
}

Deno.test("keptMatrices() keeps 1, 2, 10, 121, 1,545, 4,793 matrices of 2 to 7 nodes", () => {
  const counts = SIZES.map((nodes) => keptMatrices(nodes).length);
  assert.deepEqual(counts, [1, 2, 10, 121, 1_545, 4_793]);
  const labelled = counts.reduce((sum, count, i) => sum + count * 3 ** i, 0);
  assert.equal(labelled, 1_293_208);
});

Deno.test("keptMatrices() keeps what has nothing to prune and at most 9 edges", () => {
  for (const nodes of [2, 3, 4, 5]) {
    const expected: number[] = [];
    for (let edges = 0; edges <= allEdges(nodes); edges++) {
      const graph = {
        ops: new Uint8Array(nodes),
        incoming: incomingOf(edges, nodes),
      };
      // 5 nodes have 10 edges at most.
      if (prune(graph) === graph && edges !== allEdges(5)) expected.push(edges);
    }
    assert.deepEqual(keptMatrices(nodes), expected);
  }
});

Deno.test("cellMatrices() has the first of each class, with its automorphisms", () => {
  // 4 nodes: of 0→1→3, 0→2→3 the two inner nodes can change places.
  const diamond = edgesOf([[0, 1], [0, 2], [1, 3], [2, 3]]);
  assert.deepEqual(
    ofSize(4).find(({ edges }) => edges === diamond)?.automorphisms,
    [[0, 2, 1, 3]],
  );
  // With 0→1→3, 0→2→3 the edge 0→3 is as good; 1→2 takes the symmetry away.
  assert.deepEqual(
    ofSize(4).find(({ edges }) => edges === allEdges(4))?.automorphisms,
    [],
  );
  for (const nodes of [3, 4, 5]) {
    const graph = (edges: number) => ({
      ops: _ends(nodes),
      incoming: incomingOf(edges, nodes),
    });
    const first: number[] = [];
    for (const edges of keptMatrices(nodes)) {
      const known = first.some((other) =>
        isIsomorphic(graph(edges), graph(other))
      );
      if (!known) first.push(edges);
    }
    assert.deepEqual(ofSize(nodes).map(({ edges }) => edges), first);
  }
});

Deno.test("hashCells() finds the cells that going through all labelled graphs finds", () => {
  for (const [i, unique] of [1, 6, 84, 2_441].entries()) {
    const nodes = SIZES[i];
    const cells = hashCells(ofSize(nodes));
    assert.equal(cells.count, unique);
    const all = hashCells(
      keptMatrices(nodes).map((edges) => ({ nodes, edges, automorphisms: [] })),
    );
    assert.equal(all.count, keptMatrices(nodes).length * 3 ** i);
    assert.deepEqual(inDataSetOrder([cells]), inDataSetOrder([all]));
  }
});

Deno.test("hashCells() has no two cells that are isomorphic", () => {
  const { count, ops, edges } = hashCells(ofSize(4));
  const graphs = Array.from({ length: count }, (_, i): Graph => ({
    ops: ops.slice(7 * i, 7 * i + 4),
    incoming: incomingOf(edges[i], 4),
  }));
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      assert.ok(!isIsomorphic(graphs[i], graphs[j]));
    }
  }
});

Deno.test("inDataSetOrder() sorts by hash and keeps the first of equal ones", () => {
  // Byte 0 decides between 1 and the others, byte 15 between 2, 3 and 4.
  const part = (cells: [first: number, last: number, edges: number][]) => ({
    count: cells.length,
    ops: Uint8Array.from(cells.flatMap(([, , edges]) => Array(7).fill(edges))),
    edges: Uint32Array.from(cells, ([, , edges]) => edges),
    hashes: Uint8Array.from(
      cells.flatMap(([first, last]) => [first, ...Array(14).fill(0), last]),
    ),
  } satisfies CellColumns);
  const sorted = inDataSetOrder([
    part([[200, 9, 1], [7, 255, 2]]),
    part([[7, 1, 3], [7, 255, 4], [7, 1, 5]]),
  ]);
  assert.deepEqual(sorted, part([[7, 1, 3], [7, 255, 2], [200, 9, 1]]));
});

/** Operations that tell only the first and the last of `nodes` nodes apart. */
function _ends(nodes: number): Uint8Array {
  const ops = new Uint8Array(nodes).fill(1);
  ops[0] = 0;
  ops[nodes - 1] = 2;
  return ops;
}
