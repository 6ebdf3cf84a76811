import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCellsArguments, runCells } from "../../lib/cli/cells.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { runTrials } from "../../lib/search/trials.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { withFolder } from "../_helpers.ts";
import { madeUpTable } from "../search/_tables.ts";

Deno.test("parseCellsArguments() takes one source and its options", () =>
  withFolder(async (folder) => {
    const space = getSpace("nasbench201");
    assert.deepEqual(parseCellsArguments(["--all"], folder), {
      space,
      source: { kind: "all" },
      format: "lines",
      notation: "arch",
      to: null,
    });
    await Deno.writeTextFile(join(folder, "a.csv"), "");
    assert.deepEqual(
      parseCellsArguments(
        ["--from", "a.csv", "--as", "index", "--read", "lines", "--to", "b"],
        folder,
      ),
      {
        space,
        source: {
          kind: "file",
          path: join(folder, "a.csv"),
          notation: "index",
          format: "lines",
          column: undefined,
        },
        format: "lines",
        notation: "arch",
        to: join(folder, "b"),
      },
    );
    assert.deepEqual(
      parseCellsArguments([
        ...["--model", "arch-llm-plus", "--space", "nasbench101", "--aim"],
        ...["novel", "--temperature", "0.9", "--format", "csv"],
      ]).source,
      {
        kind: "model",
        code: "arch-llm-plus",
        run: undefined,
        count: 100,
        temperature: 0.9,
        aim: "novel",
        seed: 0,
      },
    );
  }));

Deno.test("parseCellsArguments() names what is wrong", () => {
  const wrong: [args: string[], message: RegExp][] = [
    [
      [],
      /^Cannot write cells: there must be one of --all, --model, --search and --from, got none$/,
    ],
    [["--all", "--model", "arch-llm"], /got --all, --model$/],
    [["--all", "--count", "5"], /--count must stand with --model, got --all$/],
    [
      ["--model", "t5"],
      /--model must be one of arch-llm, arch-llm-plus, got t5$/,
    ],
    [["--model", "arch-llm", "--temperature", "-1"], /--temperature must be/],
    [["--model", "arch-llm", "--count", "0"], /--count must be/],
    [
      ["--model", "arch-llm", "--aim", "good"],
      /--aim must be one of independent/,
    ],
    [["--all", "--format", "xml"], /--format must be one of lines/],
    [["--all", "--notation", "hash"], /--notation must be one of arch/],
    [["--from", "nowhere"], /--from must be a file, got nothing/],
    [["--all", "--space", "hiaml"], /hiaml/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parseCellsArguments(args), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("cells converts a file, and a whole space is a table of everything known", () =>
  withFolder(async (folder) => {
    const from = join(folder, "cells.json"), to = join(folder, "cells.csv");
    await Deno.writeTextFile(from, '["231402", [3, 2, 4, 0, 1, 3], "000000"]');
    await runCells(parseCellsArguments(["--from", from, "--to", to]));
    const arch =
      "|nor_conv_1x1~0|+|nor_conv_3x3~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";
    const none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    assert.equal(await Deno.readTextFile(to), `${arch}\n${arch}\n${none}\n`);

    await runCells(
      parseCellsArguments(["--all", "--format", "csv", "--to", to]),
    );
    const lines = (await Deno.readTextFile(to)).trimEnd().split("\n");
    assert.equal(lines.length, 15_626);
    assert.match(lines[0], /^cell,index,parameters,multiply_adds/);
    const row = lines.find((line) => line.startsWith(`${none},`))!;
    assert.match(row, /,73306,7943872/);
  }));

Deno.test("--search writes what searches queried, in their order, with what they were answered", () =>
  withFolder(async (folder) => {
    const table = madeUpTable();
    const trials = await runTrials(
      getSpace("nasbench201"),
      [new TableEvaluator(table)],
      ["First", "Second"].map((name, i) => ({
        name,
        budget: 3 + i,
        ...randomSearch(),
      })),
      { seeds: [7], folder: join(folder, "run/trials") },
    );
    const write = async (...args: string[]) => {
      const pieces: string[] = [];
      await runCells(
        parseCellsArguments(
          ["--search", "run", "--format", "csv", ...args],
          folder,
        ),
        (piece) => pieces.push(piece),
      );
      return pieces.join("").trimEnd().split("\n").map((line) =>
        line.split(",")
      );
    };
    const [names, ...rows] = await write("--method", "Second");
    assert.deepEqual(
      names.slice(1, 6),
      ["method", "dataset", "seed", "query", "validation answered"],
    );
    assert.deepEqual(
      rows.map((row) => row.slice(1, 6)),
      trials[1].queries.map(({ validation }, i) => [
        ...["Second", "cifar10", "7", `${i + 1}`],
        `${validation}`,
      ]),
    );
    assert.equal((await write()).length, 1 + 3 + 4);
    await assert.rejects(
      write("--method", "Third"),
      /--method must be one of First, Second, and --dataset one of cifar10, got Third and any$/,
    );
    await assert.rejects(
      runCells(parseCellsArguments(["--search", "nowhere"], folder)),
      /--search must name a run that has searched, got one without/,
    );
  }));
