import assert from "node:assert/strict";
import { figureTitle } from "../../lib/report/figure.ts";
import type { Ceiling } from "../../lib/generation/ceilings.ts";
import type { Outcomes } from "../../lib/generation/generators.ts";
import type { SeedsRow } from "../../lib/generation/training_seeds.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import {
  beyondTable,
  editedCellDrawing,
  generationTable,
  generationTableName,
  invalidityFigure,
  invalidityTable,
  seedsTable,
  sweepFigure,
} from "../../lib/report/generation_report.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

const space = getSpace("nasbench201");
const another = { ...space, name: "another", title: "Another" };
const LIMITS: Ceiling[] = [{
  metric: "absoluteUniqueness",
  mode: "strict",
  percent: 73.9,
  text: "No more than 73.9 %.",
}];

function row(mode: "paper" | "strict", temperature: number): ResultRow {
  return {
    method: `Ours t=${temperature}`,
    source: "measured",
    mode,
    temperature,
    reconstruction: 100,
    validity: 90,
    uniqueness: 80,
    absoluteUniqueness: 72,
    novelty: 10,
    absoluteNovelty: 9,
  };
}

const ROWS = [row("paper", 0.8), row("strict", 0.8)];

Deno.test("generationTable() has the paper's rows, number and file name where there are any", () => {
  const table = generationTable(space, ROWS, LIMITS);
  assert.equal(generationTableName(space), "table_2");
  assert.equal(table.caption, "Table 2: generation on NAS-Bench-201 (%)");
  assert.equal(table.rows.length, 5 + 2);
  assert.equal(table.notes.at(-1), "No more than 73.9 %.");
});

Deno.test("generationTable() of a space that the paper does not have is of our rows alone", () => {
  const table = generationTable(another, ROWS, []);
  assert.equal(generationTableName(another), "table_generation");
  assert.equal(table.caption, "Generation on Another (%)");
  assert.deepEqual(table.rows, ROWS);
});

/** A mean over seeds. */
function seedsRow(method: string, trainings: number): SeedsRow {
  return {
    ...{ method, mode: "strict", trainings },
    seeds: [0, 1, 2].slice(0, trainings).join(", "),
    ...{ reconstruction: 100, reconstructionDeviation: 0 },
    ...{ validity: 94, validityDeviation: 4.126 },
    ...{ uniqueness: 80, uniquenessDeviation: 1 },
    ...{ absoluteUniqueness: 70, absoluteUniquenessDeviation: 1 },
    ...{ novelty: 10, noveltyDeviation: 1 },
    ...{ absoluteNovelty: 9, absoluteNoveltyDeviation: 1 },
    note: "from scratch",
  };
}

Deno.test("seedsTable() has means under the paper's rows, and deviations of several trainings", () => {
  const table = seedsTable(space, [seedsRow("a", 3), seedsRow("b", 1)]);
  const texts = (title: string) =>
    table.columns.find((column) => column.title === title)!.texts.slice(4);
  assert.deepEqual(table.rules, [5]);
  assert.deepEqual(texts("Validity (%)"), ["84.10", "94.00 ± 4.13", "94.00"]);
  assert.deepEqual(texts("Reading"), ["published", "strict", "strict"]);
  assert.deepEqual(texts("Temperature"), ["2", "–", "–"]);
  assert.deepEqual(texts("Training seeds"), ["–", "0, 1, 2", "0"]);
  assert.match(table.notes[0], /^Mean ± sample standard deviation/);
  assert.equal(table.notes[1], "from scratch");
});

Deno.test("seedsTable() says where there is one seed", () => {
  const { notes, rows } = seedsTable(another, [seedsRow("a", 1)]);
  assert.equal(rows.length, 1);
  assert.match(notes[0], /^Of one training seed/);
});

Deno.test("beyondTable() has figures of what is returned and of what is drawn", () => {
  const { columns, caption, notes } = beyondTable(space, [{
    ...row("strict", 1),
    ...{ method: "Ours, novel, t=1", draws: 4000, samples: 20 },
    ...{ validity: 100, absoluteUniqueness: 100, absoluteNovelty: 100 },
    ...{ validPer100: 0.5, uniquePer100: 0.5, novelPer100: 0.25 },
    note: "from scratch",
  }]);
  assert.match(caption, /strict reading/);
  assert.equal(notes.at(-1), "from scratch");
  assert.deepEqual(columns.map(({ texts }) => texts[0]), [
    "Ours, novel, t=1",
    ...["20", "4,000", "100.00", "100.00", "100.00", "0.50", "0.50", "0.25"],
  ]);
});

Deno.test("sweepFigure() draws the ceiling where there is one", () => {
  const withCeiling = sweepFigure(space, "Ours", ROWS, LIMITS);
  assert.ok(
    withCeiling.data.some(({ name }) => name === "ceiling of uniqueness"),
  );
  const without = sweepFigure(another, "Ours", ROWS, []);
  assert.doesNotMatch(JSON.stringify(without.data), /ceiling/);
  assert.match(
    figureTitle(without),
    /Ours: validity, uniqueness and novelty by temperature, Another/,
  );
});

const OUTCOMES: Outcomes[] = [["Ours", 0.8], ["Theirs", 1]].map((
  [method, temperature],
) => ({
  method: String(method),
  temperature: Number(temperature),
  samples: 10,
  valid: 6,
  reasons: { malformed: 3, disconnected: 1 },
  malformed: {
    "wrong length": 2,
    "outside the codebook": 0,
    "not a number": 1,
  },
}));

Deno.test("invalidityTable() has a row for each method and temperature, kinds of the malformed last", () => {
  const { columns } = invalidityTable(OUTCOMES);
  assert.deepEqual(columns.map(({ title, texts }) => [title, texts[0]]), [
    ["method", "Ours"],
    ["temperature", "0.80"],
    ["valid", "6"],
    ["malformed", "3"],
    ["disconnected", "1"],
    ["wrong length", "2"],
    ["outside the codebook", "0"],
    ["not a number", "1"],
  ]);
});

Deno.test("invalidityFigure() is of one method", () => {
  const { data } = invalidityFigure(space, "Theirs", OUTCOMES);
  assert.deepEqual(data.map(({ name, x, y }) => [name, x, y]), [
    ["malformed", ["1"], [30]],
    ["disconnected", ["1"], [10]],
  ]);
});

Deno.test("editedCellDrawing() tells what was kept and what changed", async () => {
  const cell = (index: number) => cellGraph(space.cells(), index);
  const { svg, caption } = await editedCellDrawing(space, cell(0), [0, 1], {
    variants: [{ graph: cell(1), changed: [6] }, {
      graph: cell(7),
      changed: [5, 6],
    }],
    draws: 300,
  });
  const titles = ["as it was; kept: 0, 1", "changed: 6", "changed: 5, 6"];
  const places = titles.map((title) => svg.indexOf(`>${title}<`));
  assert.ok(places.every((place) => place > 0), `${places}`);
  assert.deepEqual(places, places.toSorted((a, b) => a - b));
  assert.match(caption!, /^2 variants, .* from 300 sentences\.$/);
});
