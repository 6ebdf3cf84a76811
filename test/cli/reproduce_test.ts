import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { parseReproduceArguments, reproduce } from "../../lib/cli/reproduce.ts";
import { Terminal } from "../../lib/cli/terminal.ts";
import { readJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import type { Manifest } from "../../lib/run/manifest.ts";
import {
  checkRunSettings,
  resultsFolder,
  RUN_VARIABLE,
} from "../../lib/run/settings.ts";
import type { Stage } from "../../lib/run/stage.ts";
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
        trials: 2,
        device: "cpu",
        t5: null,
        dataset: null,
        optimizer: "adamw",
        quick: true,
        name: "nasbench201-seed5-quick",
        root: join("/home/me", "results"),
      },
      further: [],
      fresh: true,
      rivals: null,
    },
  );
  const rivals = (...args: string[]) => parseReproduceArguments(args).rivals;
  assert.deepEqual(rivals("--rivals"), { only: undefined });
  assert.deepEqual(rivals("--rivals", "--only", "a,b"), { only: ["a", "b"] });
  assert.throws(
    () => rivals("--only", "a"),
    /^RangeError: Cannot reproduce: --only must stand with --rivals, got --only a$/,
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
    parseReproduceArguments(["--dataset", "my-images"]).settings.dataset,
    "my-images",
  );
  const place = (...args: string[]) => {
    const { settings } = parseReproduceArguments(args);
    return resultsFolder(settings);
  };
  const runs = join(PROJECT_ROOT, "outputs", "runs");
  assert.equal(place(), join(runs, "nasbench201-seed0"));
  assert.equal(place("--name", "my-1.try"), join(runs, "my-1.try"));
});

Deno.test("parseReproduceArguments() has a run of its own for each further seed, the last first", () => {
  const parse = (...args: string[]) => parseReproduceArguments(args);
  const { settings, further } = parse(
    ...["--seeds", "3", "--seed", "4", "--samples", "20", "--quick"],
  );
  assert.equal(settings.seed, 4);
  assert.deepEqual(
    further.map(({ seed, name }) => [seed, name]),
    [[6, "nasbench201-seed6-quick"], [5, "nasbench201-seed5-quick"]],
  );
  // All else is as asked for.
  assert.deepEqual(
    { ...further[0], seed: 4, name: settings.name },
    settings,
  );
  assert.deepEqual(parse("--seeds", "1").further, []);
  assert.throws(() => parse("--seeds", "2", "--seed", "4294967295"), {
    name: "RangeError",
    message: /seed must be .* got 4294967296$/,
  });
});

