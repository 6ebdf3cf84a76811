import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  changedNodes,
  editCell,
  lastFullCell,
} from "../../lib/generation/cell_editing.ts";
import { sentinel } from "../../lib/language/sentences.ts";
import type { TokenBatch } from "../../lib/language/tokenizer.ts";
import type { GenerationOptions } from "../../lib/models/t5/generator.ts";
import { type Graph, graphOf } from "../../lib/spaces/graph.ts";
import { cellGraph, cellTable } from "../../lib/spaces/space.ts";
import type { DecodedCells } from "../../lib/spaces/tensors.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import {
  codesOf,
  learnedModel,
  NODES,
  OPS,
  space,
} from "../models/_learned_model.ts";

const learned = await learnedModel();
// The hand-made VQ-VAE only decodes; its codes are known.
const vqvae = Object.create(learned.vqvae, {
  config: { value: learned.vqvae.config },
  encodeGraphs: {
    value: (_space: unknown, [graph]: Graph[]) =>
      Promise.resolve({ codes: Int32Array.from(codesOf(graph)) }),
  },
  decode: {
    value: (codes: Int32Array): Promise<DecodedCells> =>
      learned.vqvae.decode(codes),
  },
});
/** Fills in operations at random, of which some are none of an inner node. */
const generator = Object.create(learned.generator, {
  generate: {
    value: (prompts: TokenBatch, { random, maxTokens }: GenerationOptions) => {
      const sentences = Array.from(
        { length: prompts.rows },
        () =>
          [4, 5, 6].flatMap((node, k) => [
            sentinel(k),
            String(OPS * node + random.integer(OPS)),
          ]),
      );
      return Promise.resolve(
        learned.tokens.tokenizer.encodeBatch(sentences, maxTokens).ids,
      );
    },
  },
});
const model = { ...learned, vqvae, generator };

Deno.test("editCell() changes no node that is kept, and nothing but cells of the space come back", async () => {
  const before = cellGraph(space.cells(), 5000);
  const keep = [0, 1, 2, 3, 7];
  const edit = () =>
    editCell(model, before, keep, {
      count: 3,
      temperature: 2,
      random: Random.fromSeed(0),
    });
  const { variants, draws } = await edit();
  assert.ok(draws >= 100 && draws % 100 === 0);
  assert.equal(variants.length, 3);
  const keys = new Set<string>([space.key(before)]);
  for (const { graph, changed } of variants) {
    for (const node of keep) assert.equal(graph.ops[node], before.ops[node]);
    assert.ok(
      changed.length > 0 && changed.every((node) => !keep.includes(node)),
    );
    assert.equal(space.invalidReason(graph, "strict"), null);
    keys.add(space.key(graph));
  }
  assert.equal(keys.size, variants.length + 1);
  assert.deepEqual(await edit(), { variants, draws });
});

Deno.test("editCell() wants some rows to keep, and not all", async () => {
  const all = Array.from({ length: NODES }, (_, node) => node);
  for (const keep of [all, [8], [-1]]) {
    await assert.rejects(
      editCell(model, cellGraph(space.cells(), 0), keep, {
        count: 1,
        temperature: 1,
        random: Random.fromSeed(0),
      }),
      /rows to keep must be some of 0 to 7, but not all, got/,
    );
  }
});

Deno.test("changedNodes() looks at operations and incoming edges", () => {
  const before = graphOf([0, 1, 2, 4], [[0, 1], [1, 2], [2, 3]]);
  assert.deepEqual(changedNodes(before, before), []);
  assert.deepEqual(
    changedNodes(before, graphOf([0, 1, 3, 4], [[0, 1], [1, 2], [1, 3]])),
    [2, 3],
  );
});

Deno.test("lastFullCell() is a validation cell with all nodes", () => {
  const { validation } = space.split();
  assert.deepEqual(
    lastFullCell(space),
    cellGraph(space.cells(), validation[validation.length - 1]),
  );
  // Of two cells the second has a node less.
  const full = cellGraph(space.cells(), 7);
  const small = graphOf([0, 1, 6], [[0, 1], [1, 2]]);
  const cells = cellTable([full, small], NODES);
  const two = {
    ...space,
    cells: () => cells,
    split: () => cellSplit(Uint32Array.of(), Uint32Array.of(0, 1)),
  };
  assert.deepEqual(lastFullCell(two), full);
  const none = {
    ...two,
    split: () => cellSplit(Uint32Array.of(0), Uint32Array.of(1)),
  };
  assert.throws(() => lastFullCell(none), /must have 8 nodes, got none/);
});
