import assert from "node:assert/strict";
import {
  measureGeneration,
  type Sample,
  trainingKeys,
} from "../../lib/metrics/generation.ts";
import { edgePairs, type Graph, graphOf } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { flipped } from "../spaces/_graphs.ts";

const SPACE = getSpace("nasbench201");
const TABLE = SPACE.cells();
const { train, validation } = SPACE.split();
const STRICT_KEYS = trainingKeys(SPACE, "strict");

const SEEN = cellGraph(TABLE, train[0]);
const SEEN_TOO = cellGraph(TABLE, train[1]);
const NEW = cellGraph(TABLE, validation[0]);
/** A training cell with an edge of the template missing. */
const OFF: Graph = flipped(SEEN, "0→1");
const NO_OUTPUT: Graph = { ...SEEN, ops: SEEN.ops.with(7, 1) };
const TWO_INPUTS: Graph = { ...SEEN, ops: SEEN.ops.with(3, 0) };

// 10 samples: 7 that are valid in paper mode, 5 that are in strict mode.
const SAMPLES: Sample[] = [
  SEEN,
  SEEN,
  SEEN_TOO,
  NEW,
  { ops: NEW.ops.slice(), incoming: NEW.incoming.slice() }, // the same cell in other memory
  OFF,
  OFF,
  NO_OUTPUT,
  TWO_INPUTS,
  "wrong length",
];

Deno.test("trainingKeys() has a key for each training cell and none other, in either mode", () => {
  const paper = trainingKeys(SPACE, "paper");
  assert.equal(STRICT_KEYS.size, 14_062);
  assert.equal(paper.size, 14_062);
  assert.equal(STRICT_KEYS.has(SPACE.key(SEEN)), true);
  assert.equal(STRICT_KEYS.has(SPACE.key(NEW)), false);
  assert.equal(paper.has(SPACE.rawKey(SEEN)), true);
  assert.equal(paper.has(SPACE.rawKey(NEW)), false);
});

Deno.test("trainingKeys() has a key for each training cell of NAS-Bench-101", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const table = space.cells();
  const { train, validation } = space.split();
  const paper = trainingKeys(space, "paper");
  const strict = trainingKeys(space, "strict");
  assert.equal(paper.size, 381_261);
  assert.equal(strict.size, 381_261);
  for (let i = 0; i < 42_363; i += 97) {
    const seen = cellGraph(table, train[9 * i]);
    assert.equal(paper.has(space.rawKey(seen)), true);
    assert.equal(strict.has(space.key(seen)), true);
    const unseen = cellGraph(table, validation[i]);
    assert.equal(paper.has(space.rawKey(unseen)), false);
    assert.equal(strict.has(space.key(unseen)), false);
  }
});

Deno.test("measureGeneration() takes a cell with a loose node for valid and novel in paper mode only", async () => {
  const space = getSpace("nasbench101");
  await space.prepare();
  const cell = cellGraph(space.cells(), 0);
  let index = 0;
  while (cellGraph(space.cells(), index).ops.length === 7) index++;
  const small = cellGraph(space.cells(), index);
  const nodes = small.ops.length;
  // The same with a node before the output that no edge touches.
  const ops = [...small.ops.slice(0, -1), 1, 4];
  const padded = graphOf(
    ops,
    edgePairs(small).map(([from, to]) =>
      [from, to === nodes - 1 ? nodes : to] as const
    ),
  );
  const samples = [cell, small, padded];
  const paper = measureGeneration(
    space,
    samples,
    "paper",
    trainingKeys(space, "paper"),
  );
  // The padded graph is valid once pruned, but its raw hash is nobody's.
  assert.deepEqual([paper.valid, paper.distinct, paper.novel], [3, 3, 1]);
  const strict = measureGeneration(
    space,
    samples,
    "strict",
    trainingKeys(space, "strict"),
  );
  assert.deepEqual([strict.valid, strict.distinct, strict.novel], [2, 2, 0]);
  assert.equal(strict.reasons["needs pruning"], 1);
});

