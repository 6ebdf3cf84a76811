import assert from "node:assert/strict";
import { beyondRows } from "../../lib/generation/beyond_draws.ts";
import type { MeasuredGenerator } from "../../lib/generation/generator.ts";
import type { MeasuredGenerators } from "../../lib/generation/generators.ts";
import {
  MOST_DIFFERENT_CELLS,
  type SweepPoint,
} from "../../lib/generation/sampling_sweep.ts";

/** What came of so many draws; only the strict reading is looked at. */
function measured(
  method: string,
  draws: number,
  [samples, valid, distinct, novel]: number[],
  chosenFor = "nothing",
): MeasuredGenerator & SweepPoint {
  return {
    draws,
    reports: { strict: { samples, valid, distinct, novel } },
    rows: { strict: { method, mode: "strict", samples, draws, chosenFor } },
  } as unknown as MeasuredGenerator & SweepPoint;
}

Deno.test("beyondRows() has figures by sentences drawn, independent draws first", () => {
  const generators: MeasuredGenerators[] = [
    { name: "a rival", reported: [measured("rival", 10, [10, 1, 1, 1])] },
    {
      name: "Arch-LLM",
      reported: [
        measured("Arch-LLM t=2", 100, [100, 10, 9, 8], "as published"),
        measured(
          "Arch-LLM t=0.9",
          100,
          [100, 90, 60, 12],
          MOST_DIFFERENT_CELLS,
        ),
      ],
      writer: {
        code: "arch-llm",
        sweep: [measured("Arch-LLM t=0.9", 100, [100, 1, 1, 1])],
        // 20 novel cells of 4,000 sentences: half a one of 100.
        aimed: [measured("Arch-LLM, novel, t=0.9", 4000, [20, 20, 20, 20])],
      },
    },
  ];
  // Rows of the strict reading, and what comes of 100 sentences.
  const row = (measured: MeasuredGenerator) => measured.rows.strict;
  assert.deepEqual(beyondRows(generators), [
    {
      ...row(generators[1].reported[1]),
      ...{ validPer100: 90, uniquePer100: 60, novelPer100: 12 },
    },
    {
      ...row(generators[1].writer!.aimed[0]),
      ...{ validPer100: 0.5, uniquePer100: 0.5, novelPer100: 0.5 },
    },
  ]);
});
