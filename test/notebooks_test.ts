import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkNotebooks, listNotebooks } from "../lib/cli/check_notebooks.ts";
import { environmentPython } from "../lib/cli/environment.ts";
import { MAX_NOTEBOOK_BYTES } from "../lib/cli/notebooks.ts";
import { readJson } from "../lib/core/files.ts";
import type { Manifest } from "../lib/run/manifest.ts";
import { cellText, codeCells, readNotebook } from "../lib/run/notebook.ts";

import { PROJECT_ROOT } from "../lib/core/project.ts";
import { STAGES } from "../lib/run/stages.ts";

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
      assert.doesNotMatch(code, new RegExp(`settings\\.${setting}\\b`));
    }
  });
}

/** Starts `reproduce --quick` as a user does. */
function startQuick(outputs: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(PROJECT_ROOT, "lib/cli/reproduce.ts")],
      ...["--quick", "--outputs", outputs],
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function reproduceQuick(outputs: string) {
  const { code, stdout, stderr } = await startQuick(outputs).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

/** Runs it until a file is there, then interrupts it. */
async function interruptQuick(outputs: string, file: string) {
  const child = startQuick(outputs);
  let ended = false;
  const output = child.output().finally(() => ended = true);
  while (!ended && !existsSync(file)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!ended) child.kill("SIGINT");
  const { code, stderr } = await output;
  assert.equal(code, 130, new TextDecoder().decode(stderr));
}

/** The tables of a run, by name. */
function tablesOf(outputs: string): Record<string, string> {
  const folder = join(outputs, "tables");
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => name).sort()
      .map((name) => [name, Deno.readTextFileSync(join(folder, name))]),
  );
}

Deno.test({
  name:
    "reproduce --quick runs every notebook, marks its tables, and has nothing to do the second time",
  ignore: NAMES.length === 0 || !existsSync(environmentPython()),
  async fn(t) {
    const root = await Deno.makeTempDir();
    const outputs = join(root, "nasbench201-quick");
    try {
      const text = await reproduceQuick(root);
      assert.doesNotMatch(text, /: unchanged, skipped$/m);
      for (const [index, stage] of STAGES.entries()) {
        await t.step(stage.name, async () => {
          const heading = `^\\[${index + 1}/${STAGES.length}\\] `;
          assert.match(text, new RegExp(heading, "m"));
          const { cells } = await readNotebook(
            join(outputs, "notebooks", `${stage.name}.ipynb`),
          );
          const code = cells.filter((cell) =>
            cell.cell_type === "code" && cellText(cell).trim() !== ""
          );
          for (const [at, cell] of code.entries()) {
            assert.equal(cell.execution_count, at + 1);
          }
        });
      }
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
        assert.equal(manifest.stages.length, STAGES.length);
        assert.match(
          await Deno.readTextFile(join(outputs, "report.html")),
          /Quick run/,
        );
      });
      await t.step("second run", async () => {
        const started = performance.now();
        assert.match(await reproduceQuick(root), /Nothing to do/);
        const seconds = (performance.now() - started) / 1000;
        assert.ok(seconds < 10, `took ${seconds} s`);
      });
      await t.step(
        "killed in the VQ-VAE, in the T5, in sampling and in a search it goes on to the same tables",
        async () => {
          const killed = join(root, "killed");
          const results = join(killed, "nasbench201-quick");
          for (
            const file of [
              "models/arch-llm-plus/vqvae/checkpoint.safetensors",
              "models/arch-llm/t5/checkpoint.safetensors",
              "samples/arch-llm/temperature_0.8.json",
              "trials/cifar100/random_search_0.json",
            ]
          ) await interruptQuick(killed, join(results, file));
          const text = await reproduceQuick(killed);
          assert.match(text, /^\[4\/\d+\] .*: unchanged, skipped$/m);
          assert.deepEqual(tablesOf(results), tablesOf(outputs));
        },
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
