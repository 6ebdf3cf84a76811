import assert from "node:assert/strict";
import { join } from "node:path";
import { fromCSV } from "arquero";
import {
  exists,
  readJson,
  writeFileAtomic,
  writeJson,
} from "../../lib/core/files.ts";
import { lineChart } from "../../lib/report/charts.ts";
import { table } from "../../lib/report/tables.ts";
import { hasModel, OUTPUTS, recordFolder } from "../../lib/run/folders.ts";
import { openRun, publish, type Run, withProgress } from "../../lib/run/run.ts";
import { RUN_VARIABLE, type RunSettings } from "../../lib/run/settings.ts";
import { withFolder } from "../_helpers.ts";

/** Runs an action with environment variables set, or unset where they are null. */
async function withVariables<T>(
  variables: Record<string, string | null>,
  action: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) =>
    [name, Deno.env.get(name) ?? null] as const
  );
  const set = (name: string, value: string | null) =>
    value === null ? Deno.env.delete(name) : Deno.env.set(name, value);
  try {
    for (const [name, value] of Object.entries(variables)) set(name, value);
    return await action();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

/** Opens the run of a notebook opened by hand, whose results are gone afterwards. */
async function withRun(
  defaults: Partial<RunSettings>,
  action: (run: Run) => Promise<void>,
): Promise<void> {
  await withFolder(async (root) =>
    action(
      await withVariables(
        { [RUN_VARIABLE]: null },
        () => openRun("2_vqvae", { device: "cpu", root, ...defaults }),
      ),
    )
  );
}

/** What an action prints. */
async function printed(action: () => Promise<void>): Promise<string> {
  const log = console.log;
  const lines: string[] = [];
  console.log = (...values: unknown[]) => void lines.push(values.join(" "));
  try {
    await action();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

Deno.test("openRun() opens space and device, and notes the device for the manifest", async () => {
  await withRun({ seed: 3 }, async (run) => {
    assert.equal(run.space, "nasbench201");
    assert.equal(run.cells.name, "nasbench201");
    assert.equal(run.seed, 3);
    assert.equal(run.quick, false);
    assert.equal(run.executor.description, "onnxruntime cpu");
    assert.equal(run.outputs, join(run.root, "runs", "lab-nasbench201"));
    assert.equal(run.newModel("a/t5"), join(run.outputs, "models/a/t5"));
    assert.equal(run.samplesOf("a"), join(run.outputs, "samples", "a"));
    assert.equal(run.trialsFolder, join(run.outputs, "trials"));
    assert.deepEqual(
      await readJson(
        join(run.outputs, "stages", "2_vqvae.metrics.json"),
        "metrics",
      ),
      { device: "onnxruntime cpu" },
    );
  });
});

Deno.test("openRun() follows the environment variable", async () => {
  await withFolder(async (root) => {
    const asked = {
      ...{ quick: true, seed: 8, samples: 7, device: "wasm", name: "mine" },
      root,
    };
    const run = await withVariables(
      { [RUN_VARIABLE]: JSON.stringify(asked) },
      () => openRun("5_generate", { seed: 1, device: "cpu" }),
    );
    const { quick, seed, samples, device, name } = run;
    assert.deepEqual({ quick, seed, samples, device, name, root }, asked);
    assert.equal(run.executor.description, "tfjs wasm");
    const stages = join(root, "runs", "mine", "stages");
    assert.ok(await exists(join(stages, "5_generate.metrics.json")));
  });
});

/** Trains a model, as far as a folder can tell. */
const train = (outputs: string, name: string) =>
  writeFileAtomic(join(outputs, "models", name, "model.safetensors"), "");

Deno.test("run.model() of a notebook opened by hand is its own, else a finished run's, else the record's", async () => {
  await withRun({}, async ({ model, newModel, outputs, root }) => {
    const reproduced = join(root, "runs", "nasbench201-seed0");
    const record = join(root, "nasbench201");
    assert.throws(() => model("arch-llm/t5"), {
      message:
        `Cannot open the model arch-llm/t5 of NAS-Bench-201: it must be in models/ of ${outputs} or ${record}, got none; deno task reproduce --space nasbench201 makes it, as do the notebooks before this one`,
    });
    // Only a checkpoint: not trained to its end.
    await writeFileAtomic(
      newModel("arch-llm/vqvae/checkpoint.safetensors"),
      "",
    );
    await train(record, "arch-llm/vqvae");
    await train(record, "arch-llm/t5");
    assert.equal(
      model("arch-llm/vqvae"),
      join(record, "models", "arch-llm", "vqvae"),
    );
    await train(reproduced, "arch-llm/t5");
    assert.equal(model("arch-llm/t5"), join(record, "models/arch-llm/t5"));
    await writeJson(join(reproduced, "manifest.json"), {});
    assert.equal(model("arch-llm/t5"), join(reproduced, "models/arch-llm/t5"));
    // A VQ-VAE of its own has codes of its own: no other language model writes them.
    await train(outputs, "arch-llm/vqvae");
    assert.equal(model("arch-llm/vqvae"), newModel("arch-llm/vqvae"));
    assert.throws(() => model("arch-llm/t5"), {
      message: new RegExp(`in models/ of ${outputs}, got none`),
    });
    await train(outputs, "arch-llm/t5");
    assert.equal(model("arch-llm/t5"), newModel("arch-llm/t5"));
  });
});

Deno.test("run.model() of reproduce is its own, and the message names what was asked for", async () => {
  await withFolder(async (root) => {
    const asked = { seed: 3, quick: true, name: "mine", root, device: "cpu" };
    const { model } = await withVariables(
      { [RUN_VARIABLE]: JSON.stringify(asked) },
      () => openRun("5_generate"),
    );
    await train(join(root, "nasbench201"), "arch-llm/vqvae");
    assert.throws(() => model("arch-llm/vqvae"), {
      message: new RegExp(
        `in models/ of ${
          join(root, "runs", "mine")
        }, got none; deno task reproduce --space nasbench201 --seed 3 --quick makes it`,
      ),
    });
  });
});

Deno.test("The models that the run of record of NAS-Bench-101 ships are there to be opened", () => {
  const record = recordFolder(OUTPUTS, "nasbench101");
  for (
    const name of ["arch-llm/vqvae", "arch-llm-plus/vqvae", "arch-llm-plus/t5"]
  ) assert.ok(hasModel(record, name), name);
});

Deno.test("openRun() refuses a wrong setting before it writes anything", async () => {
  await withFolder(async (root) => {
    await withVariables({ [RUN_VARIABLE]: null }, async () => {
      await assert.rejects(openRun("1_data", { root, samples: 0 }), {
        name: "RangeError",
        message:
          "Cannot read the run's settings: samples must be a whole number from 1 to 10000000, got 0",
      });
    });
    assert.deepEqual([...Deno.readDirSync(root)], []);
  });
});

Deno.test("openRun() says when results cannot be written", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await withVariables({ [RUN_VARIABLE]: null }, async () => {
      await assert.rejects(
        openRun("1_data", { root: join(file, "below"), device: "cpu" }),
        /^Error: Cannot write .*1_data\.metrics\.json: [^\n]+$/,
      );
    });
  });
});

