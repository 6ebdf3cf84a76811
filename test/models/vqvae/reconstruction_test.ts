import assert from "node:assert/strict";
import { reconstructionRows } from "../../../lib/models/vqvae/reconstruction.ts";
import type { VqvaeEpoch } from "../../../lib/models/vqvae/training.ts";
import { Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import {
  CONFIG,
  executor,
  handMade,
  space as whole,
} from "../_learned_model.ts";

Deno.test("reconstructionRows() has both splits, and the codes of the last epoch", async () => {
  const split = {
    train: whole.split().train.subarray(0, 20),
    validation: whole.split().validation.subarray(0, 5),
  };
  const space = { ...whole, split: () => split };
  const epoch = (usedCodes: number, perplexity: number) =>
    ({ usedCodes, perplexity }) as VqvaeEpoch;
  await using vqvae = Vqvae.load(handMade(), executor);
  const rows = await reconstructionRows(space, vqvae, {
    config: { ...CONFIG, code: "arch-llm-plus" },
    history: [epoch(1, 1), epoch(9, 7.5)],
  });
  assert.deepEqual(
    rows.map(({ code, split, cells, usedCodes, perplexity }) => ({
      ...{ code, split, cells, usedCodes, perplexity },
    })),
    [
      ...["train", "validation"].map((split) => ({
        ...{ code: "Arch-LLM+", split, cells: split === "train" ? 20 : 5 },
        ...{ usedCodes: 9, perplexity: 7.5 },
      })),
    ],
  );
  for (const { cells: _, code: _code, split: name, ...row } of rows) {
    const report = await vqvae.reconstruction(
      space,
      split[name as "train" | "validation"],
    );
    assert.equal(row.ops, report.ops);
    assert.equal(row.wholeGraph, report.wholeGraph);
  }
});
