import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  allEdges,
  cutAtOutput,
  edgeBit,
  edgeCount,
  edgePairs,
  edgesOf,
  hasEdge,
  isIsomorphic,
  prune,
} from "../../lib/spaces/graph.ts";
import { hashModule } from "../../lib/spaces/module_hash.ts";
import {
  CONV1,
  CONV3,
  graph,
  INPUT,
  OUTPUT,
  POOL,
  randomGraph,
  reorder,
} from "./_graphs.ts";

Deno.test("edgeBit() numbers edges by target, then by source", () => {
  const bits = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3], [0, 4]]
    .map(([from, to]) => edgeBit(from, to));
  assert.deepEqual(bits, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(edgeBit(6, 7), 27);
});

Deno.test("edges read back as they were written", () => {
  const g = graph([INPUT, CONV3, OUTPUT], "0→1,2");
  assert.equal(g.edges, 0b011);
  assert.deepEqual(edgePairs(g), [[0, 1], [0, 2]]);
  assert.equal(hasEdge(g, 0, 2), true);
  assert.equal(hasEdge(g, 1, 2), false);
  assert.equal(hasEdge(g, 1, 0), false); // never backwards
  assert.equal(edgeCount(g.edges), 2);
  assert.equal(edgeCount(allEdges(8)), 28);
});

Deno.test("isIsomorphic() sees through the order of nodes", () => {
  const random = Random.fromSeed(1);
  let moved = 0;
  for (let i = 0; i < 200; i++) {
    const original = randomGraph(random);
    const other = reorder(original, random);
    assert.equal(isIsomorphic(original, other), true);
    if (other.edges !== original.edges) moved++;
  }
  assert.ok(moved > 50, `only ${moved} graphs changed`);
});

Deno.test("isIsomorphic() depends on a label, an edge, a direction and the size", () => {
  const original = graph([INPUT, CONV3, POOL, OUTPUT], "0→1 1→2 2→3");
  const others = [
    graph([INPUT, POOL, CONV3, OUTPUT], "0→1 1→2 2→3"), // reversed
    graph([INPUT, CONV3, CONV3, OUTPUT], "0→1 1→2 2→3"),
    graph([INPUT, CONV3, POOL, OUTPUT], "0→1,3 1→2 2→3"),
    graph([INPUT, CONV3, POOL, OUTPUT], "0→1,2 2→3"),
    graph([INPUT, CONV3, OUTPUT], "0→1 1→2"),
  ];
  assert.equal(isIsomorphic(original, { ...original }), true);
  for (const other of others) {
    assert.equal(isIsomorphic(original, other), false);
    assert.equal(isIsomorphic(other, original), false);
  }
});

Deno.test("isIsomorphic() tells graphs apart that have the same hash", () => {
  // Two triangles and a ring of six: two sources, two nodes between, two sinks each,
  // and each node with the same neighbours by hash, however often that is refined.
  const ops = new Array(6).fill(CONV3);
  const triangles = graph(ops, "0→1,2 1→2 3→4,5 4→5");
  const ring = graph(ops, "0→2,5 1→3,4 2→4 3→5");
  assert.equal(hashModule(triangles, [0]), hashModule(ring, [0]));
  assert.equal(isIsomorphic(triangles, ring), false);
});

Deno.test("prune() drops what is not on a path from input to output", () => {
  // 1 leads nowhere, 3 comes from nowhere; 2 and 4 are on the path.
  const g = graph(
    [INPUT, CONV3, CONV1, POOL, CONV3, OUTPUT],
    "0→1,2 2→4 3→4 4→5",
  );
  const pruned = prune(g)!;
  assert.deepEqual([...pruned.ops], [INPUT, CONV1, CONV3, OUTPUT]);
  assert.deepEqual(edgePairs(pruned), [[0, 1], [1, 2], [2, 3]]);
});

Deno.test("prune() gives null when input and output are not connected", () => {
  assert.equal(prune(graph([INPUT, CONV3, OUTPUT], "0→1")), null);
  assert.equal(prune(graph([INPUT, CONV3, OUTPUT], "1→2")), null);
  assert.equal(prune(graph([OUTPUT], "")), null);
});

Deno.test("prune() changes nothing the second time", () => {
  const random = Random.fromSeed(2);
  let changed = 0;
  for (let i = 0; i < 500; i++) {
    const g = randomGraph(random);
    const once = prune(g);
    if (once === null) continue;
    assert.equal(prune(once), once);
    if (once !== g) changed++;
  }
  assert.ok(changed > 50, `only ${changed} graphs were pruned`);
});

Deno.test("cutAtOutput() ends the graph at the first output", () => {
  const ops = Uint8Array.of(INPUT, CONV3, OUTPUT, CONV1, OUTPUT);
  const { edges } = graph([...ops], "0→1,3 1→2 2→4 3→4");
  const cut = cutAtOutput(ops, edges, OUTPUT);
  assert.deepEqual([...cut.ops], [INPUT, CONV3, OUTPUT]);
  assert.equal(cut.edges, edgesOf([[0, 1], [1, 2]])); // none of the rows after it
});

Deno.test("cutAtOutput() keeps all rows without an output", () => {
  const ops = Uint8Array.of(INPUT, CONV3, POOL);
  assert.deepEqual(cutAtOutput(ops, 0b101, OUTPUT), { ops, edges: 0b101 });
});