const ROWS = [{ method: "ours", validity: 98.25 }, {
  method: "theirs",
  validity: 97,
}];
const TABLE = table(ROWS, {
  caption: "Table 2",
  columns: ["method", "validity"],
  notes: ["A note"],
});

for (const quick of [false, true]) {
  Deno.test(`publish() saves a table ${quick ? "and marks it as quick" : "as it is"}`, async () => {
    await withRun({ quick }, async (run) => {
      const text = await printed(() => publish(run, "table_2", TABLE));
      const path = join(run.outputs, "tables", "table_2");
      const rows = quick ? ROWS.map((row) => ({ ...row, quick: true })) : ROWS;
      assert.deepEqual(await readJson(`${path}.json`, "table"), rows);
      const csv = fromCSV(await Deno.readTextFile(`${path}.csv`));
      assert.deepEqual(csv.objects(), rows);
      const markdown = await Deno.readTextFile(`${path}.md`);
      for (const shown of [markdown, text]) {
        assert.equal(shown.includes("quick run, not a result"), quick);
        assert.ok(shown.includes("Table 2"));
        assert.ok(shown.includes("98.25"));
        assert.ok(shown.includes("A note"));
      }
      // What was given stays as it was.
      assert.equal(TABLE.caption, "Table 2");
      assert.deepEqual(TABLE.rows, ROWS);
    });
  });
}

Deno.test("publish() saves a figure and shows it", async () => {
  await withRun({}, async (run) => {
    const figure = lineChart([{ name: "a", x: [1, 2], y: [2, 1] }], {
      title: "Loss",
      x: "epoch",
      y: "loss (nats)",
    });
    const text = await withVariables(
      { CHROME_PATH: join(run.outputs, "no browser") },
      () => printed(() => publish(run, "loss", figure)),
    );
    assert.match(text, /\[figure\] Loss/);
    const folder = join(run.outputs, "figures");
    assert.deepEqual(
      await readJson(join(folder, "loss.json"), "figure"),
      JSON.parse(JSON.stringify(figure)),
    );
    assert.ok(await exists(join(folder, "loss.html")));
    assert.equal(await exists(join(folder, "loss.png")), false);
  });
});

/** What an action writes to standard error. */
async function errorOutput(action: () => Promise<void>): Promise<string> {
  const { writeSync } = Deno.stderr;
  let text = "";
  Deno.stderr.writeSync = (bytes) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    await action();
  } finally {
    Deno.stderr.writeSync = writeSync;
  }
  return text;
}

Deno.test("withProgress() shows a bar from the first report to the last, and returns the result", async () => {
  let result = 0;
  const text = await errorOutput(async () => {
    result = await withProgress("Training", async (onProgress) => {
      for (let done = 1; done <= 4; done++) {
        await Promise.resolve();
        onProgress({ done, total: 4, message: `loss ${5 - done}` });
      }
      return 42;
    });
  });
  assert.equal(result, 42);
  assert.match(text, /Training/);
  assert.match(text, /100 %.*4\/4.*loss 1/);
});

Deno.test("withProgress() shows nothing where nothing is reported", async () => {
  const text = await errorOutput(async () => {
    assert.equal(await withProgress("Idle", () => Promise.resolve("x")), "x");
  });
  assert.equal(text, "");
});

Deno.test("withProgress() passes errors on", async () => {
  await errorOutput(async () => {
    await assert.rejects(
      withProgress("Failing", (onProgress) => {
        onProgress({ done: 1, total: 2, message: "" });
        return Promise.reject(new RangeError("no"));
      }),
      /^RangeError: no$/,
    );
  });
});
