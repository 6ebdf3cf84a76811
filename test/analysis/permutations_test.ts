import assert from "node:assert/strict";
import {
  permutationTest,
  permuteWritten,
} from "../../lib/analysis/permutations.ts";
import { Random } from "../../lib/core/random.ts";
import { sampleWithAim } from "../../lib/generation/aimed_sampling.ts";
import { codesOf as writtenCodes } from "../../lib/generation/cell_sampling.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { codesOf, learnedModel, space } from "../models/_learned_model.ts";

const model = await learnedModel();

Deno.test("permutationTest() finds no duplicate where each code belongs to one place", async () => {
  // The hand-made codebook has a code for each operation at each node; moved elsewhere
  // its node takes its edges along, so that hardly anything stays on the template.
  const codes = Int32Array.from(
    [0, 5000].flatMap((cell) => codesOf(cellGraph(space.cells(), cell))),
  );
  const test = () =>
    permutationTest(model, codes, {
      permutations: 30,
      random: Random.fromSeed(0),
    });
  const result = await test();
  assert.deepEqual([result.sequences, result.permutations], [2, 30]);
  assert.ok(result.valid < 20 && result.same <= result.valid);
  assert.deepEqual(await test(), result);
});

Deno.test("permutationTest() does not count a permutation that is the sequence itself", async () => {
  const { nodes } = model.vqvae.config;
  const { same, duplicated, valid } = await permutationTest(
    model,
    new Int32Array(nodes).fill(3),
    { permutations: 10, random: Random.fromSeed(0) },
  );
  assert.deepEqual([same, duplicated, valid], [0, 0, 0]);
});

Deno.test("permutationTest() counts a sequence once, however many permutations match", async () => {
  // Codes 0 and 56 decode alike, so an exchange of the two gives the same cell.
  const original = codesOf(cellGraph(space.cells(), 0));
  const twins = Object.create(model.vqvae, {
    config: { value: { ...model.vqvae.config, codebookSize: 57 } },
    decode: {
      value: (codes: Int32Array) => {
        const cells = codes.length / original.length;
        const all = Array.from({ length: cells }, () => original).flat();
        return model.vqvae.decode(Int32Array.from(all));
      },
    },
  });
  const result = await permutationTest(
    { space, vqvae: twins },
    Int32Array.from(original),
    { permutations: 10, random: Random.fromSeed(1) },
  );
  // Whatever the order, the cell comes back.
  assert.deepEqual(
    [result.duplicated, result.same, result.valid],
    [1, 100, 100],
  );
});

Deno.test("permuteWritten() permutes the sequences of unique cells that the model writes", async () => {
  const random = Random.fromSeed(0);
  const steps: number[] = [];
  const result = await permuteWritten(model, {
    sequences: 3,
    random,
    onProgress: ({ done, total }) => {
      assert.equal(total, 6);
      steps.push(done);
    },
  });
  // The draws are told apart by a label of the code.
  const unique = await sampleWithAim(model, "unique", 3, {
    temperature: 0.8,
    random: random.split("permuted printed"),
  });
  assert.deepEqual(
    result,
    await permutationTest(model, writtenCodes(unique), {
      permutations: 100,
      random: random.split("permutations printed"),
    }),
  );
  assert.deepEqual(steps, [3, 6]);
});
