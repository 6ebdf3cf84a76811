import assert from "node:assert/strict";
import { join } from "node:path";
import { parseScoreArguments, runScore } from "../../lib/cli/score.ts";
import { readJson } from "../../lib/core/files.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("parseScoreArguments() names what is wrong", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "a"), "");
    const wrong: [args: string[], message: RegExp][] = [
      [[], /^Cannot score cells: --cells must name a file, got none$/],
      [["--cells", "b"], /--cells must be a file, got nothing/],
      [["--cells", "a", "--train", "b"], /--train must be a file, got nothing/],
      [
        ["--cells", "-", "--train", "-"],
        /one of --cells and --train must be a file/,
      ],
      [
        ["--cells", "a", "--notation", "hash"],
        /--notation must be one of arch, naslib/,
      ],
      [
        ["--cells", "a", "--read", "xml"],
        /--read must be one of lines, json, csv, got xml/,
      ],
      [["--cells", "a", "--space", "x"], /name must be one of/],
      [["--cells", "a", "a"], /unexpected argument/i],
    ];
    for (const [args, message] of wrong) {
      assert.throws(() => parseScoreArguments(args, folder), {
        name: "RangeError",
        message,
      });
    }
    const request = parseScoreArguments(
      ["--cells", "a", "--to", "b", "--name", "Mine"],
      folder,
    );
    assert.equal(request.cells, join(folder, "a"));
    assert.equal(request.to, join(folder, "b"));
  }));

Deno.test("score prints a file's rows beside the published ones and saves them in every form", () =>
  withFolder(async (folder) => {
    const cells = join(folder, "cells.csv"), to = join(folder, "score");
    await Deno.writeTextFile(
      cells,
      "n,arch\n1,231402\n2,231402\n3,\n4,000000\n",
    );
    const printed: string[] = [];
    await runScore(
      parseScoreArguments(["--cells", cells, "--name", "Mine", "--to", to]),
      (text) => printed.push(text),
    );
    const text = printed.join("\n");
    assert.match(text, /Arch-LLM t=1\.8 +paper/);
    // What does not fit beside it stands in further parts of the table.
    for (const figure of ["75.00", "66.67", "50.00"]) {
      assert.match(text, new RegExp(`^Mine .* ${figure}\\b`, "m"));
    }
    assert.match(text, /it is no graph at all +1 +1/);
    assert.match(text, /2 different ones among 3/);
    const rows = await readJson<
      { method: string; absoluteUniqueness: number }[]
    >(
      join(to, "tables", "score.json"),
      "table",
    );
    assert.deepEqual(
      rows.filter(({ method }) => method === "Mine")
        .map(({ absoluteUniqueness }) => absoluteUniqueness),
      [50, 50],
    );
    const names = [...Deno.readDirSync(join(to, "tables"))]
      .map(({ name }) => name).sort();
    assert.deepEqual(
      names,
      ["invalid", "repeated", "score"].flatMap((name) =>
        ["csv", "json", "md", "tex"].map((ending) => `${name}.${ending}`)
      ),
    );
  }));
