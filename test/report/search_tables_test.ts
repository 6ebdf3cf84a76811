import assert from "node:assert/strict";
import {
  algorithm1Table,
  goalTable,
  optimumTable,
  searchTable,
  searchTableName,
  surrogateTable,
} from "../../lib/report/search_tables.ts";
import { tableText } from "../../lib/report/table_text.ts";
import { tableMarkdown } from "../../lib/report/tables.ts";
import type { SearchRow } from "../../lib/search/rows.ts";

const known = {
  space: { name: "nasbench201", title: "NAS-Bench-201" },
  surrogate: false,
};
const own = { space: { name: "own", title: "Own cells" }, surrogate: true };
const datasets = [
  { dataset: "cifar10", title: "CIFAR-10", source: "a file: 3 of 4 cells" },
];
const measured = (method: string, queries: number): SearchRow => ({
  source: "measured",
  method,
  queries,
  "cifar10 validation": 91.234,
  "cifar10 validation error": 0.056,
  "cifar10 test": 94,
  "cifar10 test error": 0,
  "cifar10 optimum found": 1,
  "cifar10 trials": 10,
});
const published: SearchRow = {
  source: "paper",
  method: "NAO*",
  queries: null,
  "cifar10 validation": null,
  "cifar10 test": 94.3,
};

Deno.test("searchTable() sets means with errors and optima found beside the published rows", () => {
  const table = searchTable(
    [published, measured("A", 192), measured("B", 192), measured("A", 400)],
    datasets,
    [3, 4, 5],
    known,
  );
  assert.equal(
    tableMarkdown(table),
    `**Table 4: search on NAS-Bench-201**

|source|method|queries|CIFAR-10 validation (%)|CIFAR-10 test (%)|CIFAR-10 optimum found|
|:-|:-|-:|-:|-:|-:|
|paper|NAO\\*|–|–|94.30|–|
|measured|A|192|91.23 ± 0.06|94.00 ± 0.00|1 of 10|
|measured|B|192|91.23 ± 0.06|94.00 ± 0.00|1 of 10|
|measured|A|400|91.23 ± 0.06|94.00 ± 0.00|1 of 10|

- Paper rows as printed; \\* and \\*\\* mark those that the paper takes from others. Their BO and BANANAS are other code than what is measured here.
- Measured: 3 trials, seeds 3–5; test accuracy of the cell with the best validation accuracy.
- CIFAR-10: a file: 3 of 4 cells.
`,
  );
  assert.deepEqual(table.rules, [1, 3]);
  assert.equal(searchTableName(known.space), "table_4");
});

Deno.test("searchTable() of a space that the paper has not has no number and no published rows", () => {
  const table = searchTable([measured("A", 48)], datasets, [0, 1], own);
  assert.equal(table.caption, "Search on Own cells (surrogate)");
  assert.deepEqual(table.rules, []);
  assert.deepEqual(table.notes, [
    "Measured: 2 trials, seeds 0–1; test accuracy of the cell with the best validation accuracy.",
    "CIFAR-10: a file: 3 of 4 cells.",
  ]);
  assert.equal(searchTableName(own.space), "table_search");
});

Deno.test("goalTable() has a median and how many got there", () => {
  const table = goalTable({
    goals: [
      { name: "AG-Net's CIFAR-10", shown: 91.61 },
      { name: "optimum of CIFAR-10", shown: 91.6067 },
    ],
    rows: [{
      method: "A",
      queries: 192,
      "AG-Net's CIFAR-10": 33,
      "AG-Net's CIFAR-10 reached": 7,
      "optimum of CIFAR-10": null,
      "optimum of CIFAR-10 reached": 2,
    }],
  }, known);
  assert.deepEqual(
    table.columns.map(({ title, texts }) => [title, texts[0]]),
    [
      ["method", "A"],
      ["AG-Net's CIFAR-10 (91.61 %)", "33 (7)"],
      ["optimum of CIFAR-10 (91.61 %)", "> 192 (2)"],
    ],
  );
  assert.equal(
    table.caption,
    "Median queries to a validation accuracy, NAS-Bench-201",
  );
});

Deno.test("algorithm1Table() tells settings apart and what each reached", () => {
  const row = {
    masked: 2,
    population: 100,
    kept: 25,
    iterations: 4,
    queries: 400,
    validation: 91.5,
    validationError: 0.1,
    test: 94,
    testError: 0.2,
  };
  const table = algorithm1Table(
    [row, { ...row, masked: null }],
    "CIFAR-10",
    own,
  );
  assert.deepEqual(
    table.columns.map(({ title, texts }) => [title, texts[0]]),
    [
      ["n", "100"],
      ["m", "25"],
      ["T", "4"],
      ["masked codes at most", "2"],
      ["queries", "400"],
      ["validation (%)", "91.50 ± 0.10"],
      ["test (%)", "94.00 ± 0.20"],
    ],
  );
  assert.equal(
    table.caption,
    "Algorithm 1 by its settings, Own cells, CIFAR-10 (surrogate)",
  );
  assert.deepEqual(table.columns[3].texts, ["2", "all"]);
});

Deno.test("optimumTable() says what there is to be found", () => {
  const text = tableText(optimumTable([{
    dataset: "CIFAR-10",
    source: "a file",
    validation: 91.6067,
    test: 94.3733,
  }], own));
  assert.match(text, /^What there is to be found, Own cells, surrogate\n/);
  assert.match(text, /CIFAR-10 +a file +91\.61 +94\.37/);
});

Deno.test("surrogateTable() says that nothing is real, and how good the guess is", () => {
  const { caption, columns } = surrogateTable([{
    dataset: "cifar10",
    accuracy: "test",
    r2: 0.98765,
    tau: 0.9,
    cells: 1562,
  }]);
  assert.match(caption, /^No real accuracies/);
  assert.deepEqual(columns.map(({ title, texts }) => [title, ...texts]), [
    ["dataset", "cifar10"],
    ["accuracy", "test"],
    ["R²", "0.988"],
    ["Kendall's τ", "0.900"],
    ["held-out cells", "1,562"],
  ]);
});

Deno.test("searchTable() marks a published figure that is of result files", () => {
  const table = searchTable(
    [{
      ...published,
      "cifar10 validation": 94.84,
      "cifar10 validation of": "result files",
    }],
    datasets,
    [3],
    known,
  );
  const text = tableMarkdown(table);
  assert.match(text, /94\.84 †\|94\.30/);
  assert.match(text, /- † The paper's table has no such figure/);
});
