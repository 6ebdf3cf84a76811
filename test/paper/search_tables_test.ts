import assert from "node:assert/strict";
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
