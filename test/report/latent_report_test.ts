import assert from "node:assert/strict";
import type { NovelCodes } from "../../lib/analysis/novel_codes.ts";
import type { Figure } from "../../lib/report/figure.ts";
import {
  cellMapFigure,
  codebookMapFigure,
  codeMeaningsTable,
  codesByPositionFigure,
  divergenceFigure,
  permutationTable,
  predictorsFigure,
  predictorsTable,
} from "../../lib/report/latent_report.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const nasbench201 = getSpace("nasbench201");
const space = { ...nasbench201, nodeCount: 2 };
const titleOf = ({ layout }: Figure) => (layout.title as { text: string }).text;

Deno.test("permutationTable() has the paper's row where the paper has one", () => {
  const test = {
    method: "Arch-LLM+",
    sequences: 50,
    permutations: 100,
    duplicated: 1,
    same: 0.02,
    valid: 0.74,
  };
  const methods = (name: string) =>
    permutationTable({ ...space, name }, [test]).rows.map(({ method }) =>
      method
    );
  assert.deepEqual(methods("nasbench101"), ["paper", "Arch-LLM+"]);
  assert.deepEqual(methods("another"), ["Arch-LLM+"]);
});

const ACCURACIES = { title: "Digits", source: "a table" };

const CODES: NovelCodes = {
  method: "Arch-LLM",
  cells: 1200,
  draws: 34_000,
  training: [Float64Array.of(1, 0), Float64Array.of(0.5, 0.5)],
  novel: [Float64Array.of(1, 0), Float64Array.of(0, 1)],
  divergence: [0, 0.3],
  control: [0, 0.01],
};

Deno.test("codesByPositionFigure() says how many codes and cells it is of", () => {
  const { data, caption } = codesByPositionFigure(space, CODES);
  assert.equal(
    caption,
    "The 2 most used of 2 codes. Training cells beside 1,200 novel ones, from 34,000 sentences.",
  );
  // 201 codes, each as often as any other, at two positions.
  const even = new Float64Array(201).fill(1 / 201);
  const many = codesByPositionFigure(space, {
    ...CODES,
    training: [even, even],
    novel: [even, even],
  });
  assert.match(
    many.caption!,
    /^The 200 most used of 201 codes; the others are 0\.50 % of the codes of training cells and 0\.50 % of those of novel ones\. /,
  );
  const few = [Float64Array.from({ length: 512 }, (_, code) => code ? 0 : 1)];
  assert.match(
    codesByPositionFigure(space, { ...CODES, training: few, novel: few })
      .caption!,
    /^The 200 most used of 512 codes; no other occurs\. /,
  );
  // One scale for all such figures.
  assert.deepEqual([data[0].zmin, data[0].zmax], [-4, 0]);
  assert.equal((data[0].z as number[][]).length, 4);
});

Deno.test("divergenceFigure() shows each method beside its control", () => {
  const { data } = divergenceFigure(space, [CODES]);
  assert.deepEqual(data.map(({ name, y }) => [name, y]), [
    ["Arch-LLM: novel cells", [0, 0.3]],
    ["Arch-LLM: baseline", [0, 0.01]],
  ]);
  assert.match(
    divergenceFigure(space, [CODES]).caption!,
    /which is what chance/,
  );
});

Deno.test("codeMeaningsTable() shows twelve codes and sums up all", () => {
  const meanings = Array.from({ length: 20 }, (_, code) => ({
    code,
    share: 5,
    operation: "skip",
    // Half of the nodes have pure codes, half codes that are right for 90 %.
    purity: code % 2 === 0 ? 100 : 90,
    incoming: 1,
    outgoing: 2,
    from: "input",
  }));
  const { rows, notes, caption } = codeMeaningsTable(
    space,
    "Arch-LLM+",
    meanings,
    {
      codes: Int32Array.from({ length: 40 }, (_, i) => i % 20),
      length: 2,
      codebookSize: 64,
    },
  );
  assert.equal(rows.length, 12);
  assert.equal(caption, "The most used codes, Arch-LLM+, NAS-Bench-201");
  assert.deepEqual(notes, [
    "20 of 64 codes in use, perplexity 20. A node's code tells its operation in 95.0 % of all cases.",
  ]);
});

Deno.test("maps and predictors say so where accuracies are predictions", () => {
  const points = [{ name: "cells", points: [[0, 1], [2, 3]], values: [90, 91] }]
    .map((each) => ({ ...each, points: each.points as [number, number][] }));
  const title = (surrogate: boolean) =>
    titleOf(
      cellMapFigure(space, "Arch-LLM", points, { ...ACCURACIES, surrogate }),
    );
  assert.equal(title(false), "Cells by their codes, Arch-LLM, NAS-Bench-201");
  assert.equal(title(true), `${title(false)}, surrogate`);
  assert.match(
    cellMapFigure(space, "Arch-LLM", points, ACCURACIES).caption!,
    /^2 cells; /,
  );
  const { marker } = cellMapFigure(space, "Arch-LLM", points, ACCURACIES)
    .data[0] as unknown as {
      marker: { colorbar: { title: { text: string }; ticktext: string[] } };
    };
  assert.equal(marker.colorbar.title.text, "Digits validation accuracy (%)");
  assert.deepEqual(marker.colorbar.ticktext, [
    "≤ 90.0",
    "90.3",
    "90.5",
    "90.8",
    "91.0",
  ]);
  assert.equal(
    titleOf(codebookMapFigure(space, "Arch-LLM+", points)),
    "Codebook, Arch-LLM+, NAS-Bench-201",
  );
  const comparison = {
    curves: [{
      name: "one-hot",
      points: [{ mean: 0.5, error: 0.125 }, { mean: 0.75, error: 0.25 }],
    }],
    sizes: [50, 100],
    seeds: 3,
    accuracies: { ...ACCURACIES, surrogate: true },
  };
  const table = predictorsTable(space, comparison);
  assert.deepEqual(
    table.columns.map(({ title, texts }) => [title, ...texts]),
    [
      ["representation", "one-hot"],
      ["50 labels", "0.500 ± 0.125"],
      ["100 labels", "0.750 ± 0.250"],
    ],
  );
  assert.match(table.caption, /, surrogate$/);
  assert.deepEqual(table.notes, ["a table"]);
  const figure = predictorsFigure(space, comparison);
  assert.match(titleOf(figure), /, surrogate$/);
  assert.ok(
    figure.data.some(({ name, y }) =>
      name === "one-hot" && JSON.stringify(y) === "[0.5,0.75]"
    ),
  );
  assert.equal(
    figure.caption,
    "Mean of 3 seeds with bands of one standard error; order of the cells by Digits validation accuracy.",
  );
});

Deno.test("codebookMapFigure() draws an operation alike whatever there is beside it", () => {
  const points = (names: readonly string[]) =>
    names.map((name) => ({ name, points: [[0, 1]] as [number, number][] }));
  const marks = (names: readonly string[]) =>
    codebookMapFigure(space, "Arch-LLM", points(names)).data
      .map(({ name, marker }) => {
        const { color, symbol } = marker as { color: string; symbol: string };
        return { name, color, symbol };
      });
  const all = marks(["none", "skip", "conv3x3", "conv1x1"]);
  // In the order of the space, whatever order they come in.
  assert.deepEqual(
    all.map(({ name }) => name),
    space.ops.filter((op) => all.some(({ name }) => name === op)),
  );
  assert.deepEqual(marks(["skip"]), all.filter(({ name }) => name === "skip"));
  assert.equal(new Set(all.map(({ symbol }) => symbol)).size, 4);
});
