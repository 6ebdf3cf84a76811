import assert from "node:assert/strict";
import { reconstructionRows } from "../../../lib/models/vqvae/reconstruction.ts";
import { encodeSplits, Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import { cellSplit } from "../../../lib/spaces/split.ts";
import { executor, handMade, space as whole } from "../_learned_model.ts";

Deno.test("reconstructionRows() has both splits, and the codes that the training cells are written with", async () => {
  const split = cellSplit(
    whole.split().train.subarray(0, 20),
    whole.split().validation.subarray(0, 5),
  );
  const space = { ...whole, split: () => split };
  await using vqvae = Vqvae.load(handMade(), executor);
  const { train } = await encodeSplits(vqvae, space);
  const rows = await reconstructionRows(space, vqvae, train);
  // 8 codes a cell, of which those of few neighbourhoods differ.
  const used = new Set(train.codes).size;
  assert.ok(used > 1 && used < train.codes.length);
  for (const { code, usedCodes, perplexity } of rows) {
    assert.equal(code, "Arch-LLM");
    assert.equal(usedCodes, used);
    assert.ok(perplexity > 1 && perplexity <= used);
  }
  assert.deepEqual(
    rows.map(({ code: _, usedCodes: _used, perplexity: _p, ...row }) => row),
    [
      {
        split: "train",
        ...await vqvae.reconstruction(space, split.train),
      },
      {
        split: "validation",
        ...await vqvae.reconstruction(space, split.validation),
      },
    ],
  );
  // Other sequences, other counts: two codes in equal use.
  const [{ usedCodes, perplexity }] = await reconstructionRows(space, vqvae, {
    ...train,
    codes: train.codes.map((_, i) => 3 + i % 2),
  });
  assert.equal(usedCodes, 2);
  assert.ok(Math.abs(perplexity - 2) < 1e-9);
});
