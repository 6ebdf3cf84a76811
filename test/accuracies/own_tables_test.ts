import assert from "node:assert/strict";
import { join } from "node:path";
import {
  keepOwnTable,
  loadKnownAccuracies,
  loadOwnTable,
  ownDatasets,
  ownTableFile,
  readOwnTable,
} from "../../lib/accuracies/own_tables.ts";
import { formatArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph, type EnumeratedSpace } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";
import { write } from "./_files.ts";

const SPACE = getSpace("nasbench201") as EnumeratedSpace;
const arch = (cell: number) => formatArch(cellGraph(SPACE.cells(), cell));

/** Writes a table of lines and reads it. */
function read(
  lines: readonly string[],
  options: Parameters<typeof readOwnTable>[3] = {},
) {
  return withFolder(async (folder) => {
    const path = await write(folder, "t.csv", `${lines.join("\n")}\n`);
    return await readOwnTable(path, SPACE, "mine", options);
  });
}

Deno.test("readOwnTable() reads cells in any notation, percentages or fractions", async () => {
  const header = "arch,validation,test";
  const percent = await read([
    header,
    `${arch(7)},90.5,90`,
    // The same cell with other spaces, and the same accuracies.
    `${arch(7).replaceAll("+", " + ")},90.5,90`,
    `${arch(5)},1,0`,
  ]);
  assert.deepEqual([...percent.covered], [5, 7]);
  assert.deepEqual([percent.validation[7], percent.test[7]], [0.905, 0.9]);
  assert.deepEqual([percent.validation[5], percent.test[5]], [0.01, 0]);
  assert.ok(Number.isNaN(percent.validation[6]));
  assert.deepEqual(
    [percent.space, percent.dataset, percent.title, percent.source],
    ["nasbench201", "mine", "mine", "t.csv: 2 of 15,625 cells"],
  );
  const fraction = await read([header, `${arch(7)},0.905,1`]);
  assert.deepEqual([fraction.validation[7], fraction.test[7]], [0.905, 1]);
});

Deno.test("readOwnTable() takes columns, notation and unit as they are named", async () => {
  const table = await read(
    ["id,own cell,acc_v,acc_t", `x,"${arch(3)}",0.9,0.8`],
    {
      column: "own cell",
      validation: "acc_v",
      test: "acc_t",
      unit: "percent",
      notation: "arch",
    },
  );
  assert.deepEqual([...table.covered], [3]);
  assert.equal(table.validation[3], 0.9 / 100);
});

Deno.test("readOwnTable() says in one sentence which line is wrong", async () => {
  const header = "arch,validation,test";
  const right = `${arch(1)},90,80`;
  const wrong: [lines: string[], message: RegExp][] = [
    [
      [header],
      /^Cannot read accuracies: t\.csv must have those of a cell, got none$/,
    ],
    [
      ["arch,validation", right],
      /line 1 must name the column test, got arch, validation$/,
    ],
    [[header, right, "|skip|,90,80"], /line 3: /],
    [
      [header, right, ",90,80"],
      /line 3 of t\.csv must have a cell of NAS-Bench-201, got none$/,
    ],
    [
      [header, right, `${arch(1)},91,80`],
      /^Cannot read accuracies: a cell must have one accuracy, got other ones in line 3 of t\.csv \(91, 80\) than in line 2 \(90, 80\)$/,
    ],
    [
      [header, `${arch(1)},101,80`],
      /^Cannot read accuracies: validation in line 2 of t\.csv must be a number from 0 to 100, got 101$/,
    ],
    [
      [header, right, `${arch(2)},90,-1`],
      /test in line 3 of t\.csv must be a number from 0 to 100, got -1$/,
    ],
    [[header, `${arch(1)},good,80`], /validation in line 2 .* got good$/],
    [[header, `${arch(1)},,80`], /validation in line 2 .* got nothing$/],
    [
      [header, `${arch(1)},0.9,0.8`, `${arch(2)},90,80`],
      /^Cannot read accuracies: those of t\.csv must be all percentages or all fractions, got 90 in line 3 and 0\.9 in line 2; --unit says which they are$/,
    ],
  ];
  for (const [lines, message] of wrong) {
    await assert.rejects(read(lines), { message }, lines.join(" / "));
  }
  await assert.rejects(read([header, right], { unit: "fraction" }), {
    message: /must be a number from 0 to 1, got 90$/,
  });
  // Not pruned to a cell: the pair of an input and an output without a path.
  await assert.rejects(
    read(
      [
        "matrix,ops,validation,test",
        '"[[0,0],[0,0]]","[""input"",""output""]",90,80',
      ],
    ),
    { message: /line 2/ },
  );
});

