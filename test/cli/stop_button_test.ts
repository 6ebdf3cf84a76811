import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  environmentPython,
  jupyterVariables,
} from "../../lib/cli/environment.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";

/** Runs cells, each with the seconds after which it is stopped; what each wrote. */
async function runCells(
  cells: readonly (readonly [code: string, stop: number | null])[],
): Promise<string[]> {
  const child = new Deno.Command(environmentPython(), {
    args: [
      join(import.meta.dirname!, "_stop_button.py"),
      join(PROJECT_ROOT, "notebooks"),
    ],
    env: jupyterVariables(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(cells)));
  await input.close();
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const lines = decoder.decode(stdout).trim().split("\n");
  assert.equal(lines.length, cells.length, decoder.decode(stderr));
  return lines.map((line) => JSON.parse(line) as string);
}

Deno.test({
  name:
    "the stop button of a notebook ends what runs under a bar, also in workers, and the kernel goes on",
  ignore: !existsSync(environmentPython()) || Deno.build.os === "windows",
  fn: () =>
    withFolder(async (root) => {
      const workers = JSON.stringify(
        new URL("../../lib/core/workers.ts", import.meta.url).href,
      );
      const module = JSON.stringify(
        new URL("../core/_doubling_worker.ts", import.meta.url).href,
      );
      const written = await runCells([
        [
          `import { openRun, withProgress } from "arch-llm";
const { inWorkers } = await import(${workers});
const run = await openRun("1_data", { root: ${
            JSON.stringify(root)
          }, quick: true });
let steps = 0;`,
          null,
        ],
        [
          `await withProgress("Steps", async (onProgress) => {
  while (steps < 1000) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    onProgress({ done: ++steps, total: 1000, message: "" });
  }
});`,
          2,
        ],
        [
          `console.log(run.space, steps > 10 && steps < 1000)`,
          null,
        ],
        [
          `await withProgress("Numbers", (onProgress) =>
  inWorkers(new URL(${module}), 2, new Array(2000).fill(5), {
    workers: 1,
    onProgress: (job) => onProgress({ done: job + 1, total: 2000, message: "" }),
  }));`,
          2,
        ],
        [`console.log("still there")`, null],
      ]);
      const again = "run the cell again, and it goes on from what was saved";
      assert.deepEqual(written, [
        "",
        `Stopped Steps: ${again}`,
        "nasbench201 true\n",
        `Stopped Numbers: ${again}`,
        "still there\n",
      ]);
    }),
});
