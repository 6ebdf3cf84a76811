import assert from "node:assert/strict";
import { reconstructionRows } from "../../../lib/models/vqvae/reconstruction.ts";
import type { VqvaeEpoch } from "../../../lib/models/vqvae/training.ts";
import { Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import { cellSplit } from "../../../lib/spaces/split.ts";
import {
  CONFIG,
  executor,
  handMade,
  space as whole,
} from "../_learned_model.ts";

Deno.test("reconstructionRows() has both splits, and the codes of the last epoch", async () => {
  const split = cellSplit(
    whole.split().train.subarray(0, 20),
    whole.split().validation.subarray(0, 5),
  );
  const space = { ...whole, split: () => split };
  const epoch = (usedCodes: number, perplexity: number) =>
    ({ usedCodes, perplexity }) as VqvaeEpoch;
  await using vqvae = Vqvae.load(handMade(), executor);
  const rows = await reconstructionRows(space, vqvae, {
    config: { ...CONFIG, code: "arch-llm-plus" },
    history: [epoch(1, 1), epoch(9, 7.5)],
  });
  const own = { code: "Arch-LLM+", usedCodes: 9, perplexity: 7.5 };
  assert.deepEqual(rows, [
    {
      ...own,
      split: "train",
      ...await vqvae.reconstruction(space, split.train),
    },
    {
      ...own,
      split: "validation",
      ...await vqvae.reconstruction(space, split.validation),
    },
  ]);
  assert.deepEqual(rows.map(({ cells }) => cells), [20, 5]);
});
