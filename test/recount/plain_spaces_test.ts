/**
 * What is told a second time beside what the metrics measure with: two answers that share no
 * code must be the same for every graph.
 */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { trainingKeys } from "../../lib/metrics/generation.ts";
import { plainGraph } from "../../lib/recount/graph.ts";
import {
  type KnownGraphs,
  plainCell,
  type PlainSpace,
} from "../../lib/recount/plain_space.ts";
import { plainSpace } from "../../lib/recount/plain_spaces.ts";
import { type Graph, graphText } from "../../lib/spaces/graph.ts";
import { structureText } from "../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { getSpace, SPACES } from "../../lib/spaces/registry.ts";
import { cellGraph, type SearchSpace } from "../../lib/spaces/space.ts";
import { randomIncoming } from "../spaces/_graphs.ts";

const READINGS = ["paper", "strict"] as const;

function told(space: SearchSpace): PlainSpace {
  const plain = plainSpace(space.name);
  assert.ok(plain, space.name);
  return plain;
}

/** By the name of a space: learning takes seconds. */
const learnedOnce = new Map<string, KnownGraphs>();

async function learned(space: SearchSpace): Promise<KnownGraphs> {
  await space.prepare();
  const { train } = space.split();
  const known = learnedOnce.get(space.name) ??
    told(space).known({ table: space.cells(), train });
  learnedOnce.set(space.name, known);
  return known;
}

/** A decode at random: most operations within, the ends right most times, edges dense or sparse. */
function randomDecode(space: SearchSpace, random: Random): Graph {
  const most = space.nodeCount;
  const nodes = space.variableSize ? 1 + random.integer(most) : most;
  const any = () => random.integer(space.ops.length);
  const inner = () => space.innerOps[random.integer(space.innerOps.length)];
  const ops = Uint8Array.from(
    { length: nodes },
    () => random.integer(20) === 0 ? any() : inner(),
  );
  for (let input = 0; input < Math.min(nodes, space.inputs); input++) {
    ops[input] = random.integer(20) === 0 ? any() : input;
  }
  if (nodes > 1 && random.integer(20) > 0) {
    ops[nodes - 1] = space.ops.indexOf("output");
  }
  const [a, b] = [randomIncoming(nodes, random), randomIncoming(nodes, random)];
  const sparse = random.integer(2) === 0;
  return {
    ops,
    incoming: a.map((edges, to) => sparse ? edges & b[to] : edges),
  };
}

/** A cell with, most times, an edge or an operation changed. */
function changedCell(space: SearchSpace, random: Random): Graph {
  const table = space.cells();
  const { ops, incoming } = cellGraph(table, random.integer(table.count));
  const to = 1 + random.integer(ops.length - 1);
  const change = random.integer(3);
  if (change === 1) incoming[to] ^= 1 << random.integer(to);
  if (change === 2) ops[to] = random.integer(space.ops.length);
  return { ops, incoming };
}

/** Of a sample few cells: plain hashes are slow. */
const TOLD = [...SPACES, getSpace("darts7")].map(({ name, ofSize }) =>
  ofSize === undefined ? getSpace(name) : ofSize(2_000)
);

for (const space of TOLD) {
  Deno.test(`${space.title} is told as the metrics see it: random graphs and changed cells`, async () => {
    const plain = told(space);
    const known = await learned(space);
    const random = Random.fromSeed(16);
    const graphs = Array.from(
      { length: 6_000 },
      (_, i) =>
        i % 3 === 0 ? randomDecode(space, random) : changedCell(space, random),
    );
    for (const reading of READINGS) {
      const training = trainingKeys(space, reading);
      /** What one side calls the same must be the same to the other. */
      const identities = new Map<string, string>(), keys = new Set<string>();
      let valid = 0, novel = 0;
      for (const graph of graphs) {
        const text = graphText(graph);
        const again = plainGraph(text)!;
        const isValid = space.invalidReason(graph, reading) === null;
        assert.equal(plain.isValid(again, reading), isValid, text);
        if (!isValid) continue;
        valid++;
        const key = reading === "paper"
          ? space.rawKey(graph)
          : space.key(graph);
        const identity = plain.identity(again, reading);
        assert.equal(identities.get(identity) ?? key, key, text);
        identities.set(identity, key);
        keys.add(key);
        const isKnown = training.has(key);
        assert.equal(known.has(again, identity, reading), isKnown, text);
        if (!isKnown) novel++;
      }
      assert.equal(identities.size, keys.size);
      // None of the two is right by saying the same of all.
      assert.ok(valid > 500 && valid < graphs.length - 500, `${valid}`);
      assert.ok(novel > 50 && novel < valid - 50, `${novel}`);
    }
  });

  Deno.test(`training cells of ${space.title} are known, and validation cells are not`, async () => {
    const plain = told(space);
    const known = await learned(space);
    const { train, validation } = space.split();
    const random = Random.fromSeed(7);
    const some = (of: Uint32Array) =>
      [
        0,
        of.length - 1,
        ...Array.from({ length: 400 }, () => random.integer(of.length)),
      ].map((i) => of[i]);
    for (
      const [cells, isKnown] of [[train, true], [validation, false]] as const
    ) {
      for (const cell of some(cells)) {
        const graph = plainCell(space.cells(), cell);
        assert.ok(plain.isValid(graph, "strict"));
        const identity = plain.identity(graph, "strict");
        assert.equal(known.has(graph, identity, "strict"), isKnown, `${cell}`);
      }
    }
  });
}

Deno.test("structures of NAS-Bench-201 are 6,466, the same as those of the space", async () => {
  const plain = told(NASBENCH201);
  const known = await learned(NASBENCH201);
  const table = NASBENCH201.cells();
  const trained = new Set(NASBENCH201.split().train);
  const structures = new Map<string, boolean>();
  for (let cell = 0; cell < table.count; cell++) {
    const structure = structureText(cellGraph(table, cell), {
      considerZero: true,
    });
    assert.equal(plain.structure!(plainCell(table, cell)), structure);
    const isKnown = structures.get(structure) || trained.has(cell);
    structures.set(structure, isKnown);
  }
  assert.equal(structures.size, 6_466);
  for (let cell = 0; cell < table.count; cell += 7) {
    const graph = plainCell(table, cell);
    assert.equal(
      known.hasStructure!(graph),
      structures.get(plain.structure!(graph)),
    );
  }
});

Deno.test("a node that is not checked may have any operation, in the paper's reading alone", () => {
  const plain = told(NASBENCH201);
  // Node 1 is an output.
  const graph = plainGraph("0,6,1,2,3,4,5,6;0,1,1,2,1,2,12,112")!;
  assert.equal(plain.isValid(graph, "paper"), false);
  assert.equal(plain.isValid(graph, "paper", [1]), true);
  assert.equal(plain.isValid(graph, "paper", [2]), false);
  assert.equal(plain.isValid(graph, "strict", [1]), false);
});
