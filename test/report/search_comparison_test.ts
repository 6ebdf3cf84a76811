import assert from "node:assert/strict";
import {
  budgetTable,
  coverageTable,
  differenceTable,
  searchSeedsTable,
  searchSettingsTable,
} from "../../lib/report/search_comparison.ts";
import type { SearchSeedsRow } from "../../lib/search/training_seeds.ts";
import type { ReportTable } from "../../lib/report/tables.ts";

const own = { space: { name: "own", title: "Own cells" }, surrogate: true };
const texts = ({ columns }: ReportTable) =>
  columns.map(({ title, texts }) => [title, ...texts]);

Deno.test("searchSettingsTable() names the source of each method's settings", () => {
  const table = searchSettingsTable(
    [{ name: "A", budget: 192, source: "a paper" }],
    own,
  );
  assert.deepEqual(texts(table), [
    ["method", "A"],
    ["queries", "192"],
    ["where its settings come from", "a paper"],
  ]);
  assert.equal(table.caption, "Methods of search, Own cells, surrogate");
});

Deno.test("budgetTable() has accuracy and optima of each budget, and says which medians are censored", () => {
  const row = {
    dataset: "CIFAR-10",
    method: "A",
    trials: 30,
    queries: 192,
    median: null,
    "validation at 192": 94.951,
    "validation at 192 error": 0.04,
    "optimum found by 192": 14,
    "validation at 400": null,
    "validation at 400 error": null,
    "optimum found by 400": null,
  };
  const table = budgetTable({
    budgets: [192, 400],
    rows: [row, { ...row, dataset: "CIFAR-100", median: 77 }],
  }, own);
  assert.deepEqual(texts(table).slice(2), [
    ["trials", "30", "30"],
    [
      "192 queries: validation (%), optimum found",
      "94.95 ± 0.04, 14",
      "94.95 ± 0.04, 14",
    ],
    ["400 queries: validation (%), optimum found", "–", "–"],
    ["median queries to the optimum", "> 192", "77"],
  ]);
  assert.deepEqual(table.rules, [1]);
});

Deno.test("differenceTable() has signs, errors and the p of each row", () => {
  const row = {
    dataset: "CIFAR-10",
    method: "A",
    queries: 192,
    trials: 30,
    difference: 0.1264,
    error: 0.0512,
    better: 18,
    worse: 7,
    p: 0.04329,
  };
  const table = differenceTable(
    [row, { ...row, method: "B", difference: -0.2 }],
    "the control",
    own,
  );
  assert.deepEqual(texts(table).slice(3), [
    ["trials", "30", "30"],
    [
      "difference in validation (points)",
      "+0.126 ± 0.051",
      "-0.200 ± 0.051",
    ],
    ["trials better", "18", "18"],
    ["trials worse", "7", "7"],
    ["p, sign test", "0.0433", "0.0433"],
  ]);
  assert.deepEqual(table.rules, []);
  assert.match(
    table.notes[0],
    /^the control: what each method is set beside\. /,
  );
});

Deno.test("coverageTable() leaves the gain of random cells open", () => {
  const row = { dataset: "CIFAR-10", method: "A" };
  const table = coverageTable([
    { ...row, proposals: 8000.4, outside: 4400, covered: 45, gain: 1.2569 },
    { ...row, proposals: 0, outside: 0, covered: null, gain: null },
  ], own);
  assert.deepEqual(texts(table).slice(2), [
    ["cells proposed in a trial", "8,000", "0"],
    ["of them not covered", "4,400", "0"],
    ["covered (%)", "45.0", "–"],
    ["gain over random cells", "1.26", "–"],
  ]);
});

Deno.test("searchSeedsTable() has deviations over training seeds, and says where there is one", () => {
  const row: SearchSeedsRow = {
    source: "measured",
    method: "A",
    queries: 192,
    seeds: "0, 1",
    trainings: 2,
    trials: 30,
    ...{ "cifar10 validation": 91.5, "cifar10 validation deviation": 0.125 },
    ...{ "cifar10 test": 94, "cifar10 test deviation": 0.5 },
    ...{
      "cifar10 optimum found": 20.5,
      "cifar10 optimum found deviation": 0.707,
    },
  };
  const datasets = [{ dataset: "cifar10", title: "CIFAR-10" }];
  const several = searchSeedsTable([row], datasets, own);
  assert.deepEqual(texts(several), [
    ["method", "A"],
    ["queries", "192"],
    ["training seeds", "0, 1"],
    ["CIFAR-10 validation (%)", "91.50 ± 0.13"],
    ["CIFAR-10 test (%)", "94.00 ± 0.50"],
    ["CIFAR-10 optimum found", "20.5 ± 0.7"],
  ]);
  assert.match(several.notes[0], /^Mean ± sample standard .* over 30 trials/);
  const one = searchSeedsTable(
    [{ ...row, seeds: "0", trainings: 1, "cifar10 optimum found": 20 }],
    datasets,
    own,
  );
  assert.deepEqual(texts(one).slice(3), [
    ["CIFAR-10 validation (%)", "91.50"],
    ["CIFAR-10 test (%)", "94.00"],
    ["CIFAR-10 optimum found", "20"],
  ]);
  assert.match(one.notes[0], /^Of one training seed/);
});
