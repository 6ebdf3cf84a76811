import assert from "node:assert/strict";
import { rowsOverSeeds } from "../../lib/generation/training_seeds.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import type { CountedRow, UncheckedRow } from "../../lib/recount/compare.ts";
import { recountSeeds } from "../../lib/recount/seeds.ts";

const UNIQUE = "absolute uniqueness (strict)";
const NOVEL = "absolute novelty (strict)";

const row = (
  method: string,
  seed: number,
  validity: number,
  more: Partial<ResultRow> = {},
): ResultRow => ({
  ...{ method, seed, validity, source: "measured", mode: "strict" },
  ...{ reconstruction: 99, uniqueness: 80 + seed, novelty: 10 },
  ...{ absoluteUniqueness: 70, absoluteNovelty: 9 - seed / 3 },
  ...more,
});
const at = (
  temperature: number,
  seed: number,
  validity: number,
  chosenFor: string,
) => row(`Ours t=${temperature}`, seed, validity, { temperature, chosenFor });

const SINGLE = [
  row("Rival", 0, 50),
  row("Rival", 1, 52),
  row("Rival", 2, 57),
  at(0.9, 0, 90, `as published; ${UNIQUE}`),
  at(1, 0, 88, NOVEL),
  at(1.8, 0, 40, "as published"),
  at(0.9, 1, 80, "as published"),
  at(1, 1, 91, `${UNIQUE}; ${NOVEL}`),
  at(1.8, 1, 44, "as published"),
];
const counted = (rows: readonly ResultRow[]): CountedRow[] =>
  rows.map((row) => ({
    row: { ...row },
    figures: row as unknown as Record<string, number>,
  }));
/** The table, as it is read. */
const TABLE: UncheckedRow[] = [
  { method: "Theirs", source: "paper" },
  ...rowsOverSeeds(SINGLE).map((row) => ({ ...row, source: "measured" })),
];

Deno.test("recountSeeds() agrees with means and deviations, however temperatures were chosen", () => {
  const { rows, left, missing } = recountSeeds(TABLE, counted(SINGLE));
  assert.equal(left, 0);
  assert.deepEqual(missing, []);
  assert.deepEqual(
    rows,
    [
      "Rival, seeds 0, 1, 2, strict",
      ...Array(4).fill("Ours, seeds 0, 1, strict"),
    ].map((row) => ({ row, figures: 12, differences: [] })),
  );
});

Deno.test("recountSeeds() finds each figure that is changed, and what is of other rows", () => {
  const [, rival, ours] = TABLE;
  const differences = (row: UncheckedRow) =>
    recountSeeds([row], counted(SINGLE)).rows[0].differences;
  for (const [name, value] of Object.entries(rival)) {
    if (typeof value !== "number" || name === "trainings") continue;
    const [first, ...others] = differences({ ...rival, [name]: value + 1e-6 });
    assert.match(first, new RegExp(`^${name} is `));
    assert.deepEqual(others, []);
  }
  assert.deepEqual(differences({ ...rival, trainings: 2 }), [
    "its seeds are 0, 1, 2, its trainings 2",
  ]);
  for (
    const change of [
      { mode: "paper" },
      { temperatures: "0.7" },
      { chosenFor: "beauty" },
    ]
  ) {
    assert.deepEqual(differences({ ...ours, ...change }), [
      "no row of seed 0 is like it",
    ]);
  }
  const lost = counted(SINGLE).map((one) =>
    one.row.seed === 1 ? { ...one, figures: null, problem: "lost" } : one
  );
  assert.deepEqual(recountSeeds([rival], lost).rows[0].differences, ["lost"]);
});

Deno.test("recountSeeds() leaves rows whose seeds are not there, and says which", () => {
  const here = counted(SINGLE).filter(({ row }) =>
    row.seed === 0 || row.method === "Rival"
  );
  const { rows, left, missing } = recountSeeds(TABLE, here);
  assert.deepEqual(rows.map(({ row }) => row), [
    "Rival, seeds 0, 1, 2, strict",
  ]);
  assert.equal(left, 4);
  assert.deepEqual(missing, [1]);
});
