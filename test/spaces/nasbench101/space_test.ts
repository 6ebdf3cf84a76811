import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  edgeCount,
  type Graph,
  graphOf,
  prune,
} from "../../../lib/spaces/graph.ts";
import { NASBENCH101_OPS } from "../../../lib/spaces/nasbench101/enumeration.ts";
import { NASBENCH101 } from "../../../lib/spaces/nasbench101/space.ts";
import {
  cellOfHash,
  hashOfCell,
} from "../../../lib/spaces/nasbench101/table.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { sharedData } from "../../_helpers.ts";
import { isIsomorphic, pairsOf, randomIncoming } from "../_graphs.ts";

type Op = typeof NASBENCH101_OPS[number];

/** A graph from names of operations and `"0→1,4,5 1→2"`. */
function graph(ops: readonly Op[], edges: string): Graph {
  return graphOf(
    ops.map((op) => NASBENCH101_OPS.indexOf(op)),
    pairsOf(edges),
  );
}

/** A random decode of 2 to 7 nodes with the right ends, sparse enough to be valid at times. */
function randomGraph(random: Random): Graph {
  const nodes = 2 + random.integer(6);
  const ops = Uint8Array.from({ length: nodes }, () => 1 + random.integer(3));
  ops[0] = 0;
  ops[nodes - 1] = 4;
  const [a, b, c] = Array.from(
    { length: 3 },
    () => randomIncoming(nodes, random),
  );
  return { ops, incoming: a.map((sources, to) => sources & (b[to] | c[to])) };
}

Deno.test("cells and hashes ask for prepare()", async () => {
  // A copy of the module that nothing has prepared.
  const copy = "../../../lib/spaces/nasbench101/table.ts?unprepared";
  const { preparedCells, hashOfCell, isReady } = await import(copy);
  const problem = new Error(
    "Cannot list the cells of NAS-Bench-101: the space must be prepared before, with `await space.prepare()`",
  );
  assert.equal(isReady(), false);
  assert.throws(() => preparedCells(), problem);
  assert.throws(() => hashOfCell(0), problem);
});

Deno.test("cells() are in the order of their hashes", async () => {
  await NASBENCH101.prepare();
  const table = NASBENCH101.cells();
  assert.equal(table.count, 423_624);
  assert.deepEqual([0, 1, 2, 3, 423_623].map(hashOfCell), [
    "00005c142e6f48ac74fdcf73e3439874",
    "0000718c96730a92ea6d5242f8ce77e2",
    "0000cb5372fad9d62c470df699ac6d52",
    "0000fa05697179112aaf69c2f0a51a0f",
    "ffff76fafa7b0cdf545fd7feee9c8bf9",
  ]);
  for (let cell = 1; cell < table.count; cell += 1_000) {
    assert.ok(hashOfCell(cell - 1) < hashOfCell(cell));
  }
  assert.deepEqual(
    cellGraph(table, 0),
    graph(
      [
        "input",
        "conv3x3",
        "maxpool3x3",
        "conv3x3",
        "conv3x3",
        "conv1x1",
        "output",
      ],
      "0→1,4,5 1→2 2→3,6 3→5 4→5 5→6",
    ),
  );
  assert.equal(NASBENCH101.cells(), table); // loaded once
});

Deno.test("cellOfHash() finds the README's Inception-like cell, stored in another order of nodes", async () => {
  await NASBENCH101.prepare();
  const inception = graph(
    [
      "input",
      "conv1x1",
      "conv3x3",
      "conv3x3",
      "conv3x3",
      "maxpool3x3",
      "output",
    ],
    "0→1,2,3,5 1→6 2→6 3→4 4→6 5→6",
  );
  const cell = cellOfHash("28cfc7874f6d200472e1a9dcd8650aa0")!;
  const stored = cellGraph(NASBENCH101.cells(), cell);
  assert.equal(isIsomorphic(stored, inception), true);
  assert.notDeepEqual(stored, inception);
  assert.equal(hashOfCell(cell), NASBENCH101.key(inception));
});

