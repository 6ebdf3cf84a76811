import assert from "node:assert/strict";
import { PAPER_TABLE_4 } from "../../lib/paper/search_tables.ts";
import {
  ALGORITHM_1_SETTINGS,
  ARCH_LLM_SEARCH,
} from "../../lib/search/compared.ts";
import {
  algorithm1Rows,
  bestCells,
  curveSeries,
  goalRows,
  optimumRows,
  searchedCells,
  searchRows,
} from "../../lib/search/rows.ts";
import type { Trial } from "../../lib/search/trials.ts";
import type { AccuracyTable } from "../../lib/spaces/accuracies.ts";
import { cellOf } from "../../lib/spaces/cell.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";
import { cell, SPACE, TABLE, UNLISTED } from "./_tables.ts";

/** Six cells on two data sets: the best is cell 4 on one, cell 1 on the other. */
const tables: AccuracyTable[] = [
  _table("cifar10", "CIFAR-10", [.5, .6, .7, .6, .9, .8]),
  _table("cifar100", "CIFAR-100", [.3, .5, .4, .3, .2, .1]),
];

function _table(
  dataset: string,
  title: string,
  validation: number[],
): AccuracyTable {
  return {
    ...TABLE,
    dataset,
    title,
    validation: Float64Array.from(validation),
    test: Float64Array.from(validation, (value) => value - 0.1),
    covered: Uint32Array.of(0, 1, 2, 3, 4, 5),
    source: `${dataset}.json`,
  };
}

/** A trial that asks for cells of a table, then for the last one over and over. */
function trial(
  method: string,
  table: AccuracyTable,
  seed: number,
  indices: readonly number[],
  queries = indices.length,
): Trial {
  return {
    method,
    dataset: table.dataset,
    seed,
    seconds: 0,
    proposals: { covered: 0, outside: 0 },
    queries: Array.from({ length: queries }, (_, i) => {
      const index = indices[Math.min(i, indices.length - 1)];
      return { cell: cell(index), validation: table.validation[index] };
    }),
  };
}

const onBoth = (method: string, seed: number, indices: number[], queries = 0) =>
  tables.map((table) =>
    trial(method, table, seed, indices, queries || indices.length)
  );

Deno.test("optimumRows() are of the cell that is best by validation", () => {
  assert.deepEqual(
    optimumRows(tables).map(({ dataset, source, validation, test }) => [
      dataset,
      source,
      validation.toFixed(1),
      test.toFixed(1),
    ]),
    [
      ["CIFAR-10", "cifar10.json", "90.0", "80.0"],
      ["CIFAR-100", "cifar100.json", "50.0", "40.0"],
    ],
  );
});

Deno.test("searchRows() has the published rows, then the measured ones", () => {
  const rows = searchRows(SPACE, tables, [
    ...onBoth("A", 0, [0, 4]),
    ...onBoth("A", 1, [0, 1]),
  ]);
  assert.equal(rows.length, PAPER_TABLE_4.length + 1);
  assert.deepEqual(rows[PAPER_TABLE_4.length - 1], {
    source: "paper",
    method: "Arch-LLM",
    queries: 400,
    "cifar10 validation": 91.32,
    "cifar10 test": 94.08,
    "cifar100 validation": 72.94,
    "cifar100 test": 72.96,
    "imagenet16-120 validation": 45.71,
    "imagenet16-120 test": 45.48,
  });
  const measured = rows.at(-1)!;
  assert.deepEqual(
    [measured.source, measured.method, measured.queries],
    ["measured", "A", 2],
  );
  // Returned are 0.9 and 0.6: mean 75, deviation 15 √2 over √2; on the other data set 0.3
  // and 0.5.
  const figures = ["validation", "validation error", "test", "test error"];
  assertClose(
    ["cifar10", "cifar100"].flatMap((dataset) =>
      figures.map((figure) => measured[`${dataset} ${figure}`] as number)
    ),
    [75, 15, 65, 15, 40, 10, 30, 10],
    SAME_ALGORITHM,
  );
  assert.deepEqual(
    ["cifar10 optimum found", "cifar100 optimum found", "cifar10 trials"]
      .map((key) => measured[key]),
    [1, 1, 2],
  );
});

Deno.test("searchRows() lists methods after 192 and 400 queries, where they made so many", () => {
  const rows = searchRows(UNLISTED, tables, [
    ...onBoth("long", 0, [0, 4], 400),
    ...onBoth("short", 0, [0, 4], 192),
    ...onBoth("quick", 0, [0, 4], 48),
  ]);
  // No rows are published of a space that the paper has not.
  assert.deepEqual(
    rows.map(({ method, queries }) => [method, queries]),
    [["long", 192], ["short", 192], ["long", 400]],
  );
  const surrogate = tables.map((table) => ({ ...table, surrogate: true }));
  const quick = searchRows(UNLISTED, surrogate, onBoth("quick", 0, [0, 4], 48));
  assert.deepEqual(
    quick.map(({ source, method, queries }) => [source, method, queries]),
    [["measured (surrogate)", "quick", 48]],
  );
});

