import assert from "node:assert/strict";
import {
  countEdges,
  moduleHash,
  plainGraph,
  pruned,
} from "../../lib/recount/graph.ts";

/** Labels of input, conv1x1, conv3x3, maxpool3x3, output. */
const LABELS = [-1, 1, 0, 2, -2];

Deno.test("plainGraph() reads operations and the edges into each node", () => {
  // Node 2 is entered from nodes 0 and 1: 2⁰ + 2¹.
  const graph = plainGraph("0,3,4;0,1,3")!;
  assert.deepEqual(graph.ops, [0, 3, 4]);
  assert.deepEqual(graph.edges, [
    [false, true, true],
    [false, false, true],
    [false, false, false],
  ]);
  assert.equal(countEdges(graph), 3);
});

Deno.test("plainGraph() takes nothing else", () => {
  const wrong = ["", "0", "0;", "0,4;0", "0,4;1,1", "0,4;0,2", "0,256;0,1"];
  for (const text of [...wrong, "0,4;0,-1", "0, 4;0,1", "0,4;0,1;"]) {
    assert.equal(plainGraph(text), null, text);
  }
});

Deno.test("pruned() keeps what paths from the first to the last node go through", () => {
  // 0→1→4 is such a path; node 2 is a dead end, node 3 has no way in.
  const graph = plainGraph("0,1,2,3,4;0,1,1,0,10")!;
  assert.deepEqual(pruned(graph), plainGraph("0,1,4;0,1,2"));
  assert.deepEqual(pruned(plainGraph("0,1,4;0,1,3")!)!.ops, [0, 1, 4]);
  assert.equal(pruned(plainGraph("0,1,4;0,1,0")!), null);
  assert.equal(pruned(plainGraph("0;0")!), null);
});

Deno.test("moduleHash() gives the benchmark's hashes", () => {
  // The smallest: conv3x3, maxpool, conv3x3, conv3x3, conv1x1;
  // 0→1,4,5 1→2 2→3,6 3→5 4→5 5→6.
  const smallest = plainGraph("0,2,3,2,2,1,4;0,1,2,4,1,25,36")!;
  assert.equal(
    moduleHash(smallest, LABELS),
    "00005c142e6f48ac74fdcf73e3439874",
  );
  // The Inception-like cell of the benchmark's README: conv1x1, conv3x3, conv3x3, conv3x3,
  // maxpool; 0→1,2,3,5 1→6 2→6 3→4 4→6 5→6.
  const inception = plainGraph("0,1,2,2,2,3,4;0,1,1,1,8,1,54")!;
  assert.equal(
    moduleHash(inception, LABELS),
    "28cfc7874f6d200472e1a9dcd8650aa0",
  );
});

Deno.test("moduleHash() tells graphs apart, and not orders of nodes", () => {
  const hash = (text: string) => moduleHash(plainGraph(text)!, LABELS);
  // Two branches, exchanged.
  assert.equal(hash("0,1,2,4;0,1,1,6"), hash("0,2,1,4;0,1,1,6"));
  assert.notEqual(hash("0,1,2,4;0,1,1,6"), hash("0,1,3,4;0,1,1,6"));
  assert.notEqual(hash("0,1,2,4;0,1,1,6"), hash("0,1,2,4;0,1,1,7"));
});
