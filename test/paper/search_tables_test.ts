import assert from "node:assert/strict";
import { publishedCurves } from "../../lib/paper/search_curves.ts";
import {
  PAPER_TABLE_3,
  PAPER_TABLE_4,
  publishedSearches,
  searchTableNumber,
} from "../../lib/paper/search_tables.ts";

Deno.test("publishedSearches() and searchTableNumber() are those of the space", () => {
  assert.equal(publishedSearches("nasbench101"), PAPER_TABLE_3);
  assert.equal(publishedSearches("nasbench201"), PAPER_TABLE_4);
  assert.deepEqual(
    ["nasbench101", "nasbench201", "own"].map(searchTableNumber),
    [3, 4, null],
  );
  assert.deepEqual(publishedSearches("own"), []);
});

Deno.test("the last rows are as printed", () => {
  assert.deepEqual(PAPER_TABLE_3.at(-1), {
    method: "Arch-LLM",
    queries: 400,
    accuracies: { cifar10: { validation: 94.67, test: 93.98 } },
  });
  assert.deepEqual(PAPER_TABLE_4.at(-1), {
    method: "Arch-LLM",
    queries: 400,
    accuracies: {
      cifar10: { validation: 91.32, test: 94.08 },
      cifar100: { validation: 72.94, test: 72.96 },
      "imagenet16-120": { validation: 45.71, test: 45.48 },
    },
  });
});

Deno.test("no published search beats the printed optimum by validation", () => {
  for (const [optimum, ...rows] of [PAPER_TABLE_3, PAPER_TABLE_4]) {
    for (const { method, accuracies } of rows) {
      for (const [dataset, { validation }] of Object.entries(accuracies)) {
        const most = optimum.accuracies[dataset].validation!;
        assert.ok((validation ?? 0) <= most, `${method} ${dataset}`);
      }
    }
  }
});

Deno.test("what Table 3 leaves out is of the published result files, and says so", () => {
  const rows = PAPER_TABLE_3.filter(({ accuracies }) =>
    accuracies.cifar10.validationOfFiles
  );
  assert.deepEqual(
    rows.map(({ method, accuracies }) => [
      method,
      accuracies.cifar10.validation,
      accuracies.cifar10.test,
    ]),
    [["Arch2vec-RL*", 94.84, 94.1], ["Arch2vec-BO*", 94.67, 94.05]],
  );
  for (const { method, points } of publishedCurves("nasbench101")) {
    const row = rows.find((row) =>
      row.method.toLowerCase() === `${method}*`.toLowerCase()
    )!;
    // The test accuracy that the table has is that of the curve, to a hundredth.
    assert.ok(
      Math.abs(points.at(-1)!.test - row.accuracies.cifar10.test) < 0.011,
    );
    for (const key of ["validation", "test"] as const) {
      const values = points.map((point) => point[key]);
      assert.deepEqual(values, values.toSorted((a, b) => a - b));
    }
  }
  assert.deepEqual(publishedCurves("nasbench201"), []);
});