Deno.test("measureGeneration() is worked by hand in strict mode", () => {
  const report = measureGeneration(SPACE, SAMPLES, "strict", STRICT_KEYS);
  // Valid: SEEN ×2, SEEN_TOO, NEW ×2; distinct 3; novel: NEW ×2.
  assert.deepEqual(report, {
    mode: "strict",
    samples: 10,
    valid: 5,
    distinct: 3,
    novel: 2,
    validity: 50,
    uniqueness: 60,
    absoluteUniqueness: 30,
    novelty: 40,
    absoluteNovelty: 20,
    // The three cells compute different things, and NEW what no training cell does.
    byStructure: {
      distinct: 3,
      novel: 2,
      uniqueness: 60,
      absoluteUniqueness: 30,
      novelty: 40,
      absoluteNovelty: 20,
    },
    reasons: {
      "malformed": 1,
      "disconnected": 0,
      "too many edges": 0,
      "first op not input": 0,
      "last op not output": 1,
      "inner input or output": 1,
      "needs pruning": 0,
      "adjacency off template": 2,
    },
    malformed: {
      "wrong length": 1,
      "outside the codebook": 0,
      "not a number": 0,
    },
  });
});

Deno.test("measureGeneration() by structure takes cells that compute the same for one, in strict mode", () => {
  const known = new Set(
    Array.from(train, (cell) => SPACE.structureKey!(cellGraph(TABLE, cell))),
  );
  // Two validation cells that compute the same as a training cell, and one that does not.
  const like = Array.from(validation, (cell) => cellGraph(TABLE, cell))
    .filter((graph) => known.has(SPACE.structureKey!(graph))).slice(0, 1);
  const twin = train.find((cell) =>
    SPACE.structureKey!(cellGraph(TABLE, cell)) ===
      SPACE.structureKey!(like[0])
  )!;
  const samples: Sample[] = [...like, cellGraph(TABLE, twin), NEW, OFF];
  const strict = measureGeneration(SPACE, samples, "strict", STRICT_KEYS);
  assert.deepEqual([strict.valid, strict.distinct, strict.novel], [3, 3, 2]);
  // By structure the first two are one, and only NEW is novel.
  assert.deepEqual(strict.byStructure, {
    distinct: 2,
    novel: 1,
    uniqueness: 200 / 3,
    absoluteUniqueness: 50,
    novelty: 100 / 3,
    absoluteNovelty: 25,
  });
  const paper = measureGeneration(SPACE, samples, "paper", new Set());
  assert.equal(paper.byStructure, undefined);
  const { structureKey: _, ...without } = SPACE;
  assert.equal(
    measureGeneration(without, samples, "strict", STRICT_KEYS).byStructure,
    undefined,
  );
});

Deno.test("measureGeneration() takes graphs off the template for valid and novel in paper mode", () => {
  const keys = new Set([SEEN, SEEN_TOO].map((g) => SPACE.rawKey(g)));
  const report = measureGeneration(SPACE, SAMPLES, "paper", keys);
  // Besides those above OFF ×2: 7 valid, 4 distinct, 4 novel.
  assert.deepEqual([report.valid, report.distinct, report.novel], [7, 4, 4]);
  assert.equal(report.validity, 70);
  assert.equal(report.uniqueness, 100 * 4 / 7);
  assert.equal(report.absoluteUniqueness, 40);
  assert.equal(report.novelty, 100 * 4 / 7);
  assert.equal(report.absoluteNovelty, 40);
  assert.equal(report.reasons["adjacency off template"], 0);
});

Deno.test("measureGeneration() counts malformed samples by kind, and all percentages are 0", () => {
  const report = measureGeneration(
    SPACE,
    ["not a number", "outside the codebook", "not a number"],
    "strict",
    STRICT_KEYS,
  );
  assert.equal(report.reasons.malformed, 3);
  assert.deepEqual(report.malformed, {
    "wrong length": 0,
    "outside the codebook": 1,
    "not a number": 2,
  });
  assert.deepEqual(
    [report.validity, report.uniqueness, report.absoluteUniqueness],
    [0, 0, 0],
  );
  assert.deepEqual([report.novelty, report.absoluteNovelty], [0, 0]);
});

Deno.test("measureGeneration() of the whole space is its own split", () => {
  const all = Array.from(
    { length: TABLE.count },
    (_, i) => cellGraph(TABLE, i),
  );
  const report = measureGeneration(SPACE, all, "strict", STRICT_KEYS);
  assert.equal(report.validity, 100);
  assert.equal(report.uniqueness, 100);
  assert.equal(report.novel, 1_563);
  // All structures, and the validation cells but the 1,022 of a training cell's.
  assert.equal(report.byStructure!.distinct, 6_466);
  assert.equal(report.byStructure!.novel, 1_563 - 1_022);
});

Deno.test("measureGeneration() refuses no samples", () => {
  assert.throws(
    () => measureGeneration(SPACE, [], "paper", new Set()),
    new RangeError(
      "Cannot measure a generation: there must be at least one sample, got 0",
    ),
  );
});