Deno.test("cellOfHash() and hashOfCell() are inverse, and know what is not there", async () => {
  await NASBENCH101.prepare();
  for (let cell = 0; cell < 423_624; cell += 1_009) {
    assert.equal(cellOfHash(hashOfCell(cell)), cell);
  }
  assert.equal(cellOfHash("0".repeat(32)), null);
  assert.equal(cellOfHash("f".repeat(32)), null);
  assert.equal(cellOfHash("28cfc7874f6d200472e1a9dcd8650aa1"), null);
  for (const index of [-1, 423_624, 0.5]) {
    assert.throws(
      () => hashOfCell(index),
      new RangeError(
        `Cannot tell the hash of a cell: index must be an integer in [0, 423624), got ${index}`,
      ),
    );
  }
});

Deno.test("split() is the first 381,261 cells, of them 38,126 for tuning, and the last 42,363", async () => {
  await NASBENCH101.prepare();
  const { train, tuning, validation } = NASBENCH101.split();
  assert.deepEqual([tuning.length, tuning[0]], [38_126, 343_135]);
  assert.equal(train.length, 381_261);
  assert.equal(validation.length, 42_363);
  assert.ok(train.every((cell, i) => cell === i));
  assert.ok(validation.every((cell, i) => cell === 381_261 + i));
});

Deno.test("the first cells are a fair sample of all", async () => {
  await NASBENCH101.prepare();
  const table = NASBENCH101.cells();
  const full = (count: number) =>
    Array.from({ length: count }, (_, cell) => cellGraph(table, cell))
      .filter((cell) => edgeCount(cell) === 9).length / count;
  const share = 328_269 / 423_624;
  const error = Math.sqrt(share * (1 - share) / 5_000);
  assert.ok(Math.abs(full(5_000) - share) < 5 * error);
});

Deno.test("every cell is valid in both modes and has one key in both", async () => {
  await NASBENCH101.prepare();
  const table = NASBENCH101.cells();
  const some = Uint32Array.from({ length: 2_000 }, (_, i) => 211 * i);
  for (const mode of ["paper", "strict"] as const) {
    const keys = NASBENCH101.cellKeys!(some, mode);
    for (const [i, cell] of some.entries()) {
      const graph = cellGraph(table, cell);
      assert.equal(NASBENCH101.invalidReason(graph, mode), null);
      assert.equal(keys[i], NASBENCH101.rawKey(graph));
      assert.equal(keys[i], NASBENCH101.key(graph));
    }
  }
});

Deno.test("invalidReason() is worked by hand in both modes", () => {
  const three: Op[] = ["input", "conv3x3", "output"];
  const seven: Op[] = ["input", ...Array(5).fill("conv1x1"), "output"];
  // 10 edges; without node 5, which leads nowhere, 9.
  const ten = "0→1,2,3,4,5 1→6 2→6 3→6 4→6 1→2";
  const cases: [Graph, string | null, string | null][] = [
    [graph(["input", "output"], "0→1"), null, null],
    [graph(three, "0→1 1→2"), null, null],
    [graph(three, "0→2"), null, "needs pruning"],
    [graph(three, "0→1"), "disconnected", "disconnected"],
    [graph(three, ""), "disconnected", "disconnected"],
    [graph(["output"], ""), "disconnected", "disconnected"],
    [graph(seven, ten), null, "too many edges"],
    [graph(seven, `${ten} 5→6`), "too many edges", "too many edges"],
    [
      graph(["conv3x3", "conv3x3", "output"], "0→1 1→2"),
      "first op not input",
      "first op not input",
    ],
    [
      graph(["input", "conv3x3", "input"], "0→1 1→2"),
      "last op not output",
      "last op not output",
    ],
    [
      graph(["input", "output", "output"], "0→1 1→2"),
      "inner input or output",
      "inner input or output",
    ],
    // The same, but pruned away.
    [
      graph(["input", "output", "output"], "0→1,2"),
      null,
      "inner input or output",
    ],
    // A cell of two nodes that was not cut at its output: rows of padding follow.
    [
      graph(["input", "output", "input"], "0→1"),
      "disconnected",
      "disconnected",
    ],
  ];
  for (const [graph, paper, strict] of cases) {
    const text = NASBENCH101.describe(graph);
    assert.equal(NASBENCH101.invalidReason(graph, "paper"), paper, text);
    assert.equal(NASBENCH101.invalidReason(graph, "strict"), strict, text);
  }
});

