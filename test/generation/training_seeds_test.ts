import assert from "node:assert/strict";
import { rowsOverSeeds } from "../../lib/generation/training_seeds.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";

function row(
  method: string,
  seed: number,
  validity: number,
  more: Partial<ResultRow> = {},
): ResultRow {
  return {
    method,
    source: "measured",
    mode: "strict",
    reconstruction: 100,
    validity,
    uniqueness: 80,
    absoluteUniqueness: 70,
    novelty: 10,
    absoluteNovelty: 9,
    seed,
    ...more,
  };
}

/** A row of Arch-LLM at a temperature. */
const at = (
  temperature: number,
  seed: number,
  validity: number,
  chosenFor: string,
  more: Partial<ResultRow> = {},
) =>
  row(`Arch-LLM t=${temperature}`, seed, validity, {
    ...{ temperature, chosenFor },
    ...more,
  });

const UNIQUE = "absolute uniqueness (strict)";
const NOVEL = "absolute novelty (strict)";

Deno.test("rowsOverSeeds() has means and sample deviations of what was chosen for the same", () => {
  const [chosen, ...others] = rowsOverSeeds([
    at(0.9, 0, 90, UNIQUE, { note: "from scratch" }),
    at(1, 1, 94, UNIQUE),
    at(0.9, 2, 98, UNIQUE),
  ]);
  // (90 + 94 + 98) / 3 = 94; √((16 + 0 + 16) / 2) = 4.
  assert.deepEqual(chosen, {
    method: "Arch-LLM",
    mode: "strict",
    temperatures: "0.9, 1",
    chosenFor: UNIQUE,
    seeds: "0, 1, 2",
    trainings: 3,
    ...{ reconstruction: 100, reconstructionDeviation: 0 },
    ...{ validity: 94, validityDeviation: 4 },
    ...{ uniqueness: 80, uniquenessDeviation: 0 },
    ...{ absoluteUniqueness: 70, absoluteUniquenessDeviation: 0 },
    ...{ novelty: 10, noveltyDeviation: 0 },
    ...{ absoluteNovelty: 9, absoluteNoveltyDeviation: 0 },
    note: "from scratch",
  });
  assert.deepEqual(others, []);
});

/** Method, temperatures, reasons, seeds and validity. */
const short = (...rows: Parameters<typeof rowsOverSeeds>) =>
  rowsOverSeeds(...rows).map((row) => [
    ...[row.method, row.mode, row.temperatures, row.chosenFor, row.seeds],
    row.validity,
  ]);

Deno.test("rowsOverSeeds() keeps the paper's temperatures apart, and joins reasons that are of the same rows", () => {
  assert.deepEqual(
    short([
      at(1.8, 0, 20, "as published"),
      at(2, 0, 10, "as published"),
      at(0.9, 0, 90, `${UNIQUE}; ${NOVEL}`),
      at(1.8, 1, 30, "as published"),
      at(2, 1, 12, "as published"),
      at(1, 1, 92, `${UNIQUE}; ${NOVEL}`),
    ]),
    [
      ["Arch-LLM", "strict", "1.8", "as published", "0, 1", 25],
      ["Arch-LLM", "strict", "2", "as published", "0, 1", 11],
      ["Arch-LLM", "strict", "0.9, 1", `${UNIQUE}; ${NOVEL}`, "0, 1", 91],
    ],
  );
  // Where one seed chooses otherwise, the reasons are two rows.
  assert.deepEqual(
    short([
      at(0.9, 0, 90, `${UNIQUE}; ${NOVEL}`),
      at(0.9, 1, 80, UNIQUE),
      at(1, 1, 70, NOVEL),
    ]),
    [
      ["Arch-LLM", "strict", "0.9", UNIQUE, "0, 1", 85],
      ["Arch-LLM", "strict", "0.9, 1", NOVEL, "0, 1", 80],
    ],
  );
});

Deno.test("rowsOverSeeds() has in a reading what was chosen in it, the published one first", () => {
  const published = "absolute uniqueness (published)";
  const both = { chosenFor: `as published; ${published}; ${UNIQUE}` };
  assert.deepEqual(
    short([
      at(0.7, 0, 95, "", both),
      at(0.7, 0, 96, "", { ...both, mode: "paper" }),
      at(1, 0, 90, UNIQUE, { mode: "paper" }),
    ]),
    [
      ["Arch-LLM", "paper", "0.7", `as published; ${published}`, "0", 96],
      ["Arch-LLM", "strict", "0.7", `as published; ${UNIQUE}`, "0", 95],
    ],
  );
});

Deno.test("rowsOverSeeds() counts a seed of a method once, and of a further run its own seed", () => {
  assert.deepEqual(
    short([
      row("arch2vec", 0, 20),
      row("arch2vec", 1, 22),
      row("repaired", 0, 60),
    ], [{
      seed: 1,
      rows: [
        row("repaired", 1, 1, { source: "paper" }),
        row("arch2vec", 1, 99),
        row("arch2vec", 2, 99),
      ],
    }]),
    [
      ["arch2vec", "strict", undefined, undefined, "0, 1", 21],
      ["repaired", "strict", undefined, undefined, "0", 60],
    ],
  );
});