Deno.test("readOwnTable() refuses names that are taken, and spaces that are not listed", async () => {
  const { indexOf: _, ...unlisted } = SPACE;
  for (
    const [space, name, message] of [
      [
        SPACE,
        "cifar100",
        /another than those of NAS-Bench-201, cifar10, cifar100, .*, got cifar100$/,
      ],
      [SPACE, "../x", /1 to 40 letters, digits, - and _, got \.\.\/x$/],
      [unlisted, "mine", /must all be listed, got NAS-Bench-201$/],
    ] as const
  ) {
    await assert.rejects(readOwnTable("t.csv", space, name), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("keepOwnTable() keeps what loadOwnTable() finds, to the last digit", async () => {
  const table = await read([
    "arch,validation,test",
    `${arch(9)},90.123456789,33.3333333`,
    `${arch(2)},100,0`,
  ]);
  await withFolder(async (own) => {
    assert.deepEqual(await ownDatasets(SPACE, [own]), []);
    assert.equal(await ownTableFile(SPACE, "mine", [own]), null);
    await keepOwnTable(table, SPACE, own);
    assert.deepEqual(await ownDatasets(SPACE, ["/nowhere", own]), ["mine"]);
    assert.equal((await ownTableFile(SPACE, "mine", [own]))!.name, "mine.csv");
    const loaded = await loadOwnTable(SPACE, "mine", ["/nowhere", own]);
    assert.deepEqual(loaded, {
      ...table,
      source: "mine.csv: 2 of 15,625 cells",
    });
    await assert.rejects(loadOwnTable(SPACE, "other", [own]), {
      name: "RangeError",
      message:
        "Cannot load accuracies: the data set must be one of NAS-Bench-201, cifar10, cifar100, imagenet16-120, mine, got other; deno task data --space nasbench201 --from FILE --dataset other adds it",
    });
    // Indices of other cells are no indices.
    const changed = { ...SPACE, version: SPACE.version + 1 };
    await assert.rejects(loadOwnTable(changed, "mine", [own]), {
      name: "SyntaxError",
      message: /import the table again$/,
    });
    const path = join(own, "datasets", "mine.csv");
    const text = await Deno.readTextFile(path);
    for (const line of ["15625,0.5,0.5", "1,0.5", "1,2,0.5", "x,0.5,0.5"]) {
      await Deno.writeTextFile(path, `${text}${line}\n`);
      await assert.rejects(loadOwnTable(SPACE, "mine", [own]), line);
    }
  });
});

Deno.test("loadKnownAccuracies() has what is there, and says what is not", async () => {
  const table = await read(["arch,validation,test", `${arch(9)},90,80`]);
  await withFolder(async (own) => {
    await keepOwnTable(table, SPACE, own);
    const lines: string[] = [];
    const known = await loadKnownAccuracies(
      SPACE,
      (line) => lines.push(line),
      [own],
    );
    assert.deepEqual(known.map(({ dataset }) => dataset), ["mine"]);
    assert.equal(lines.length, 1);
    assert.match(lines[0], /^Without published accuracies: Cannot load/);
  });
});