Deno.test("goalRows() are AG-Net's figures as printed, and the optima", () => {
  // AG-Net's 91.61 and 73.49: reached by what rounds to it.
  const published = [
    _table("cifar10", "CIFAR-10", [.5, .91604, .91606, .92, .9, .9]),
    _table("cifar100", "CIFAR-100", [.3, .5, .4, .3, .2, .1]),
  ];
  const { goals, rows } = goalRows(SPACE, published, [
    trial("A", published[0], 0, [0, 1, 2, 3]),
    trial("A", published[1], 0, [0, 1, 2, 3]),
    trial("A", published[0], 1, [0, 2]),
    trial("A", published[1], 1, [0, 2]),
  ]);
  assert.deepEqual(goals.map(({ name, shown }) => [name, shown.toFixed(2)]), [
    ["AG-Net's CIFAR-10", "91.61"],
    ["optimum of CIFAR-10", "92.00"],
    ["AG-Net's CIFAR-100", "73.49"],
    ["optimum of CIFAR-100", "50.00"],
  ]);
  assert.deepEqual(rows, [{
    method: "A",
    queries: 2,
    "AG-Net's CIFAR-10": 2,
    "AG-Net's CIFAR-10 reached": 2,
    "optimum of CIFAR-10": 4,
    "optimum of CIFAR-10 reached": 1,
    "AG-Net's CIFAR-100": null,
    "AG-Net's CIFAR-100 reached": 0,
    "optimum of CIFAR-100": 2,
    "optimum of CIFAR-100 reached": 1,
  }]);
  const unpublished = goalRows(UNLISTED, tables, onBoth("A", 0, [0, 4]));
  assert.deepEqual(unpublished.goals.map(({ name }) => name), [
    "optimum of CIFAR-10",
    "optimum of CIFAR-100",
  ]);
});

Deno.test("algorithm1Rows() has each setting with what it reached", () => {
  const rows = algorithm1Rows(
    tables[0],
    ALGORITHM_1_SETTINGS.map((_, i) =>
      trial(`${i}`, tables[0], 0, [0, i % 2 === 0 ? 4 : 1])
    ),
  );
  assert.equal(rows.length, ALGORITHM_1_SETTINGS.length);
  assert.deepEqual(rows[1], {
    masked: null,
    population: 80,
    kept: 16,
    iterations: 5,
    queries: 2,
    validation: 60,
    validationError: 0,
    test: 50,
    testError: 0,
  });
  assert.equal(rows[2].validation, 90);
});

Deno.test("curveSeries() has the drawn methods, in the order of the trials", () => {
  const { curves, ...series } = curveSeries(
    tables[0],
    [
      ...onBoth(ARCH_LLM_SEARCH, 0, [0, 2]),
      ...onBoth(ARCH_LLM_SEARCH, 1, [2, 4]),
      ...onBoth("Gaussian process, one-hot", 0, [0, 1]),
      ...onBoth("Random search", 0, [5]),
    ],
    "test",
  );
  assert.deepEqual(series, {
    dataset: "CIFAR-10",
    accuracy: "test",
    trials: 2,
    optimum: 80,
    others: ["Gaussian process, one-hot"],
  });
  assert.deepEqual(
    curves.map(({ method, points }) => [
      method,
      points.map(({ mean }) => Math.round(mean)),
    ]),
    [[ARCH_LLM_SEARCH, [50, 70]], ["Random search", [70]]],
  );
});

Deno.test("searchedCells() tells what the first trials asked for", async () => {
  const [random] = searchedCells(SPACE, tables[0], [
    ...onBoth("Random search", 3, [0, 4]),
    ...onBoth("Random search", 4, [1]),
    ...onBoth("Local search", 3, [1]),
  ]);
  assert.deepEqual(random, {
    name: "Random search",
    values: [50, 90],
    // Cells 0 and 4 of the benchmark, by their operations.
    texts: [
      "avgpool3x3, conv1x1, skip, conv1x1, skip, skip",
      "skip, skip, conv1x1, skip, skip, conv1x1",
    ],
  });
  await NASBENCH101.prepare();
  const output = NASBENCH101.ops.indexOf("output");
  const chain = cellOf(
    NASBENCH101,
    graphOf([0, 1, output], [[0, 1], [1, 2], [0, 2]]),
  )!;
  const [{ texts }] = searchedCells(NASBENCH101, tables[0], [{
    ...trial("Random search", tables[0], 0, []),
    queries: [{ cell: chain, validation: 0.5 }],
  }]);
  assert.deepEqual(texts, [`${NASBENCH101.ops[1]}<br>0→1 0→2 1→2`]);
});

Deno.test("bestCells() are the best returned, with the trials that returned them", () => {
  const trials = [
    ...onBoth(ARCH_LLM_SEARCH, 0, [0, 2]),
    ...onBoth(ARCH_LLM_SEARCH, 1, [1]),
    ...onBoth(ARCH_LLM_SEARCH, 2, [2, 0]),
    ...onBoth("Random search", 0, [4]),
    ...onBoth(ARCH_LLM_SEARCH, 3, [5]),
    ...onBoth(ARCH_LLM_SEARCH, 4, [0]),
  ];
  const found = (tables: AccuracyTable[]) =>
    bestCells(tables, trials).map(({ dataset, cell, trials }) => [
      dataset,
      cell.index,
      trials,
    ]);
  assert.deepEqual(found(tables.slice(0, 1)), [
    ["CIFAR-10", 5, 1],
    ["CIFAR-10", 2, 2],
    ["CIFAR-10", 1, 1],
  ]);
  assert.deepEqual(found(tables), [["CIFAR-10", 5, 1], ["CIFAR-100", 1, 1]]);
});
