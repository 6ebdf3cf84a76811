import assert from "node:assert/strict";
import { checkTable } from "../../../lib/report/rival_report.ts";
import { tableMarkdown } from "../../../lib/report/tables.ts";
import { checkRows } from "../../../lib/search/rivals/check_curves.ts";
import type { Trial } from "../../../lib/search/trials.ts";
import { cell, TABLE } from "../_tables.ts";

const space = { name: "nasbench101", title: "NAS-Bench-101" };

/** A trial that finds its best cell with its 50th query. */
const trial = (seed: number, best: number): Trial => ({
  method: "arch2vec-RL",
  dataset: "cifar10",
  seed,
  queries: Array.from({ length: 60 }, (_, i) => ({
    cell: cell(TABLE.covered[i]),
    validation: i === 49 ? best : 0.5,
  })),
  proposals: { covered: 0, outside: 0 },
  seconds: 1,
});

Deno.test("checkRows() set measured means beside the published ones, as far as trials go", () => {
  const rows = checkRows(space, [TABLE], [trial(0, 0.9), trial(1, 0.8)]);
  assert.deepEqual(
    rows.map((row) => [
      row.method,
      row.queries,
      row["published validation"],
      row["published test"],
      row["measured validation"],
      row.trials,
    ]),
    [
      ["arch2vec-RL", 16, 93.93, 93.36, 50, 2],
      ["arch2vec-RL", 50, 94.24, 93.62, 85, 2],
    ],
  );
  assert.match(
    tableMarkdown(checkTable(rows, { space, surrogate: false })),
    /\|arch2vec-RL\|50\|94\.24\|85\.00 ± 5\.00\|93\.62\|/,
  );
  assert.deepEqual(checkRows({ name: "own" }, [TABLE], [trial(0, 0.9)]), []);
});
