import assert from "node:assert/strict";
import {
  type ComparedSpace,
  generationComparison,
  searchComparison,
} from "../../lib/report/comparison.ts";
import type { ReportTable, Row } from "../../lib/report/tables.ts";

const EMPTY: ComparedSpace = {
  title: "Space",
  ...{ generation: [], seeds: [], generators: [], search: [], searches: [] },
};

/** Texts of a table, row by row. */
function texts({ columns, rows }: ReportTable): string[][] {
  return rows.map((_, at) => columns.map(({ texts }) => texts[at]));
}

const paper: Row = {
  source: "paper",
  mode: "paper",
  method: "Arch-LLM t=0.7",
  temperature: 0.7,
  ...{ reconstruction: 98, validity: 88, absoluteUniqueness: 85 },
  absoluteNovelty: 10,
};
const measured = (method: string, mode: string): Row => ({
  ...paper,
  source: "measured",
  method,
  mode,
  seed: 0,
});

Deno.test("generationComparison() sets the paper's rows before those run here, in both readings", () => {
  const seeds = ["paper", "strict"].map((mode) => ({
    ...measured("Arch-LLM", mode),
    temperature: undefined,
    temperatures: "0.7, 0.8",
    seeds: "0, 1",
    validityDeviation: 0.5,
  }));
  const shown = generationComparison([
    {
      ...EMPTY,
      generation: [measured("Arch-LLM t=0.7", "paper"), paper],
      seeds,
      generators: [paper, measured("SVGe, 1,000 × 10", "strict")],
    },
    { ...EMPTY, title: "Other", generation: [paper] },
  ]);
  assert.deepEqual(texts(shown).map((row) => row.slice(0, 8)), [
    [
      "Space",
      "the paper",
      "Arch-LLM t=0.7",
      "not stated",
      "0.7",
      "–",
      "98.00",
      "88.00",
    ],
    [
      "Space",
      "run here",
      "SVGe, 1,000 × 10",
      "strict",
      "0.7",
      "0",
      "98.00",
      "88.00",
    ],
    [
      "Space",
      "run here",
      "Arch-LLM",
      "published",
      "0.7, 0.8",
      "0, 1",
      "98.00",
      "88.00 ± 0.50",
    ],
    [
      "Space",
      "run here",
      "Arch-LLM",
      "strict",
      "0.7, 0.8",
      "0, 1",
      "98.00",
      "88.00 ± 0.50",
    ],
    [
      "Other",
      "the paper",
      "Arch-LLM t=0.7",
      "not stated",
      "0.7",
      "–",
      "98.00",
      "88.00",
    ],
  ]);
  assert.deepEqual(shown.rules, [4]);
});

Deno.test("generationComparison() takes independent samples where there are no means over seeds", () => {
  const shown = generationComparison([{
    ...EMPTY,
    generation: [
      "Arch-LLM t=0.7",
      "Arch-LLM, unique, t=0.7",
      "arch2vec, repaired",
    ]
      .map((method) => measured(method, "strict")),
  }]);
  assert.deepEqual(
    texts(shown).map(([, , method]) => method),
    ["Arch-LLM t=0.7", "arch2vec, repaired"],
  );
});

Deno.test("searchComparison() has a row for each data set of each search", () => {
  const row = (source: string, method: string, figures: Row): Row => ({
    source,
    method,
    queries: 192,
    ...figures,
  });
  const shown = searchComparison([{
    ...EMPTY,
    search: [
      row("paper", "AG-Net*", { "a validation": 94.9, "a test": 94.2 }),
      row("paper", "Diffusion**", { "a validation": null, "a test": 94.4 }),
      row("measured", "Random search", {
        ...{ "a validation": 94, "a validation error": 0.1 },
        ...{ "a test": 93, "a test error": 0.2 },
        ...{ "a optimum found": 1, "a trials": 3 },
        ...{ "b validation": 70, "b test": 71 },
      }),
    ],
    searches: [
      row("paper", "AG-Net*", { "a validation": 94.9, "a test": 94.2 }),
      row("measured (surrogate)", "AG-Net", {
        "a validation": 95,
        "a test": 94,
      }),
    ],
  }]);
  assert.deepEqual(texts(shown), [
    ["Space, a", "the paper", "AG-Net*", "192", "94.90", "94.20", "–"],
    ["Space, a", "the paper", "Diffusion**", "192", "–", "94.40", "–"],
    [
      "Space, a",
      "run here",
      "Random search",
      "192",
      "94.00 ± 0.10",
      "93.00 ± 0.20",
      "1 of 3",
    ],
    [
      "Space, a",
      "run here (surrogate)",
      "AG-Net",
      "192",
      "95.00",
      "94.00",
      "–",
    ],
    ["Space, b", "run here", "Random search", "192", "70.00", "71.00", "–"],
  ]);
});
