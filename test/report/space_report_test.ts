import assert from "node:assert/strict";
import {
  encodedCellTable,
  settingOriginsTable,
  spaceFound,
} from "../../lib/report/space_report.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { getSpace, SPACES } from "../../lib/spaces/registry.ts";
import { cellTable, type SearchSpace } from "../../lib/spaces/space.ts";
import { TOY } from "../_toy_space.ts";

Deno.test("encodedCellTable() shows a cell's rows, and those that pad a small one", () => {
  const cells = cellTable([graphOf([0, 2, 7], [[0, 1], [1, 2]])], 4);
  const space: SearchSpace = { ...TOY, cells: () => cells };
  const { rows, caption, columns } = encodedCellTable(space, 0);
  assert.deepEqual(rows, [
    {
      node: 0,
      operation: "input",
      "one-hot": "1 0 0 0 0 0 0 0",
      "edges to": "0 1 0 0",
    },
    {
      node: 1,
      operation: "conv1x1",
      "one-hot": "0 0 1 0 0 0 0 0",
      "edges to": "0 0 1 0",
    },
    {
      node: 2,
      operation: "output",
      "one-hot": "0 0 0 0 0 0 0 1",
      "edges to": "0 0 0 0",
    },
    {
      node: 3,
      operation: undefined,
      "one-hot": "0 0 0 0 0 0 0 0",
      "edges to": "0 0 0 0",
    },
  ]);
  assert.equal(columns[1].texts[3], "–");
  assert.equal(caption, "input, conv1x1, output; 0→1 1→2");
});

Deno.test("spaceFound() tells which counts are not as published", () => {
  assert.equal(
    spaceFound(TOY),
    "- The literature gives 1 of these counts; 1 come out as published.\n" +
      "- 18 cells are for training; a model that chooses its best epoch chooses it on 1 of them and learns from the others. 2 cells only report.",
  );
  const wrong: SearchSpace = {
    ...TOY,
    facts: () => [
      { fact: "cells", counted: 1999, published: 2000 },
      { fact: "structures", counted: 7, published: null },
      { fact: "sizes", counted: 4, published: 4 },
    ],
  };
  assert.match(
    spaceFound(wrong),
    /^- The literature gives 2 of these counts; 1 come out as published\.\n- cells: 1,999 counted, 2,000 published\.\n- 18 cells/,
  );
});

Deno.test("spaceFound() finds NAS-Bench-201 as published", () => {
  assert.match(
    spaceFound(getSpace("nasbench201")),
    /gives 2 of these counts; 2 come/,
  );
});

Deno.test("settingOriginsTable() says what the settings of each space were chosen by", () => {
  const { columns, caption } = settingOriginsTable(TOY);
  assert.deepEqual(
    columns.map(({ title, texts }) => [title, ...texts]),
    [["settings", "all"], ["chosen by", "made up"]],
  );
  assert.equal(caption, "What chose the settings on Toy");
  for (const space of SPACES) {
    const { rows } = settingOriginsTable(space);
    assert.ok(
      rows.some(({ chosenBy }) =>
        chosenBy === "loss of the tuning cells, in each training"
      ),
      space.title,
    );
  }
});
