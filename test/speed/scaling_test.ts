import assert from "node:assert/strict";
import {
  growthExponent,
  growthFigures,
  growthTable,
  measureGrowth,
} from "../../lib/speed/scaling.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { isEnumerated } from "../../lib/spaces/space.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

Deno.test("growthExponent() is the slope of the logarithms", () => {
  const square = [10, 100, 1000].map((size) => ({
    size,
    seconds: 3 * size ** 2,
  }));
  assertClose([growthExponent(square)], [2], SAME_ALGORITHM);
  // Costs 1, 10, 10 at sizes 1, 10, 100: slopes 1 and 0, ½ through all.
  const bent = [[1, 1], [10, 10], [100, 10]].map(([size, seconds]) => ({
    size,
    seconds,
  }));
  assertClose([growthExponent(bent)], [0.5], SAME_ALGORITHM);
  assert.throws(
    () => growthExponent([{ size: 1, seconds: 1 }]),
    /^RangeError: Cannot fit growth: there must be at least two sizes, got 1$/,
  );
});

Deno.test("measureGrowth() measures each cost at each size", async () => {
  const space = getSpace("nasbench201");
  assert.ok(isEnumerated(space));
  const lines: string[] = [];
  const sizes = { samples: [50, 500], cells: [10, 600], queries: [10, 40] };
  const growths = await measureGrowth(space, sizes, (line) => lines.push(line));
  assert.deepEqual(
    growths.map(({ unit, points }) => [unit, points.map(({ size }) => size)]),
    [
      ["samples", [50, 500]],
      ["cells", [10, 600]],
      ...new Array(4).fill(["queries", [10, 40]]),
    ],
  );
  assert.equal(lines.length, 12);
  const { rows } = growthTable(space, growths);
  assert.equal(rows.length, 12);
  const figures = growthFigures(space, growths);
  assert.deepEqual([...figures.keys()], ["samples", "cells", "queries"]);
  const searches = figures.get("queries")!;
  assert.equal(searches.data.length, 4);
  assert.match(
    `${searches.data[3].name}`,
    /^Gaussian process .*: exponent -?\d/,
  );
});
