import assert from "node:assert/strict";
import {
  codesByPosition,
  jensenShannon,
} from "../../lib/analysis/code_usage.ts";
import { codeShares, novelCodes } from "../../lib/analysis/novel_codes.ts";
import { Random } from "../../lib/core/random.ts";
import { sampleWithAim } from "../../lib/generation/aimed_sampling.ts";
import { codesOf as writtenCodes } from "../../lib/generation/cell_sampling.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import {
  codesOf,
  CONFIG,
  learnedModel,
  NODES,
  space,
} from "../models/_learned_model.ts";

Deno.test("novelCodes() compares novel cells, and as many training cells, with all of them", async () => {
  await using learned = await learnedModel();
  // Of all cells one is for training, and none that the model has learned.
  const split = () => cellSplit(Uint32Array.of(0), Uint32Array.of(1));
  const model = { ...learned, space: { ...space, split } };
  const cells = Array.from({ length: 40 }, (_, i) => 300 * i);
  const training = {
    codes: Int32Array.from(
      cells.flatMap((cell) => codesOf(cellGraph(space.cells(), cell))),
    ),
    length: NODES,
    codebookSize: CONFIG.codebookSize,
  };
  const random = Random.fromSeed(2);
  const result = await novelCodes(model, training, { cells: 2, random });
  const written = await sampleWithAim(model, "novel", 2, {
    temperature: 1,
    random: random.split("novel printed"),
  });
  assert.ok(result !== null);
  assert.equal(written.samples.length, 2);
  assert.equal(result.method, "Arch-LLM");
  assert.equal(result.cells, written.samples.length);
  assert.equal(result.draws, written.draws);
  const all = codesByPosition(training);
  const novel = codesByPosition({ ...training, codes: writtenCodes(written) });
  assert.deepEqual(result.training, all);
  assert.deepEqual(result.novel, novel);
  assert.deepEqual(
    result.divergence,
    all.map((shares, n) => jensenShannon(shares, novel[n])),
  );
  // The input is the same node in every cell; elsewhere two of 40 cells are no fair sample.
  assert.equal(result.control.length, NODES);
  assert.ok(result.control[0] < 1e-12);
  assert.ok(result.control.some((bits) => bits > 0));
});

Deno.test("codeShares() ranks codes by their use in training cells", () => {
  const shares = codeShares({
    // Code 2 is used most, then 0, then 1.
    training: [Float64Array.of(0.3, 0.1, 0.6), Float64Array.of(0.2, 0, 0.8)],
    novel: [Float64Array.of(1, 0, 0), Float64Array.of(0, 0.01, 0.99)],
  }, 2);
  assert.deepEqual(shares.columns, [1, 2]);
  assert.deepEqual(shares.rows, [
    "0 training",
    "0 novel",
    "1 training",
    "1 novel",
  ]);
  assert.deepEqual(
    shares.values.map((row) => row.map((value) => 10 ** value)).map((row) =>
      row.map((value) => Number(value.toFixed(6)))
    ),
    [[0.6, 0.3], [0.0001, 1], [0.8, 0.2], [0.99, 0.0001]],
  );
});