Deno.test("invalidReason() refuses more nodes than a decode has", () => {
  assert.throws(
    () =>
      NASBENCH101.invalidReason(
        graphOf(new Uint8Array(8), []),
        "strict",
      ),
    new RangeError(
      "Cannot judge a graph: one of NAS-Bench-101 must have at most 7 nodes, got 8",
    ),
  );
});

Deno.test("every valid graph is in the data set, isomorphic to the cell of its hash", async () => {
  await NASBENCH101.prepare();
  const random = Random.fromSeed(101);
  let pruned = 0, strict = 0, invalid = 0;
  for (let i = 0; i < 5_000; i++) {
    const graph = randomGraph(random);
    if (NASBENCH101.invalidReason(graph, "paper") !== null) {
      invalid++;
      continue;
    }
    const cell = cellOfHash(NASBENCH101.key(graph));
    assert.notEqual(cell, null, NASBENCH101.describe(graph));
    const stored = cellGraph(NASBENCH101.cells(), cell!);
    assert.ok(isIsomorphic(prune(graph)!, stored));
    const isStrict = NASBENCH101.invalidReason(graph, "strict") === null;
    assert.equal(isStrict, prune(graph) === graph);
    if (isStrict) strict++;
    else pruned++;
  }
  for (const count of [pruned, strict, invalid]) {
    assert.ok(count > 300, `${pruned}, ${strict}, ${invalid}`);
  }
});

Deno.test("key() prunes, rawKey() does not", () => {
  const cell = graph(["input", "conv3x3", "output"], "0→1 1→2");
  const loose = graph(["input", "conv1x1", "conv3x3", "output"], "0→2 2→3");
  assert.equal(NASBENCH101.key(loose), NASBENCH101.rawKey(cell));
  assert.notEqual(NASBENCH101.rawKey(loose), NASBENCH101.rawKey(cell));
  assert.throws(
    () => NASBENCH101.key(graphOf(cell.ops, [])),
    new RangeError(
      "Cannot tell which cell a graph is: its input and output must be connected, got no path",
    ),
  );
});

Deno.test("describe() takes any graph", () => {
  assert.equal(
    NASBENCH101.describe(
      graph(["input", "conv3x3", "maxpool3x3", "output"], "0→1,3 1→2 2→3"),
    ),
    "input, conv3x3, maxpool3x3, output; 0→1,3 1→2 2→3",
  );
  assert.equal(
    NASBENCH101.describe(graphOf([0, 9], [])),
    "input, ?; no edges",
  );
});

const ACCURACIES = sharedData("nasbench101/accuracies.csv.gz");
Deno.test({
  name: "the cells are those that published accuracies are for",
  ignore: ACCURACIES === null,
  async fn() {
    await NASBENCH101.prepare();
    const file = await Deno.open(ACCURACIES!);
    const text = await new Response(
      file.readable.pipeThrough(new DecompressionStream("gzip")),
    ).text();
    const hashes = text.trim().split("\n").slice(1)
      .map((line) => line.slice(0, line.indexOf(",")));
    assert.equal(hashes.length, 151_644);
    for (const hash of hashes) assert.notEqual(cellOfHash(hash), null, hash);
  },
});