Deno.test("parseReproduceArguments() rejects what it does not know", () => {
  const wrong: [string, RegExp][] = [
    ["--space=moon", /must be one of .*nasbench201/],
    ["--seed=x", /^Cannot reproduce: --seed must be a whole number, got x$/],
    ["--seed=-1", /^Cannot reproduce: seed must be .* got -1$/],
    [
      "--seeds=0",
      /^Cannot reproduce: --seeds must be a whole number from 1 to 100, got 0$/,
    ],
    ["--samples=0", /^Cannot reproduce: samples must be .* got 0$/],
    ["--device=tpu", /^Cannot reproduce: device must be .* got tpu$/],
    [
      "--name=a/b",
      /^Cannot reproduce: name must be up to 100 letters, .* got a\/b$/,
    ],
    [
      "--name=..",
      /^Cannot reproduce: name must be up to 100 letters, .* got \.\.$/,
    ],
    [
      "--name=lab-x",
      /^Cannot reproduce: --name must not be one of notebooks opened by hand, got lab-x$/,
    ],
    ["--speed=9", /^Cannot reproduce: unknown option '--speed'; /],
  ];
  assert.throws(() => parseReproduceArguments(["--seeds=2", "--name=a"]), {
    name: "RangeError",
    message:
      "Cannot reproduce: --seeds must stand without --name, as each seed has a run of its own name, got --name a",
  });
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
    "reproduce() runs what has changed, and what reads its models, and no more",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const settings = checkRunSettings({ quick: true, seed: 9, root: folder });
    const outputs = resultsFolder(settings);
    assert.equal(outputs, join(folder, "runs", "nasbench201-seed9-quick"));
    const stages: Stage[] = [
      { name: "1_a", versions: { stage: 1 }, ignores: [], reads: [] },
      { name: "2_b", versions: { stage: 1 }, ignores: [], reads: ["vqvae"] },
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
      const executed = [
        ...shown.matchAll(
          /^\[\d\/2\] Part (\d_\w)(?:: about .* of the run left)?$/gm,
        ),
      ]
        .map((match) => match[1]);
      return { executed, shown, error: error as Error | null };
    }

    try {
      await Deno.writeTextFile(join(folder, "note"), "weights");
      await writeNotebook(
        "1_a",
        `const settings = JSON.parse(Deno.env.get("${RUN_VARIABLE}"));
const outputs = settings.root + "/runs/" + settings.name;
const model = outputs + "/models/arch-llm/vqvae";
const tables = outputs + "/tables";
await Deno.mkdir(tables, { recursive: true });
await Deno.mkdir(model, { recursive: true });
const note = await Deno.readTextFile(settings.root + "/note");
await Deno.writeTextFile(model + "/model.safetensors", note);
await Deno.writeTextFile(tables + "/t.md", "| seed |\\n|---|\\n| 9 |\\n");
await Deno.writeTextFile(tables + "/t.json", '[{"seed":' + settings.seed + "}]");
console.log("made a table");`,
      );
      await writeNotebook(
        "2_b",
        "1 + 1;",
        `if (Deno.readTextFileSync("note") !== "weights") throw new Error("no\\nluck");`,
      );
      const first = await run();
      assert.equal(first.error, null);
      assert.deepEqual(first.executed, ["1_a", "2_b"]);
      assert.match(first.shown, /seed 9, 500 samples, device auto, quick/);
      assert.match(first.shown, /cell 1 of 1\nmade a table\n {2}done in/);
      assert.match(first.shown, /cell 1 of 2\n2\n/);
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

      // A result that is gone: its stage, and no other where its model comes out the same.
      await Deno.remove(join(outputs, "tables", "t.md"));
      const third = await run();
      assert.deepEqual(third.executed, ["1_a"]);
      assert.match(third.shown, /Part 1_a: about [\d.]+ s of the run left/);
      // A result that is not as it was left, however little differs.
      const model = join(outputs, "models/arch-llm/vqvae/model.safetensors");
      for (const path of [model, join(outputs, "tables", "t.json")]) {
        const bytes = await Deno.readFile(path);
        const damaged = bytes.slice();
        damaged[2] ^= 1;
        await Deno.writeFile(path, damaged);
        assert.deepEqual((await run()).executed, ["1_a"]);
        assert.deepEqual(await Deno.readFile(path), bytes);
      }
      // Killed between its last stage and its manifest: no stage runs, but that is written.
      await Deno.remove(join(outputs, "manifest.json"));
      const finished = await run();
      assert.deepEqual(finished.executed, []);
      assert.match(finished.shown, /Done in .*report\.html\n$/);
      // Another model: the stage that reads it too. One that fails is run again, alone.
      await Deno.remove(join(outputs, "tables", "t.md"));
      await Deno.writeTextFile(join(folder, "note"), "other weights");
      const failed = await run();
      assert.deepEqual(failed.executed, ["1_a", "2_b"]);
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

Deno.test("--cells asks for another sample of a space, where its cells are one", () => {
  const { settings } = parseReproduceArguments([
    ...["--space", "darts", "--cells", "600000"],
  ]);
  assert.equal(settings.space, "darts-600000");
  assert.equal(settings.name, "darts-600000-seed0");
  assert.throws(() => parseReproduceArguments(["--cells", "5000"]), {
    name: "RangeError",
    message: /must be one of .*, got "nasbench201-5000"$/,
  });
});
