import assert from "node:assert/strict";
import type { Ceiling } from "../../lib/generation/ceilings.ts";
import type { Outcomes } from "../../lib/generation/generators.ts";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import {
  editedCellDrawing,
  generationTable,
  generationTableName,
  invalidityFigure,
  invalidityTable,
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

Deno.test("sweepFigure() draws the ceiling where there is one", () => {
  const withCeiling = sweepFigure(space, "Ours", ROWS, LIMITS);
  assert.match(
    JSON.stringify(withCeiling.layout),
    /ceiling, independent draws/,
  );
  const without = sweepFigure(another, "Ours", ROWS, []);
  assert.doesNotMatch(JSON.stringify(without.layout), /ceiling/);
  assert.match(
    JSON.stringify(without.layout.title),
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
