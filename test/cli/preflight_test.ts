import assert from "node:assert/strict";
import { join } from "node:path";
import { checkCoverage, checkRun } from "../../lib/cli/preflight.ts";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { Random } from "../../lib/core/random.ts";
import { openDevice } from "../../lib/engine/device.ts";
import { writeCodesTokenizer } from "../../lib/language/tokenizer.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Config,
} from "../../lib/models/t5/config.ts";
import { saveT5 } from "../../lib/models/t5/files.ts";
import { VQVAE_PAPER } from "../../lib/models/vqvae/config.ts";
import { checkRunSettings } from "../../lib/run/settings.ts";
import { MOST_QUERIES } from "../../lib/search/compared.ts";
import { withFolder } from "../_helpers.ts";
import {
  entries201,
  HASHES,
  HEADER,
  row,
  write,
} from "../accuracies/_files.ts";

/** What is said of a folder that a T5 cannot be read from; the reader says why. */
const UNUSABLE =
  /^RangeError: Cannot reproduce: --t5 must be a T5 that can be fine-tuned, got [^\n]+: Cannot [^\n]+$/;

/** A T5 with our tokenizer for all codes of a codebook. */
const CONFIG: T5Config = {
  ...T5_MINI,
  d_model: 8,
  d_kv: 4,
  d_ff: 8,
  num_layers: 1,
  num_decoder_layers: 1,
  num_heads: 2,
};

/** Runs an action with a T5 of the right files that may be changed, and no accuracies but those in `data`. */
function withModel(
  action: (t5: string, data: string) => Promise<void>,
): Promise<void> {
  return withFolder(async (folder) => {
    const t5 = join(folder, "t5"), data = join(folder, "data");
    await writeCodesTokenizer(t5, VQVAE_PAPER);
    await saveT5(t5, {
      config: CONFIG,
      weights: initialT5Weights(CONFIG, Random.fromSeed(0)),
    });
    const before = Deno.env.get("ARCHLLM_DATA");
    Deno.env.set("ARCHLLM_DATA", data);
    try {
      await action(t5, data);
    } finally {
      if (before === undefined) Deno.env.delete("ARCHLLM_DATA");
      else Deno.env.set("ARCHLLM_DATA", before);
    }
  });
}

const check = (settings: Parameters<typeof checkRunSettings>[0]) =>
  checkRun(checkRunSettings(settings), "reproduce");

Deno.test("checkRun() lets pass what a run can use", () =>
  withModel(async (t5) => {
    await check({});
    await check({ t5, device: "cpu" });
    // Of a model on the hub only the name is looked at.
    await check({ t5: "google-t5/t5-small" });
  }));

Deno.test("checkRun() refuses a source of a T5 that is none", () =>
  withModel(async (t5) => {
    const missing = join(t5, "nothing");
    for (
      const source of [
        missing,
        "./t5",
        "../models/t5",
        "t5-small",
        "a/b/c",
        "a/-b",
      ]
    ) {
      await assert.rejects(check({ t5: source }), {
        name: "RangeError",
        message:
          `Cannot reproduce: --t5 must be a folder that is there or a name on the hub, owner/name, got ${source}`,
      });
    }
    const file = join(t5, "config.json");
    await assert.rejects(check({ t5: file }), {
      name: "RangeError",
      message:
        `Cannot reproduce: --t5 must be a folder with config.json, tokenizer.json, tokenizer_config.json, got a file: ${file}`,
    });
  }));

Deno.test("checkRun() refuses a folder without what a T5 needs, and says what", async () => {
  for (
    const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]
  ) {
    await withModel(async (t5) => {
      await Deno.remove(join(t5, name));
      await assert.rejects(check({ t5 }), {
        name: "RangeError",
        message: RegExp(`^Cannot reproduce: --t5 must be .* without ${name}$`),
      });
    });
  }
  await withModel(async (t5) => {
    await Deno.remove(join(t5, "model.safetensors"));
    await assert.rejects(
      check({ t5 }),
      UNUSABLE,
    );
  });
});

