import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Random } from "../../lib/random.ts";
import {
  allEdges,
  edgePairs,
  edgesOf,
  type Graph,
} from "../../lib/spaces/graph.ts";
import { hashModule, ModuleHasher } from "../../lib/spaces/module_hash.ts";

// NAS-Bench-101's operations: conv3x3 0, conv1x1 1, maxpool3x3 2, input 3, output 4.
const CONV3 = 0, CONV1 = 1, POOL = 2, INPUT = 3, OUTPUT = 4;
const LABELS = [0, 1, 2, -1, -2];

/** A graph from its operations and `"0→1,4,5 1→2"`. */
function graph(ops: readonly number[], edges: string): Graph {
  const pairs = edges.split(" ").filter(Boolean).flatMap((part) => {
    const [from, targets] = part.split("→");
    return targets.split(",").map((to) => [+from, +to] as const);
  });
  return { ops: Uint8Array.from(ops), edges: edgesOf(pairs) };
}

/** A random graph of 2 to 8 nodes. */
function randomGraph(random: Random): Graph {
  const nodes = 2 + random.integer(7);
  const ops = Uint8Array.from({ length: nodes }, () => random.integer(3));
  ops[0] = INPUT;
  ops[nodes - 1] = OUTPUT;
  return { ops, edges: random.uint32() & allEdges(nodes) };
}

/** The same graph with its inner nodes in a random order that edges do not go against. */
function reorder(original: Graph, random: Random): Graph {
  const nodes = original.ops.length;
  const order = [0];
  while (order.length < nodes - 1) {
    const ready: number[] = [];
    for (let v = 1; v < nodes - 1; v++) {
      const waits = edgePairs(original).some(([from, to]) =>
        to === v && !order.includes(from)
      );
      if (!order.includes(v) && !waits) ready.push(v);
    }
    order.push(ready[random.integer(ready.length)]);
  }
  order.push(nodes - 1);
  const place = (v: number) => order.indexOf(v);
  return {
    ops: Uint8Array.from(order, (v) => original.ops[v]),
    edges: edgesOf(
      edgePairs(original).map(([from, to]) => [place(from), place(to)]),
    ),
  };
}

/** `hash_module` as its text reads, with `node:crypto`. */
function hashByText(graph: Graph, labels: readonly number[]): string {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const pairs = edgePairs(graph);
  const into = (v: number) =>
    pairs.filter(([, to]) => to === v).map(([from]) => from);
  const outOf = (v: number) =>
    pairs.filter(([from]) => from === v).map(([, to]) => to);
  let hashes = Array.from(
    graph.ops,
    (op, v) => md5(`(${outOf(v).length}, ${into(v).length}, ${labels[op]})`),
  );
  for (let round = 0; round < graph.ops.length; round++) {
    const join = (nodes: number[]) =>
      nodes.map((w) => hashes[w]).sort().join("");
    hashes = hashes.map((own, v) =>
      md5(`${join(into(v))}|${join(outOf(v))}|${own}`)
    );
  }
  return md5(`[${hashes.sort().map((hash) => `'${hash}'`).join(", ")}]`);
}

Deno.test("hashModule() gives the hash of the NAS-Bench-101 README's cell", () => {
  const inception = graph(
    [INPUT, CONV1, CONV3, CONV3, CONV3, POOL, OUTPUT],
    "0→1,2,3,5 1→6 2→6 3→4 4→6 5→6",
  );
  assert.equal(
    hashModule(inception, LABELS),
    "28cfc7874f6d200472e1a9dcd8650aa0",
  );
});

Deno.test("hashModule() gives the smallest hash of NAS-Bench-101", () => {
  const cell = graph(
    [INPUT, CONV3, POOL, CONV3, CONV3, CONV1, OUTPUT],
    "0→1,4,5 1→2 2→3,6 3→5 4→5 5→6",
  );
  assert.equal(hashModule(cell, LABELS), "00005c142e6f48ac74fdcf73e3439874");
});

Deno.test("hashModule() does not depend on the order of nodes", () => {
  const random = Random.fromSeed(1);
  let moved = 0;
  for (let i = 0; i < 200; i++) {
    const original = randomGraph(random);
    const other = reorder(original, random);
    assert.equal(hashModule(other, LABELS), hashModule(original, LABELS));
    if (other.edges !== original.edges) moved++;
  }
  assert.ok(moved > 50, `only ${moved} graphs changed`);
});

Deno.test("hashModule() depends on a label, an edge and a direction", () => {
  const hashes = [
    graph([INPUT, CONV3, POOL, OUTPUT], "0→1 1→2 2→3"),
    graph([INPUT, POOL, CONV3, OUTPUT], "0→1 1→2 2→3"), // reversed
    graph([INPUT, CONV3, CONV3, OUTPUT], "0→1 1→2 2→3"),
    graph([INPUT, CONV3, POOL, OUTPUT], "0→1,3 1→2 2→3"),
  ].map((g) => hashModule(g, LABELS));
  assert.equal(new Set(hashes).size, 4);
});

Deno.test("hashModule() agrees with the text that it hashes, at any size", () => {
  const random = Random.fromSeed(3);
  for (let i = 0; i < 500; i++) {
    const nodes = 1 + random.integer(8);
    const graph = {
      ops: Uint8Array.from({ length: nodes }, () => random.integer(5)),
      edges: random.uint32() & allEdges(nodes),
    };
    assert.equal(hashModule(graph, LABELS), hashByText(graph, LABELS));
  }
  const full = { ops: new Uint8Array(8), edges: allEdges(8) };
  assert.equal(hashModule(full, LABELS), hashByText(full, LABELS));
});

Deno.test("ModuleHasher forgets the graph before", () => {
  const hasher = new ModuleHasher();
  const hash = ({ ops, edges }: Graph) => {
    hasher.setEdges(ops.length, edges);
    return hasher.hash(Array.from(ops, (op) => LABELS[op])).slice();
  };
  const small = graph([INPUT, CONV3, OUTPUT], "0→1 1→2");
  const first = hash(small);
  assert.notDeepEqual(hash(randomGraph(Random.fromSeed(4))), first);
  assert.deepEqual(hash(small), first);
});

Deno.test("hashModule() refuses more than 8 nodes", () => {
  assert.throws(
    () => hashModule({ ops: new Uint8Array(9), edges: 0 }, LABELS),
    new RangeError("Cannot hash a graph: it must have at most 8 nodes, got 9"),
  );
});
