import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkNotebooks, listNotebooks } from "../lib/cli/check_notebooks.ts";
import { environmentPython } from "../lib/cli/environment.ts";
import { readJson } from "../lib/core/files.ts";
import { PROJECT_ROOT } from "../lib/core/project.ts";
import type { Manifest } from "../lib/run/manifest.ts";
import { cellText, codeCells, readNotebook } from "../lib/run/notebook.ts";
import { MAX_NOTEBOOK_BYTES } from "../lib/run/record.ts";
import { STAGES } from "../lib/run/stages.ts";
import { withFolder } from "./_helpers.ts";
import { assertRunInLab } from "./cli/_lab.ts";
import { noChromium } from "./page/_chromium.ts";

const FOLDER = join(PROJECT_ROOT, "notebooks");
const NAMES = existsSync(FOLDER) ? await listNotebooks(FOLDER) : [];

Deno.test("notebooks are formatted, and their joined cells pass lint and type check", async () => {
  if (NAMES.length === 0) return;
  const problems = await checkNotebooks(FOLDER);
  assert.equal(problems.length, 0, problems.join("\n"));
});

for (const name of NAMES) {
  Deno.test(`${name} is small, made for Deno, and imports in its first code cell only`, async () => {
    const { size } = await Deno.stat(join(FOLDER, name));
    assert.ok(size < MAX_NOTEBOOK_BYTES, `${size} bytes`);
    const notebook = await readNotebook(join(FOLDER, name));
    const { kernelspec } = notebook.metadata as {
      kernelspec?: { name: string };
    };
    assert.equal(kernelspec?.name, "deno");
    assert.equal(notebook.cells[0].cell_type, "markdown");
    for (const [index, code] of codeCells(notebook).entries()) {
      if (index > 0) assert.doesNotMatch(code, /^import\s/m);
    }
    const failed = notebook.cells.flatMap((cell) => cell.outputs ?? [])
      .filter(({ output_type }) => output_type === "error");
    assert.deepEqual(failed, [], "a stored output is an error");
  });
}

for (const stage of STAGES) {
  if (!NAMES.includes(`${stage.name}.ipynb`)) continue;
  Deno.test(`${stage.name}.ipynb does not look at the settings that its stage ignores`, async () => {
    const path = join(FOLDER, `${stage.name}.ipynb`);
    const code = codeCells(await readNotebook(path)).join("\n");
    for (const setting of stage.ignores) {
      assert.doesNotMatch(code, new RegExp(`\\brun\\.${setting}\\b`));
    }
  });
}

/** Starts `reproduce --quick` as a user does. */
function startQuick(root: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(PROJECT_ROOT, "lib/cli/reproduce.ts")],
      ...["--quick", "--name", "test", "--outputs", root],
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function reproduceQuick(root: string): Promise<string> {
  const { code, stdout, stderr } = await startQuick(root).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

/** Runs it until a file is there, then interrupts it. */
async function interruptQuick(root: string, file: string): Promise<string> {
  const child = startQuick(root);
  let ended = false;
  const output = child.output().finally(() => ended = true);
  while (!ended && !existsSync(file)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!ended) child.kill("SIGINT");
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  assert.equal(code, 130, text);
  return text;
}

/** Whether a stage was skipped, by what was shown. */
function skipped(text: string, name: string): boolean {
  const number = STAGES.findIndex((stage) => stage.name === name) + 1;
  assert.match(text, new RegExp(`^\\[${number}/${STAGES.length}\\] `, "m"));
  return new RegExp(`^\\[${number}/.*: unchanged, skipped$`, "m").test(text);
}

// One run in pieces: that a training, samples and trials go on to the same result after an
// interruption is tested where they are made.
Deno.test({
  name:
    "reproduce --quick, killed in a training and in a search, goes on, runs every notebook, and then has nothing to do",
  ignore: NAMES.length === 0 || !existsSync(environmentPython()),
  fn: (t) =>
    withFolder(async (root) => {
      const outputs = join(root, "runs", "test");
      const shown = await interruptQuick(
        root,
        join(outputs, "models/arch-llm/t5/checkpoint.safetensors"),
      );
      assert.ok(!skipped(shown, "2_vqvae"));
      const again = await interruptQuick(root, join(outputs, "trials"));
      assert.ok(skipped(again, "2_vqvae") && !skipped(again, "4_finetune"));
      const text = await reproduceQuick(root);
      assert.ok(skipped(text, "6_latent") && !skipped(text, "7_nas"));

      await t.step("notebooks", async () => {
        for (const { name } of STAGES) {
          const { cells } = await readNotebook(
            join(outputs, "notebooks", `${name}.ipynb`),
          );
          const code = cells.filter((cell) =>
            cell.cell_type === "code" && cellText(cell).trim() !== ""
          );
          for (const [at, cell] of code.entries()) {
            assert.equal(cell.execution_count, at + 1, name);
          }
        }
      });
      await t.step("tables", async () => {
        const folder = join(outputs, "tables");
        const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
        assert.ok(names.length > 0);
        for (const name of names) {
          assert.match(
            await Deno.readTextFile(join(folder, name)),
            /quick/i,
            `${name} must say that it is of a quick run`,
          );
        }
        for (const name of names.filter((name) => name.endsWith(".json"))) {
          const stem = name.slice(0, -".json".length);
          assert.ok(Array.isArray(await readJson(join(folder, name), "table")));
          assert.ok(names.includes(`${stem}.csv`), `${stem}.csv`);
          assert.ok(names.includes(`${stem}.md`), `${stem}.md`);
        }
      });
      await t.step("manifest and report", async () => {
        const manifest = await readJson<Manifest>(
          join(outputs, "manifest.json"),
          "manifest",
        );
        assert.equal(manifest.settings.quick, true);
        assert.equal(manifest.settings.name, "test");
        assert.equal(manifest.stages.length, STAGES.length);
        assert.match(
          await Deno.readTextFile(join(outputs, "report.html")),
          /Quick run/,
        );
      });
      await t.step("another run", async () => {
        const started = performance.now();
        assert.match(await reproduceQuick(root), /Nothing to do/);
        const seconds = (performance.now() - started) / 1000;
        assert.ok(seconds < 10, `took ${seconds} s`);
      });
      // It draws figures anew, after which there would be something to do.
      await t.step({
        name: "notebooks 5 and 7 in JupyterLab",
        ignore: noChromium,
        fn: () =>
          assertRunInLab({ root, name: "test", quick: true }, {
            "5_generate.ipynb": ".scatterlayer .points path",
            "7_nas.ipynb": ".scatterlayer .points path",
          }),
      });
    }),
});
