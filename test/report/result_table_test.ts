import assert from "node:assert/strict";
import type { ResultRow } from "../../lib/metrics/result_row.ts";
import { resultTable } from "../../lib/report/result_table.ts";

function row(
  method: string,
  source: "paper" | "measured",
  mode: "paper" | "strict",
  validity: number,
  more: Partial<ResultRow> = {},
): ResultRow {
  return {
    method,
    source,
    mode,
    reconstruction: 99.6,
    validity,
    uniqueness: 70,
    absoluteUniqueness: 65.432,
    novelty: 10,
    absoluteNovelty: 9,
    ...more,
  };
}

const MEASURED = { samples: 10_000, seed: 0, topK: null };

Deno.test("resultTable() puts published rows first, then each mode, with rules between", () => {
  const table = resultTable([
    row("strict", "measured", "strict", 1),
    row("measured", "measured", "paper", 2),
    row("published", "paper", "paper", 3),
    row("published too", "paper", "paper", 4),
  ]);
  const [method, source, mode] = table.columns.map((column) => column.texts);
  assert.deepEqual(method, [
    "published",
    "published too",
    "measured",
    "strict",
  ]);
  assert.deepEqual(source, ["paper", "paper", "measured", "measured"]);
  assert.deepEqual(mode, ["paper", "paper", "paper", "strict"]);
  assert.deepEqual(table.rules, [2, 3]);
});

Deno.test("resultTable() makes the best measured value of a mode bold, unless all share it", () => {
  const table = resultTable([
    row("p", "paper", "paper", 100),
    row("a", "measured", "paper", 90),
    row("b", "measured", "paper", 95),
    row("c", "measured", "strict", 50),
  ]);
  const bold = (title: string) =>
    table.columns.find((column) => column.title === title)!.bold;
  assert.deepEqual(bold("Validity (%)"), [false, false, true, false]);
  assert.deepEqual(bold("Uniqueness (%)"), [false, false, false, false]);
});

Deno.test("resultTable() leaves a missing value out of the comparison", () => {
  const table = resultTable([
    row("a", "measured", "paper", NaN),
    row("b", "measured", "paper", 95),
    row("c", "measured", "paper", 90),
  ]);
  const validity = table.columns.find(({ title }) => title === "Validity (%)")!;
  assert.deepEqual(validity.texts, ["–", "95.00", "90.00"]);
  assert.deepEqual(validity.bold, [false, true, false]);
});

Deno.test("resultTable() numbers notes, one per text, before the caller's", () => {
  const table = resultTable([
    row("a", "paper", "paper", 1, { note: "taken from elsewhere" }),
    row("b", "paper", "paper", 2, { note: "taken from elsewhere" }),
    row("c", "measured", "paper", 3, { note: "from scratch" }),
    row("d", "measured", "paper", 3),
  ], { notes: ["Ceiling: 73.86 %."] });
  assert.deepEqual(table.columns[0].texts, ["a¹", "b¹", "c²", "d"]);
  assert.deepEqual(table.notes, [
    "¹ taken from elsewhere",
    "² from scratch",
    "Ceiling: 73.86 %.",
  ]);
});

Deno.test("resultTable() says a shared setting once, and gives others a column", () => {
  const table = resultTable([
    row("p", "paper", "paper", 1, { samples: 5, temperature: 1.8 }),
    row("a", "measured", "paper", 1, { ...MEASURED, temperature: 0.75 }),
    row("b", "measured", "paper", 2, { ...MEASURED, topK: 50 }),
  ]);
  assert.ok(
    table.notes.includes("Measured rows: 10,000 samples each, seed 0."),
  );
  const texts = Object.fromEntries(
    table.columns.map(({ title, texts }) => [title, texts]),
  );
  assert.deepEqual(texts["Top-k"], ["–", "off", "50"]);
  assert.deepEqual(texts["Temperature"], ["1.80", "0.75", "–"]);
  assert.equal(texts["Samples"], undefined);
  assert.equal(texts["Decodes"], undefined);
});

Deno.test("resultTable() keeps the rows themselves as they are", () => {
  const rows = [row("a", "measured", "paper", 12.3456)];
  assert.deepEqual(resultTable(rows).rows, rows);
});

Deno.test("resultTable() has columns by structure where a measured row has them", () => {
  const titles = (rows: ResultRow[]) =>
    resultTable(rows).columns.map(({ title }) => title);
  const paper = row("a", "measured", "paper", 90);
  assert.ok(titles([paper]).every((title) => !title.includes("structure")));
  const strict = (structureNovelty: number) =>
    row("a", "measured", "strict", 90, {
      structureUniqueness: 60,
      structureAbsoluteUniqueness: 54,
      structureNovelty,
      structureAbsoluteNovelty: 0.9 * structureNovelty,
    });
  const rows = [paper, strict(3), strict(4)];
  assert.deepEqual(titles(rows).slice(-4), [
    "Uniqueness by structure (%)",
    "Absolute uniqueness by structure (%)",
    "Novelty by structure (%)",
    "Absolute novelty by structure (%)",
  ]);
  const novelty = resultTable(rows).columns.at(-2)!;
  assert.deepEqual(novelty.texts, ["–", "3.00", "4.00"]);
  assert.deepEqual(novelty.bold, [false, false, true]);
});
