import assert from "node:assert/strict";
import { project } from "../../lib/analysis/projection.ts";
import { projectionFigure } from "../../lib/report/projection_figure.ts";
import { Random } from "../../lib/core/random.ts";

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
