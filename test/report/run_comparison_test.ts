import assert from "node:assert/strict";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import {
  type ComparedColumn,
  comparisonTables,
  type RunResults,
} from "../../lib/report/run_comparison.ts";
import type { ReportTable } from "../../lib/report/tables.ts";
import type { SearchRow } from "../../lib/search/rows.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const space = getSpace("nasbench201");
const UNIQUE = "absolute uniqueness (strict)";

const row = (
  method: string,
  seed: number,
  validity: number,
  more: Partial<ResultRow> = {},
): ResultRow => ({
  ...{ method, seed, validity, source: "measured", mode: "strict" },
  ...{ reconstruction: 99, uniqueness: 80, novelty: 10, samples: 400 },
  ...{ absoluteUniqueness: 70, absoluteNovelty: 9 },
  ...more,
});
const search = (validation: number, found = 5, source = "measured") =>
  ({
    ...{ source, method: "Ours", queries: 192 },
    "d validation": validation,
    "d validation error": 0.3,
    "d test": 93,
    "d test error": 0.4,
    "d optimum found": found,
    "d trials": 20,
  }) as SearchRow;

/** A run of a seed, whose temperature was chosen. */
const run = (
  seed: number,
  temperature: number,
  validity: number,
  rows: readonly SearchRow[] = [],
): RunResults => ({
  seed,
  generation: [
    row("Rival", seed, 20 + seed),
    row("Rival", seed + 1, 30),
    row(`Ours t=${temperature}`, seed, validity, {
      ...{ temperature, chosenFor: UNIQUE },
    }),
  ],
  search: rows,
});

/** The texts of a table under its headings, by row. */
const lines = ({ columns }: ReportTable) =>
  columns[0].texts.map((_, at) => columns.map(({ texts }) => texts[at]));
const titles = ({ columns }: ReportTable) => columns.map(({ title }) => title);

const tables = (...columns: readonly ComparedColumn[]) =>
  comparisonTables(space, columns);

Deno.test("comparisonTables() sets two runs side by side, with binomial errors of the differences", () => {
  const { table_2_strict: table, ...others } = tables(
    { label: "A", runs: [run(0, 0.9, 80)] },
    { label: "B", runs: [run(0, 1, 90)] },
  );
  assert.deepEqual(others, {});
  assert.deepEqual(titles(table), ["method", "figure", "A", "B", "B − A"]);
  const text = lines(table);
  // A run alone has all its trainings of a rival: 20 and 30 of seeds 0 and 1.
  assert.deepEqual(text[1], [
    "",
    "validity",
    "25.00 ± 7.07",
    "25.00 ± 7.07",
    "0.00 ± 7.07",
  ]);
  assert.deepEqual(text.slice(6, 9), [
    ["Ours, best absolute uniqueness", "temperature", "0.90", "1.00", "+0.10"],
    ["", "reconstruction", "99.00", "99.00", "0.00"],
    // √(0.8 · 0.2 / 400) = 2 points, √(0.9 · 0.1 / 400) = 1.5; together 2.5.
    ["", "validity", "80.00", "90.00", "+10.00 ± 2.50"],
  ]);
  // Of 320 and of 360 valid: √(0.16 / 320 + 0.16 / 360) = 3.0732 points.
  const uniqueness = table.rows[9];
  assert.equal(uniqueness.figure, "uniqueness");
  assertClose(
    [uniqueness["B - A error"] as number],
    [100 * Math.sqrt(0.16 / 320 + 0.16 / 360)],
    SAME_ALGORITHM,
  );
});

Deno.test("comparisonTables() has mean and deviation over seeds, and errors of these means", () => {
  const { table_2_strict: table } = tables(
    { label: "A", runs: [run(0, 0.9, 80), run(1, 1, 84)] },
    { label: "B", runs: [run(0, 0.9, 90), run(1, 0.9, 98)] },
  );
  // Deviations √8 and √32, errors 2 and 4, √20 together.
  assert.deepEqual(lines(table)[8], [
    "",
    "validity",
    "82.00 ± 2.83",
    "94.00 ± 5.66",
    "+12.00 ± 4.47",
  ]);
  // Of a further run its own seed counts: 20 and 30 of the first.
  assert.equal(lines(table)[1][2], "25.00 ± 7.07");
  assert.deepEqual(lines(table)[6].slice(2), [
    "0.95 ± 0.07",
    "0.90 ± 0.00",
    "-0.05 ± 0.05",
  ]);
});

Deno.test("comparisonTables() of seeds has each run's own seed, and the mean in a column of its own", () => {
  const [first, second] = [run(0, 0.9, 80), run(1, 1, 84)];
  const { table_2_strict: table } = tables(
    { label: "A", runs: [first] },
    { label: "B", runs: [second] },
    { label: "mean", runs: [first, second], isMean: true },
  );
  assert.deepEqual(titles(table).slice(2), ["A", "B", "mean", "B − A"]);
  const [rival, ours] = [lines(table)[1], lines(table)[8]];
  assert.deepEqual(rival.slice(2, 5), ["20.00", "21.00", "20.50 ± 0.71"]);
  assert.deepEqual(ours.slice(2, 5), ["80.00", "84.00", "82.00 ± 2.83"]);
  assert.match(ours[5], /^\+4\.00 ± 2\.71$/);
});

Deno.test("comparisonTables() compares searches by data set; those on other accuracies are other rows", () => {
  const { table_4_d: table } = tables(
    { label: "A", runs: [run(0, 1, 80, [search(94)])] },
    {
      label: "B",
      runs: [
        run(0, 1, 80, [
          search(94.5, 10),
          search(90, 1, "measured (surrogate)"),
        ]),
      ],
    },
  );
  assert.deepEqual(titles(table), [
    ...["method", "queries", "figure", "A", "B", "B − A"],
  ]);
  assert.deepEqual(lines(table).slice(0, 4), [
    // √(0.3² + 0.3²); √(0.4² + 0.4²); 20 √(0.25 · 0.75 / 20 + 0.5 · 0.5 / 20).
    ["Ours", "192", "validation (%)", "94.00", "94.50", "+0.50 ± 0.42"],
    ["", "", "test (%)", "93.00", "93.00", "0.00 ± 0.57"],
    ["", "", "optimum found", "5.0", "10.0", "+5.0 ± 3.0"],
    ["Ours, surrogate", "192", "validation (%)", "–", "90.00", "–"],
  ]);
});

Deno.test("comparisonTables() has no share of valid samples where there are none", () => {
  const none = { ...run(0, 1, 80), generation: [row("Ours", 0, 0)] };
  const { table_2_strict: table } = tables(
    { label: "A", runs: [none] },
    { label: "B", runs: [{ ...none, generation: [row("Ours", 0, 50)] }] },
  );
  assert.deepEqual(
    lines(table).filter(([, figure]) => /uniqueness|novelty/.test(figure))
      .map(([, figure, a, , difference]) => [figure, a, difference]),
    [
      ["uniqueness", "–", "–"],
      ["abs. uniqueness", "70.00", "0.00 ± 3.24"],
      ["novelty", "–", "–"],
      ["abs. novelty", "9.00", "0.00 ± 2.02"],
    ],
  );
});
