import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { parseReproduceArguments, reproduce } from "../../lib/cli/reproduce.ts";
import { Terminal } from "../../lib/cli/terminal.ts";
import { readJson } from "../../lib/core/files.ts";
import type { Manifest } from "../../lib/run/manifest.ts";
import { checkRunSettings, RUN_VARIABLE } from "../../lib/run/settings.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { notebookWith } from "./_notebooks.ts";

/** Needs `deno task setup`. */
const ignore = !existsSync(environmentPython());

Deno.test("parseReproduceArguments() turns options into settings", () => {
  assert.deepEqual(
    parseReproduceArguments([
      ...["--space", "nasbench201", "--seed", "5", "--samples=20"],
      ...["--device", "cpu", "--outputs", "results", "--quick", "--fresh"],
    ], "/home/me"),
    {
      settings: {
        space: "nasbench201",
        seed: 5,
        samples: 20,
        device: "cpu",
        t5: null,
        optimizer: "adamw",
        quick: true,
        outputs: join("/home/me", "results", "nasbench201-quick"),
      },
      fresh: true,
      help: false,
    },
  );
  const t5 = (source: string) =>
    parseReproduceArguments(["--t5", source], PROJECT_ROOT).settings.t5;
  assert.equal(t5("google-t5/t5-small"), "google-t5/t5-small");
  assert.equal(t5("lib"), join(PROJECT_ROOT, "lib"));
  assert.equal(
    parseReproduceArguments(["--optimizer", "adafactor"]).settings.optimizer,
    "adafactor",
  );
  assert.equal(
    parseReproduceArguments([]).settings.outputs,
    join(PROJECT_ROOT, "outputs", "nasbench201"),
  );
});

Deno.test("parseReproduceArguments() rejects what it does not know", () => {
  const wrong: [string, RegExp][] = [
    ["--space=moon", /must be one of .*nasbench201/],
    ["--seed=x", /^Cannot reproduce: --seed must be a whole number, got x$/],
    ["--seed=-1", /^Cannot reproduce: seed must be .* got -1$/],
    ["--samples=0", /^Cannot reproduce: samples must be .* got 0$/],
    ["--device=tpu", /^Cannot reproduce: device must be .* got tpu$/],
    ["--speed=9", /^Cannot reproduce: unknown option '--speed'; /],
  ];
  for (const [argument, message] of wrong) {
    assert.throws(() => parseReproduceArguments([argument]), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("reproduce as a command ends with one sentence and exit code 1", async () => {
  const file = await Deno.makeTempFile();
  const cases: [string[], RegExp][] = [
    [["--space", "moon"], /^Cannot .*moon"\n$/],
    [
      ["--outputs", file], // a file where the folder should be
      /^Cannot reproduce: the outputs folder .* must be writable: .*\n$/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(PROJECT_ROOT, "lib/cli/reproduce.ts"), ...args],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 1);
    assert.equal(new TextDecoder().decode(stdout), "");
    assert.match(new TextDecoder().decode(stderr), message);
  }
  await Deno.remove(file);
});

Deno.test({
  name:
    "reproduce() runs what has changed, and all that follows it, and no more",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const outputs = join(folder, "outputs", "nasbench201-quick");
    const settings = checkRunSettings({ quick: true, seed: 9, outputs });
    const stages = [
      { name: "1_a", ignores: [] },
      { name: "2_b", ignores: [] },
    ];
    async function writeNotebook(name: string, ...cells: string[]) {
      await Deno.writeTextFile(
        join(folder, `${name}.ipynb`),
        notebookWith(
          `# Part ${name}

In short.`,
          cells,
        ),
      );
    }
    /** Runs, and tells which stages were not skipped and what was shown. */
    async function run(fresh = false) {
      let shown = "";
      const terminal = new Terminal({
        write: (text) => void (shown += text),
        isTerminal: false,
        columns: () => 80,
        now: () => performance.now(),
      });
      const options = { stages, notebooks: folder, terminal, fresh };
      let error: Error | null = null;
      await reproduce(settings, options).catch((thrown) => error = thrown);
      const executed = [...shown.matchAll(/^\[\d\/2\] Part (\d_\w)$/gm)]
        .map((match) => match[1]);
      return { executed, shown, error: error as Error | null };
    }

    try {
      await writeNotebook(
        "1_a",
        `const settings = JSON.parse(Deno.env.get("${RUN_VARIABLE}"));
const tables = settings.outputs + "/tables";
await Deno.mkdir(tables, { recursive: true });
await Deno.writeTextFile(tables + "/t.md", "| seed |\\n|---|\\n| 9 |\\n");
await Deno.writeTextFile(tables + "/t.json", '[{"seed":' + settings.seed + "}]");
console.log("made a table");`,
      );
      await writeNotebook("2_b", "1 + 1;");
      const first = await run();
      assert.equal(first.error, null);
      assert.deepEqual(first.executed, ["1_a", "2_b"]);
      assert.match(first.shown, /seed 9, 500 samples, device auto, quick/);
      assert.match(first.shown, /cell 1 of 1\nmade a table\n {2}done in/);
      assert.match(first.shown, /cell 1 of 1\n2\n/);
      assert.match(first.shown, /Done in .*report\.html\n$/);
      assert.deepEqual(
        await readJson(join(outputs, "tables", "t.json"), "table"),
        [{ seed: 9 }],
      );
      const manifest = await readJson<Manifest>(
        join(outputs, "manifest.json"),
        "manifest",
      );
      assert.deepEqual(manifest.stages.map(({ name }) => name), ["1_a", "2_b"]);
      assert.ok("tables/t.json" in manifest.files);
      const report = await Deno.readTextFile(join(outputs, "report.html"));
      assert.match(report, /Part 1_a/);
      assert.match(report, /Quick run/);

      const second = await run();
      assert.deepEqual(second.executed, []);
      assert.match(second.shown, /Nothing to do/);

      // A result that is gone: its stage and the one that builds on it.
      await Deno.remove(join(outputs, "tables", "t.md"));
      assert.deepEqual((await run()).executed, ["1_a", "2_b"]);

      // A stage that fails is run again, the one before it is not.
      await writeNotebook("2_b", "2;", 'throw new Error("no\\nluck");');
      const failed = await run();
      assert.deepEqual(failed.executed, ["2_b"]);
      assert.match(
        failed.error?.message ?? "",
        /^Cannot run 2_b\.ipynb: code cell 2 of 2: no luck \(traceback in .*2_b\.log\)$/,
      );
      const log = await Deno.readTextFile(join(outputs, "logs", "2_b.log"));
      assert.match(log, /Error: no\nluck/);
      await writeNotebook("2_b", "3;");
      assert.deepEqual((await run()).executed, ["2_b"]);

      assert.deepEqual((await run(true)).executed, ["1_a", "2_b"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
