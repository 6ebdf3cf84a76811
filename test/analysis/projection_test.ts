import assert from "node:assert/strict";
import type { CodeMeaning } from "../../lib/analysis/code_usage.ts";
import {
  cellMap,
  codebookMap,
  project,
} from "../../lib/analysis/projection.ts";
import { codeVectors } from "../../lib/analysis/representations.ts";
import { Random } from "../../lib/core/random.ts";
import { projectionFigure } from "../../lib/report/projection_figure.ts";
import { learnedModel, NODES, space } from "../models/_learned_model.ts";

Deno.test("project() keeps clusters apart, and depends on its seed alone", () => {
  const draw = Random.fromSeed(0);
  const matrix = Float32Array.from(
    { length: 60 * 4 },
    (_, i) => (i < 120 ? 0 : 30) + draw.normal(),
  );
  const points = project(matrix, 4, Random.fromSeed(1));
  assert.equal(points.length, 60);
  assert.deepEqual(project(matrix, 4, Random.fromSeed(1)), points);
  const center = (from: number) =>
    [0, 1].map((axis) =>
      points.slice(from, from + 30)
        .reduce((sum, point) => sum + point[axis], 0) / 30
    );
  const distance = (a: readonly number[], b: readonly number[]) =>
    Math.hypot(a[0] - b[0], a[1] - b[1]);
  const [a, b] = [center(0), center(30)];
  const right = points.filter((point, i) =>
    (distance(point, a) < distance(point, b)) === (i < 30)
  );
  assert.equal(right.length, 60);
});

const model = await learnedModel();
const width = model.vqvae.config.latentDim;

Deno.test("codebookMap() groups the codes in use by what they stand for", () => {
  const meaning = (code: number, operation: string): CodeMeaning => ({
    code,
    operation,
    share: 25,
    purity: 100,
    incoming: 1,
    outgoing: 1,
    from: "input",
  });
  const meanings = [
    meaning(3, "skip"),
    meaning(40, "none"),
    meaning(8, "skip"),
    meaning(21, "none"),
  ];
  const points = project(
    codeVectors(model, [3, 40, 8, 21]),
    width,
    Random.fromSeed(5).split("codebook printed"),
  );
  assert.deepEqual(codebookMap(model, meanings, Random.fromSeed(5)), [
    { name: "skip", points: [points[0], points[2]] },
    { name: "none", points: [points[1], points[3]] },
  ]);
  assert.deepEqual(
    codebookMap(model, meanings.slice(0, 2), Random.fromSeed(5)),
    [],
  );
});

Deno.test("cellMap() raises the lowest tenth to what it ends with", async () => {
  const cells = Uint32Array.from({ length: 20 }, (_, i) => 700 * i);
  const accuracies = new Float64Array(space.cells().count).fill(NaN);
  cells.forEach((cell, i) => accuracies[cell] = (80 - i) / 100);
  const [{ points, values }] = await cellMap(
    model,
    cells,
    accuracies,
    Random.fromSeed(5),
  );
  // Two of 20 are the lowest tenth: 61 and 62 become 63.
  assert.deepEqual(
    values!.map(Math.round),
    Array.from({ length: 20 }, (_, i) => Math.max(63, 80 - i)),
  );
  const { codes } = await model.vqvae.encode(space, cells);
  assert.deepEqual(
    points,
    project(
      codeVectors(model, codes),
      width * NODES,
      Random.fromSeed(5).split("map printed"),
    ),
  );
});

Deno.test("projectionFigure() colours by kind or shades by value", () => {
  const kinds = projectionFigure([
    { name: "a", points: [[0, 1], [2, 3]] },
    { name: "b", points: [[4, 5]] },
  ], { title: "t" });
  assert.deepEqual(kinds.data.map(({ name, x }) => [name, x]), [
    ["a", [0, 2]],
    ["b", [4]],
  ]);
  const shades = projectionFigure(
    [{ name: "cells", points: [[0, 1], [2, 3]], values: [90, 91.5] }],
    { title: "t", scale: "accuracy (%)" },
  );
  const marker = shades.data[0].marker as { color: number[] };
  assert.deepEqual(marker.color, [90, 91.5]);
  assert.deepEqual(shades.data[0].text, ["90.00", "91.50"]);
});
