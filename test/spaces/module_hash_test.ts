import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Random } from "../../lib/core/random.ts";
import {
  edgePairs,
  type Graph,
  graphOf,
  graphText,
} from "../../lib/spaces/graph.ts";
import { hashModule, ModuleHasher } from "../../lib/spaces/module_hash.ts";
import {
  CONV1,
  CONV3,
  graph,
  INPUT,
  OUTPUT,
  POOL,
  randomGraph,
  randomIncoming,
  reorder,
} from "./_graphs.ts";

const LABELS = [0, 1, 2, -1, -2];

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
    if (graphText(other) !== graphText(original)) moved++;
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
    const nodes = 1 + random.integer(11);
    const graph = {
      ops: Uint8Array.from({ length: nodes }, () => random.integer(5)),
      incoming: randomIncoming(nodes, random),
    };
    assert.equal(hashModule(graph, LABELS), hashByText(graph, LABELS));
  }
  // The longest messages there are: all 55 edges of 11 nodes.
  const full = {
    ops: new Uint8Array(11),
    incoming: Uint32Array.from({ length: 11 }, (_, to) => 2 ** to - 1),
  };
  assert.equal(hashModule(full, LABELS), hashByText(full, LABELS));
});

Deno.test("ModuleHasher forgets the graph before", () => {
  const hasher = new ModuleHasher();
  const hash = ({ ops, incoming }: Graph) => {
    hasher.setEdges(incoming);
    return hasher.hash(Array.from(ops, (op) => LABELS[op])).slice();
  };
  const small = graph([INPUT, CONV3, OUTPUT], "0→1 1→2");
  const first = hash(small);
  assert.notDeepEqual(hash(randomGraph(Random.fromSeed(4))), first);
  assert.deepEqual(hash(small), first);
});

Deno.test("hashModule() gives one hash to graphs of 6 nodes that are not the same", () => {
  // Two triangles and a ring of six: two sources, two nodes between, two sinks each,
  // and each node with the same neighbours by hash, however often that is refined.
  const ops = new Array(6).fill(CONV3);
  const triangles = graph(ops, "0→1,2 1→2 3→4,5 4→5");
  const ring = graph(ops, "0→2,5 1→3,4 2→4 3→5");
  assert.equal(hashModule(triangles, [0]), hashModule(ring, [0]));
  assert.notEqual(graphText(triangles), graphText(ring));
});

Deno.test("hashModule() tells 74 structures of DARTS apart, cells of 11 nodes and two inputs", () => {
  // arch2vec's form: inputs 0 and 1, two operations of each of four blocks, output 10. Both
  // operations of a block feed whatever its sum does, and each feeds the output.
  const nodesOf = (source: number) =>
    source < 2 ? [source] : [2 * source - 2, 2 * source - 1];
  const ops = [0, 1, ...new Array(8).fill(2), 3];
  let structures: [number, number][][] = [[]];
  for (let block = 2; block < 6; block++) {
    structures = structures.flatMap((pairs) => {
      const longer: [number, number][][] = [];
      for (let a = 0; a < block; a++) {
        for (let b = 0; b < a; b++) {
          const [first, second] = nodesOf(block);
          longer.push([
            ...pairs,
            ...nodesOf(b).map((from): [number, number] => [from, first]),
            ...nodesOf(a).map((from): [number, number] => [from, second]),
            [first, 10],
            [second, 10],
          ]);
        }
      }
      return longer;
    });
  }
  assert.equal(structures.length, 180); // 1 · 3 · 6 · 10
  const hashes = structures.map((pairs) =>
    hashModule(graphOf(ops, pairs), [0, 1, 2, 10])
  );
  assert.equal(new Set(hashes).size, 74);
});

Deno.test("hashModule() refuses more than 11 nodes", () => {
  assert.throws(
    () => hashModule(graphOf(new Uint8Array(12), []), LABELS),
    new RangeError(
      "Cannot hash a graph: it must have at most 11 nodes, got 12",
    ),
  );
});
