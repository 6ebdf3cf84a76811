import assert from "node:assert/strict";
import { join } from "node:path";
import { parseDataArguments, runData } from "../../lib/cli/data.ts";
import { parseCellsArguments, runCells } from "../../lib/cli/cells.ts";
import { parseScoreArguments, runScore } from "../../lib/cli/score.ts";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import {
  accuracyInputs,
  isOwnDataset,
  loadOrPredictAccuracies,
  tableOn,
} from "../../lib/evaluation/tables.ts";
import { openDevice } from "../../lib/engine/device.ts";
import { bestCell } from "../../lib/search/results.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { regularisedEvolution } from "../../lib/search/regularised_evolution.ts";
import { runTrials } from "../../lib/search/trials.ts";
import { formatArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const SPACE = getSpace("nasbench201");
const arch = (cell: number) => formatArch(cellGraph(SPACE.cells(), cell));

/** Imports a table of 2,000 cells, percent: the accuracy of a cell is told by its index. */
async function imported(folder: string): Promise<number[]> {
  const cells = [
    ...Random.fromSeed(0).permutation(15_625).subarray(0, 2000),
  ];
  const rows = cells.map((cell) =>
    `${arch(cell)},${50 + cell / 1000},${10 + cell / 1000}`
  );
  await Deno.writeTextFile(
    join(folder, "t.csv"),
    ["arch,validation,test", ...rows].join("\n"),
  );
  const lines: string[] = [];
  await runData(
    parseDataArguments(["--from", "t.csv", "--dataset", "mine"], folder),
    { folder, print: (line) => lines.push(line) },
  );
  assert.deepEqual(lines, [
    `NAS-Bench-201, mine: mine.csv: 2,000 of 15,625 cells, the best with a validation accuracy of ${
      (50 + Math.max(...cells) / 1000).toFixed(2)
    } %`,
  ]);
  return cells;
}

/** Runs with a folder of data of its own. */
async function withData(
  task: (folder: string, cells: number[]) => Promise<void>,
): Promise<void> {
  const before = Deno.env.get("ARCHLLM_DATA");
  await withFolder(async (folder) => {
    Deno.env.set("ARCHLLM_DATA", folder);
    try {
      await task(folder, await imported(folder));
    } finally {
      if (before === undefined) Deno.env.delete("ARCHLLM_DATA");
      else Deno.env.set("ARCHLLM_DATA", before);
    }
  });
}

Deno.test("a table of one's own is searched on beside the others", async () => {
  await withData(async (_, cells) => {
    const tables = await loadOrPredictAccuracies(
      SPACE,
      await openDevice("cpu"),
      { dataset: "mine" },
    );
    assert.deepEqual(
      tables.map(({ dataset, surrogate = false }) => [
        dataset,
        surrogate,
      ]),
      [
        ["cifar10", true],
        ["cifar100", true],
        ["imagenet16-120", true],
        ["mine", false],
      ],
    );
    const own = tableOn(tables, "mine");
    assert.equal(tableOn(tables, null), tables[0]);
    assert.equal(bestCell(own), Math.max(...cells));
    const trials = await runTrials(
      SPACE,
      [new TableEvaluator(own)],
      [
        { name: "all", budget: 2000, ...randomSearch() },
        { name: "evolution", budget: 50, ...regularisedEvolution() },
      ],
      { seeds: [0] },
    );
    const covered = new Set(cells);
    for (const { queries } of trials) {
      assert.ok(queries.every(({ cell }) => covered.has(cell.index!)));
    }
    // Who asks for all of them finds the best.
    assert.equal(trials[0].queries.length, 2000);
    assert.equal(
      Math.max(...trials[0].queries.map(({ validation }) => validation)),
      own.validation[bestCell(own)],
    );
    const inputs = await accuracyInputs(SPACE, "mine");
    assert.equal((inputs as [unknown, { name: string }])[1].name, "mine.csv");
    assert.equal(typeof await accuracyInputs(SPACE), "string");
  });
});

Deno.test("isOwnDataset() leaves the names of published data sets alone", () => {
  assert.equal(isOwnDataset(SPACE, "mine"), true);
  for (const name of ["cifar100", null, undefined]) {
    assert.equal(isOwnDataset(SPACE, name), false);
  }
});

Deno.test("cells and score have a data set of one's own as columns", async () => {
  await withData(async (folder, [first]) => {
    const file = join(folder, "cells.txt");
    await Deno.writeTextFile(file, `${arch(first)}\n${arch(first)}\n`);
    let csv = "";
    await runCells(
      parseCellsArguments(["--from", file, "--format", "csv"]),
      (piece) => csv += piece,
    );
    const [header, row] = csv.split("\n");
    assert.match(header, /,mine_validation,mine_test$/);
    assert.ok(
      row.endsWith(
        `,${(50 + first / 1000) / 100},${(10 + first / 1000) / 100}`,
      ),
    );
    const printed: string[] = [];
    await runScore(
      parseScoreArguments(["--cells", file]),
      (text) => printed.push(text),
    );
    const repeated = printed.find((text) => /came most often/.test(text))!;
    assert.match(repeated, /mine +mine\n +validation +test \(%\)\n +\(%\)/);
    assert.ok(repeated.includes((50 + first / 1000).toFixed(2)));
  });
});

Deno.test("data names what is wrong with the options of a table of one's own", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "t.csv"), "");
    const from = ["--from", "t.csv"];
    for (
      const [args, message] of [
        [
          ["--dataset", "mine"],
          /--dataset must stand with --from, got it alone$/,
        ],
        [
          ["--unit", "percent"],
          /--unit must stand with --dataset, got it alone$/,
        ],
        [[...from, "--dataset", "cifar10"], /must be another than those/],
        [
          [...from, "--dataset", "m", "--unit", "x"],
          /--unit must be one of percent, fraction, got x$/,
        ],
        [
          [...from, "--dataset", "m", "--notation", "x"],
          /--notation must be one of /,
        ],
        [
          ["--from", "u.csv", "--dataset", "m"],
          /--from must be a file, got nothing at /,
        ],
      ] as const
    ) {
      assert.throws(() => parseDataArguments(args, folder), {
        name: "RangeError",
        message,
      });
    }
    assert.deepEqual(
      parseDataArguments([...from, "--dataset", "m", "--test", "t"], folder)
        .own,
      {
        dataset: "m",
        notation: undefined,
        unit: undefined,
        column: undefined,
        validation: undefined,
        test: "t",
      },
    );
  });
});
