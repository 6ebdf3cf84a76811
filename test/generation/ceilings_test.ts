import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  ceilings,
  expectedDistinct,
  noveltyBound,
  uniformNovelty,
} from "../../lib/generation/ceilings.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { splitInOrder } from "../../lib/spaces/split.ts";
import type { EnumeratedSpace, SearchSpace } from "../../lib/spaces/space.ts";
import { assertClose } from "../_helpers.ts";

const nasbench201 = getSpace("nasbench201");
const EXACT = { relative: 1e-12, absolute: 0 };

Deno.test("expectedDistinct() is worked by hand", () => {
  // 2 draws from 2 cells: HH and TT hold one, HT and TH two.
  assertClose([expectedDistinct(2, 2)], [1.5], EXACT);
  // 3 draws from 4: 4(1 − (3/4)³) = 4 · 37/64.
  assertClose([expectedDistinct(3, 4)], [37 / 16], EXACT);
  assert.equal(expectedDistinct(0, 5), 0);
  assert.equal(expectedDistinct(1, 423_624).toFixed(9), "1.000000000");
  assert.equal(expectedDistinct(7, 1), 1);
});

Deno.test("expectedDistinct() is what sampling gives", () => {
  const random = Random.fromSeed(1);
  let sum = 0, squares = 0;
  const runs = 200;
  for (let run = 0; run < runs; run++) {
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) seen.add(random.integer(120));
    sum += seen.size;
    squares += seen.size ** 2;
  }
  const mean = sum / runs;
  const error = Math.sqrt((squares / runs - mean ** 2) / runs);
  assert.ok(Math.abs(mean - expectedDistinct(100, 120)) < 5 * error);
});

Deno.test("ceilings() has the values of both spaces at 10,000 draws", async () => {
  const nasbench101 = getSpace("nasbench101");
  await nasbench101.prepare();
  const values = (space: SearchSpace) =>
    ceilings(space, 10_000).map(({ metric, percent }) =>
      `${metric} ${percent.toFixed(2)}`
    );
  assert.deepEqual(values(nasbench101), [
    "reconstruction 93.17",
    "absoluteUniqueness 98.83",
    "novelty 10.00",
  ]);
  assert.deepEqual(values(nasbench201), [
    "absoluteUniqueness 73.86",
    "novelty 10.00",
    "novelty 28.29",
  ]);
});

Deno.test("ceilings() has none where not all cells are known", () => {
  const { indexOf: _, ...sampled } = nasbench201 as EnumeratedSpace;
  assert.deepEqual(ceilings(sampled, 10_000), []);
});

Deno.test("ceilings() are those of all cells where they are counted, though not listed", () => {
  const counted = { ...getSpace("darts"), split: () => splitInOrder(100_000) };
  const [unique, novel] = ceilings(counted, 10_000);
  // 1 − (n − 1) / 2N, and 1 − 90,000 / N of N = 796,255,716.
  assert.equal(unique.percent.toFixed(4), "99.9994");
  assert.equal(novel.percent.toFixed(4), "99.9887");
});

Deno.test("ceilings() bounds by the space alone where nothing is published of it", () => {
  const unpublished = { ...nasbench201, name: "another" };
  assert.deepEqual(
    ceilings(unpublished, 10_000).map(({ metric }) => metric),
    ["absoluteUniqueness", "novelty"],
  );
});

Deno.test("ceilings() says its numbers in its sentences", () => {
  const [unique, uniform, published] = ceilings(nasbench201, 10_000);
  assert.match(unique.text, /10,000 uniform draws from 15,625 .* 73\.86 %/);
  assert.match(uniform.text, /10\.00 %/);
  assert.match(
    published.text,
    /7,594 distinct among 8,410 valid .* 28\.3 % .* 50\.83 %/,
  );
  assert.match(ceilings(nasbench201, 500)[0].text, /: 500 uniform draws/);
});

Deno.test("noveltyBound() is worked by hand", () => {
  const size = { cells: 10, trainCells: 7 };
  // 5 distinct, 3 of them outside training at most: 2 of 8 samples are seen cells.
  assert.equal(noveltyBound({ valid: 8, distinct: 5 }, size), 75);
  // All distinct ones can be novel.
  assert.equal(noveltyBound({ valid: 8, distinct: 2 }, size), 100);
  assert.equal(
    noveltyBound(
      { valid: 8410, distinct: 7594 },
      { cells: 15_625, trainCells: 14_062 },
    ).toFixed(1),
    "28.3",
  );
  assertClose([uniformNovelty(size)], [30], EXACT);
});

Deno.test("ceilings refuse counts that cannot be", () => {
  const size = { cells: 10, trainCells: 7 };
  const cases: [() => unknown, string][] = [
    [
      () => expectedDistinct(-1, 5),
      "draws must be an integer of at least 0, got -1",
    ],
    [
      () => expectedDistinct(2, 0),
      "cells must be an integer of at least 1, got 0",
    ],
    [
      () => ceilings(nasbench201, 0.5),
      "draws must be an integer of at least 1, got 0.5",
    ],
    [
      () => noveltyBound({ valid: 4, distinct: 0 }, size),
      "distinct samples must be an integer of at least 1, got 0",
    ],
    [
      () => noveltyBound({ valid: 4, distinct: 5 }, size),
      "valid samples must be an integer of at least 5, got 4",
    ],
  ];
  for (const [call, problem] of cases) {
    assert.throws(call, new RangeError(`Cannot bound a metric: ${problem}`));
  }
});