Deno.test("checkRun() refuses another model, and one whose parts do not fit", async () => {
  const change = (file: string, changes: object) =>
    withModel(async (t5) => {
      const path = join(t5, file);
      const before = JSON.parse(await Deno.readTextFile(path));
      await writeJson(path, { ...before, ...changes });
      await assert.rejects(check({ t5 }), UNUSABLE);
    });
  await change("config.json", { model_type: "bert" });
  await change("config.json", { d_model: 64 }); // not that of the weights
  await withModel(async (t5) => {
    await writeCodesTokenizer(t5, { codebookSize: 50 }); // fewer codes than a codebook
    await assert.rejects(check({ t5 }), UNUSABLE);
  });
  await change("config.json", { vocab_size: 5 }); // fewer than the tokenizer has
  await change("tokenizer.json", { model: null });
  await withModel(async (t5) => {
    await Deno.writeTextFile(
      join(t5, "model.safetensors"),
      "version https://git-lfs",
    );
    await assert.rejects(
      check({ t5 }),
      UNUSABLE,
    );
  });
});

Deno.test("checkRun() refuses accuracies of fewer cells than a search asks for", () =>
  withModel(async (_, data) => {
    const settings = { space: "nasbench101" };
    await Deno.mkdir(join(data, "nasbench101"), { recursive: true });
    await write(
      join(data, "nasbench101"),
      "accuracies.csv.gz",
      [HEADER, ...HASHES.map(row)].join("\n") + "\n",
    );
    for (const [quick, least] of [[false, MOST_QUERIES], [true, 48]] as const) {
      await assert.rejects(check({ ...settings, quick }), {
        name: "RangeError",
        message: RegExp(
          `^Cannot reproduce: the accuracies of CIFAR-10 must be of at least ${least} cells, as many as a search asks for, got 3 \\(accuracies\\.csv\\.gz: 3 of 423,624 cells\\); `,
        ),
      });
    }
  }));

Deno.test("checkRun() opens the device that is asked for", () =>
  withModel(async () => {
    const failure = await openDevice("cuda").then(
      () => null,
      (error: Error) => error.message,
    );
    if (failure === null) await check({ device: "cuda" });
    else await assert.rejects(check({ device: "cuda" }), { message: failure });
  }));

Deno.test("checkRun() reads accuracies as the notebooks will", () =>
  withModel(async (_, data) => {
    const folder = join(data, "nasbench201");
    await Deno.mkdir(folder, { recursive: true });
    for (const name of ["cifar10", "cifar100", "imagenet"]) {
      await writeJson(join(folder, `nasbench201_${name}.json`), entries201());
    }
    await check({});
    await Deno.writeTextFile(join(folder, "nasbench201_cifar100.json"), "{");
    await assert.rejects(
      check({}),
      /^\w*Error: Cannot .*nasbench201_cifar100\.json/,
    );
  }));

Deno.test("checkCoverage() is by table: as many cells as queries are enough", () => {
  const table = (title: string, cells: number) => ({
    title,
    covered: new Uint32Array(cells),
    source: `${title}.csv`,
  });
  checkCoverage([table("A", 48), table("B", 49)], 48, "run");
  assert.throws(
    () => checkCoverage([table("A", 48), table("B", 47)], 48, "run"),
    {
      name: "RangeError",
      message:
        "Cannot run: the accuracies of B must be of at least 48 cells, as many as a search asks for, got 47 (B.csv); import more (deno task data --from), or remove the file: a predictor takes its place",
    },
  );
});

Deno.test("reproduce as a command refuses what cannot work before it writes anything", () =>
  withFolder(async (folder) => {
    const outputs = join(folder, "outputs");
    const cases: [args: string[], message: string][] = [
      [
        ["--t5="],
        "Cannot reproduce: --t5 must be followed by a value, got an empty one\n",
      ],
      [
        ["--samples", "-5"],
        "Cannot reproduce: samples must be a whole number from 1 to 10000000, got -5\n",
      ],
      [
        ["--t5", "/etc/passwd"],
        "Cannot reproduce: --t5 must be a folder with config.json, tokenizer.json, tokenizer_config.json, got a file: /etc/passwd\n",
      ],
    ];
    await Promise.all(cases.map(async ([args, message]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", join(PROJECT_ROOT, "lib/cli/reproduce.ts"), ...args],
          ...["--outputs", outputs],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 1);
      assert.equal(new TextDecoder().decode(stdout), "");
      assert.equal(new TextDecoder().decode(stderr), message);
    }));
    await assert.rejects(Deno.stat(outputs), Deno.errors.NotFound);
  }));
