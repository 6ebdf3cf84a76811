import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCompareArguments, runCompare } from "../../lib/cli/compare.ts";
import { readJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";
import { finishRun } from "../run/_finished_runs.ts";

/** What is printed for these arguments. */
async function compared(root: string, ...args: readonly string[]) {
  const printed: string[] = [];
  await runCompare(
    parseCompareArguments([...args, "--outputs", root], root),
    (text) => printed.push(text),
  );
  return printed.join("\n");
}

Deno.test("compare sets two seeds side by side, with their mean, within a terminal's width", () =>
  withFolder(async (root) => {
    for (const seed of [0, 2]) await finishRun({ root, seed });
    const text = await compared(
      root,
      ...["nasbench201-seed0", "nasbench201-seed2", "--to", "side_by_side"],
    );
    assert.match(text, /^setting +A +B\n─.*\nseed +0 +2\n\n/m);
    assert.match(text, /^Table 2: .*, strict reading \(%\)$/m);
    assert.match(
      text,
      /^method +figure +A +B +mean +B − A$/m,
    );
    // √(0.8 · 0.2 / 10,000) = 0.4 points, √(0.82 · 0.18 / 10,000) = 0.38.
    assert.match(
      text,
      /^ +validity +80\.00 +82\.00 +81\.00 ± 1\.41 +\+2\.00 ± 0\.55$/m,
    );
    assert.match(
      text,
      /^Search +192 +validation \(%\) +94\.00 +96\.00 +95\.00 ± 1\.41(?: +\+2\.00 ± 0\.71)?$/m,
    );
    for (const line of text.split("\n")) {
      assert.ok(line.startsWith("Saved") || [...line].length <= 80, line);
    }
    const tables = join(root, "side_by_side", "tables");
    const names = ["runs", "settings", "table_2_published", "table_2_strict"];
    assert.deepEqual(
      [...Deno.readDirSync(tables)].map(({ name }) => name).sort(),
      [...names, "table_4_cifar10"].flatMap((name) =>
        ["csv", "json", "md", "tex"].map((ending) => `${name}.${ending}`)
      ),
    );
    const rows = await readJson<Record<string, unknown>[]>(
      join(tables, "table_2_strict.json"),
      "table",
    );
    const row = rows.find(({ figure }) => figure === "validity")!;
    assert.deepEqual(
      [row.method, row["mean mean"], row["B - A difference"]],
      ["Ours", 81, 2],
    );
  }));

Deno.test("compare has a column for the seeds of each setting", () =>
  withFolder(async (root) => {
    for (const seed of [0, 1]) {
      await finishRun({ root, seed });
      await finishRun({ root, seed, samples: 500, name: `few-${seed}` });
    }
    const text = await compared(
      root,
      ...["nasbench201-seed0", "few-0", "few-1", "nasbench201-seed1"],
    );
    assert.match(text, /^samples +10000 +500$/m);
    assert.match(text, /^A +\S+seed0 +0 .*\nA +\S+seed1 +1 /m);
    assert.match(
      text,
      /^ +validity +80\.50 ± 0\.71 +80\.50 ± 0\.71 +0\.00 ± 0\.71$/m,
    );
  }));

Deno.test("compare runs with the permissions of its task, on the runs of record too", async () => {
  const { tasks } = await readJson<
    { tasks: Record<string, { command: string }> }
  >(join(PROJECT_ROOT, "deno.json"), "configuration");
  const [, ...words] = tasks.compare.command.split(" ");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, "nasbench201", "nasbench101"],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 1);
  assert.equal(
    new TextDecoder().decode(stderr).trim(),
    "Cannot compare runs: all must be of one space, got outputs/nasbench201 of nasbench201 and outputs/nasbench101 of nasbench101",
  );
});
