import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { parseReproduceArguments, reproduce } from "../../lib/cli/reproduce.ts";
import { Terminal } from "../../lib/cli/terminal.ts";
import { readJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { furtherTables } from "../../lib/run/seeds.ts";
import { resultsFolder, RUN_VARIABLE } from "../../lib/run/settings.ts";
import type { Stage } from "../../lib/run/stage.ts";
import { withFolder } from "../_helpers.ts";
import { notebookWith } from "./_notebooks.ts";

/** Needs `deno task setup`. */
const ignore = !existsSync(environmentPython());

/** A stage that leaves a table of one row, and in another table how many seeds have one. */
const STAGE: Stage = {
  name: "1_a",
  versions: { stage: 1 },
  ignores: [],
  reads: [],
  inputs: (settings) => furtherTables(settings, "t", [STAGE]),
};

const CELL = `
const { furtherRows } = await import("${new URL(
  "lib/run/seeds.ts",
  `file://${PROJECT_ROOT}/`,
)}");
const settings = JSON.parse(Deno.env.get("${RUN_VARIABLE}"));
const stage = { name: "1_a", versions: { stage: 1 } };
const further = (await furtherRows(settings, "t", [stage]))
  .flatMap(({ rows }) => rows);
const tables = settings.root + "/runs/" + settings.name + "/tables";
await Deno.mkdir(tables, { recursive: true });
const row = { source: "measured", seed: settings.seed };
for (const [name, rows] of [["t", [row]], ["seeds", [row, ...further]]]) {
  await Deno.writeTextFile(tables + "/" + name + ".json", JSON.stringify(rows));
  await Deno.writeTextFile(tables + "/" + name + ".md", "| seed |\\n|---|\\n");
}`;

/** Writes the notebook of the stage where the project's configuration counts. */
async function withNotebook(action: (folder: string) => Promise<void>) {
  const folder = join(PROJECT_ROOT, "test", `_seeds_${Deno.pid}.tmp`);
  await Deno.mkdir(folder);
  try {
    await Deno.writeTextFile(
      join(folder, "1_a.ipynb"),
      notebookWith("# Part", [CELL]),
    );
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name:
    "reproduce --seeds has a run a seed, put together by the first, and goes on as one run does",
  ignore,
  async fn() {
    await withNotebook((notebooks) =>
      withFolder(async (folder) => {
        /** Runs with so many seeds; tells which of them did anything. */
        const run = async (...args: string[]) => {
          const { settings, further } = parseReproduceArguments(
            ["--quick", "--outputs", folder, ...args],
          );
          const worked: number[] = [];
          for (const one of [...further, settings]) {
            let shown = "";
            const terminal = new Terminal({
              write: (text) => void (shown += text),
              isTerminal: false,
              columns: () => 80,
              now: () => performance.now(),
            });
            await reproduce(one, {
              stages: [STAGE],
              notebooks,
              terminal,
            });
            if (!/Nothing to do/.test(shown)) worked.push(one.seed);
          }
          const together = await readJson<{ seed: number }[]>(
            join(resultsFolder(settings), "tables", "seeds.json"),
            "table",
          );
          return { worked, seeds: together.map(({ seed }) => seed) };
        };
        assert.deepEqual(await run(), { worked: [0], seeds: [0] });
        // A seed more: its run, and that which puts them together.
        assert.deepEqual(await run("--seeds", "2"), {
          ...{ worked: [1, 0], seeds: [0, 1] },
        });
        assert.deepEqual(await run("--seeds", "2"), {
          ...{ worked: [], seeds: [0, 1] },
        });
        assert.deepEqual((await run()).worked, []);
        // What a further run has lost is made again, and comes out the same.
        await Deno.remove(
          join(folder, "runs", "nasbench201-seed1-quick", "tables", "t.json"),
        );
        assert.deepEqual(await run("--seeds", "2"), {
          ...{ worked: [1], seeds: [0, 1] },
        });
      })
    );
  },
});
