import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  bitCount,
  cutAtOutput,
  edgeCount,
  edgePairs,
  type Graph,
  graphOf,
  graphText,
  hasEdge,
  MAX_NODES,
  parseGraphText,
  prune,
} from "../../lib/spaces/graph.ts";
import {
  CONV1,
  CONV3,
  graph,
  INPUT,
  OUTPUT,
  POOL,
  randomGraph,
  randomIncoming,
} from "./_graphs.ts";

Deno.test("graphOf() keeps the edges into each node, and they read back", () => {
  const g = graphOf([INPUT, CONV3, OUTPUT], [[0, 2], [0, 1]]);
  assert.deepEqual(g, {
    ops: Uint8Array.of(INPUT, CONV3, OUTPUT),
    incoming: Uint32Array.of(0, 0b01, 0b01),
  });
  assert.deepEqual(edgePairs(g), [[0, 1], [0, 2]]);
  assert.equal(hasEdge(g, 0, 2), true);
  assert.equal(hasEdge(g, 1, 2), false);
  assert.equal(hasEdge(g, 1, 0), false); // never backwards
  assert.equal(edgeCount(g), 2);
});

Deno.test("a graph of 32 nodes has room for each of its 496 edges", () => {
  const pairs: [number, number][] = [];
  for (let to = 1; to < MAX_NODES; to++) {
    for (let from = 0; from < to; from++) pairs.push([from, to]);
  }
  const full = graphOf(new Uint8Array(MAX_NODES), pairs);
  assert.equal(edgeCount(full), 496);
  assert.equal(full.incoming[31], 2 ** 31 - 1);
  assert.equal(bitCount(0xffff_ffff), 32);
  assert.deepEqual(edgePairs(full), pairs);
  assert.equal(prune(full), full);
  // The chain of all nodes, but for one that leads nowhere.
  const chain = pairs.filter(([from, to]) => to === from + 1);
  const loose = graphOf(
    new Uint8Array(MAX_NODES),
    [...chain.filter(([, to]) => to !== 16), [14, 16] as const],
  );
  const pruned = prune(loose)!;
  assert.equal(pruned.ops.length, 31);
  assert.equal(hasEdge(pruned, 14, 15), true); // what was node 16
});

Deno.test("graphText() tells any two graphs apart", () => {
  const random = Random.fromSeed(7);
  const texts = new Map<string, Graph>();
  for (let i = 0; i < 3_000; i++) {
    const nodes = 1 + random.integer(3);
    const one: Graph = {
      ops: Uint8Array.from({ length: nodes }, () => random.integer(2)),
      incoming: randomIncoming(nodes, random),
    };
    const met = texts.get(graphText(one));
    if (met !== undefined) assert.deepEqual(met, one);
    texts.set(graphText(one), one);
  }
  // 1 node: 2 labellings; 2 nodes: 4 · 2 edge sets; 3 nodes: 8 · 8.
  assert.equal(texts.size, 2 + 8 + 64);
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

Deno.test("prune() takes several nodes for inputs, and keeps each of them", () => {
  // Inputs 0 and 1; 2 is fed by 1 alone, 3 by nothing, and 0 feeds nothing.
  const g = graph(
    [INPUT, INPUT, CONV3, POOL, OUTPUT],
    "1→2 2→4 3→4",
  );
  assert.equal(prune(g), null); // from node 0 alone no path leads to the output
  const pruned = prune(g, 2)!;
  assert.deepEqual([...pruned.ops], [INPUT, INPUT, CONV3, OUTPUT]);
  assert.deepEqual(edgePairs(pruned), [[1, 2], [2, 3]]);
  assert.equal(prune(pruned, 2), pruned);
  // An input that the other feeds stays one, and a graph of inputs alone is none.
  assert.equal(prune(graph([INPUT, INPUT], "0→1"), 2), null);
});

Deno.test("prune() gives null when input and output are not connected", () => {
  assert.equal(prune(graph([INPUT, CONV3, OUTPUT], "0→1")), null);
  assert.equal(prune(graph([INPUT, CONV3, OUTPUT], "1→2")), null);
  assert.equal(prune(graph([OUTPUT], "")), null);
});

Deno.test("prune() changes nothing the second time, with any number of inputs", () => {
  const random = Random.fromSeed(2);
  for (const inputs of [1, 2]) {
    let changed = 0;
    for (let i = 0; i < 500; i++) {
      const g = randomGraph(random);
      const once = prune(g, inputs);
      if (once === null) continue;
      assert.equal(prune(once, inputs), once);
      if (once !== g) changed++;
    }
    assert.ok(changed > 50, `only ${changed} graphs were pruned`);
  }
});

Deno.test("cutAtOutput() ends the graph at the first output", () => {
  const decoded = graph(
    [INPUT, CONV3, OUTPUT, CONV1, OUTPUT],
    "0→1,3 1→2 2→4 3→4",
  );
  const cut = cutAtOutput(decoded, OUTPUT);
  assert.deepEqual([...cut.ops], [INPUT, CONV3, OUTPUT]);
  assert.deepEqual(edgePairs(cut), [[0, 1], [1, 2]]); // none of the rows after it
});

Deno.test("cutAtOutput() keeps all rows without an output", () => {
  const decoded = graph([INPUT, CONV3, POOL], "0→1 1→2");
  assert.equal(cutAtOutput(decoded, OUTPUT), decoded);
});

Deno.test("parseGraphText() reads what graphText() writes, and nothing else", () => {
  const graph = graphOf([0, 3, 255], [[0, 1], [0, 2], [1, 2]]);
  assert.equal(graphText(graph), "0,3,255;0,1,3");
  assert.deepEqual(parseGraphText("0,3,255;0,1,3"), graph);
  for (
    const text of [
      "",
      ";",
      "0,3",
      "0,3,256;0,1,3", // 256 would be 0
      "0,3,2;0,1", // a node without its edges
      "0,3,2;0,2,3", // an edge from node 1 to itself
      "0,3,2;0,1,4294967299",
      "0,3,2;0,1,3;",
      "0, 3,2;0,1,3",
      "0,3,2;0,1,0x3",
      "a;b",
      `${Array(33).fill(0)};${Array(33).fill(0)}`,
    ]
  ) assert.equal(parseGraphText(text), null, text);
});
