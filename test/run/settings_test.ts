import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { DEVICES } from "../../lib/engine/devices.ts";
import {
  checkRunSettings,
  readRunSettings,
  resultsFolder,
  RUN_VARIABLE,
  type RunSettings,
} from "../../lib/run/settings.ts";

function withVariable<T>(text: string | null, action: () => T): T {
  const before = Deno.env.get(RUN_VARIABLE);
  if (text === null) Deno.env.delete(RUN_VARIABLE);
  else Deno.env.set(RUN_VARIABLE, text);
  try {
    return action();
  } finally {
    if (before === undefined) Deno.env.delete(RUN_VARIABLE);
    else Deno.env.set(RUN_VARIABLE, before);
  }
}

Deno.test("checkRunSettings() fills in the documented defaults", () => {
  assert.deepEqual(checkRunSettings({}), {
    space: "nasbench201",
    seed: 0,
    samples: 10_000,
    trials: 10,
    device: "auto",
    t5: null,
    optimizer: "adamw",
    dataset: null,
    quick: false,
    name: "nasbench201-seed0",
    root: join(PROJECT_ROOT, "outputs"),
  });
  const quick = checkRunSettings({ quick: true, samples: undefined });
  assert.equal(quick.samples, 500);
  assert.equal(quick.name, "nasbench201-seed0-quick");
});

Deno.test("checkRunSettings() keeps each value that is right", () => {
  for (const device of DEVICES) {
    const settings = {
      space: "nasbench201",
      seed: 2 ** 32 - 1,
      samples: 1,
      trials: 7,
      device,
      t5: "google-t5/t5-small",
      optimizer: "adafactor",
      dataset: "my_accuracies",
      quick: true,
      name: "My_run-2.1",
      root: "/results/here",
    };
    assert.deepEqual(checkRunSettings(settings), settings);
  }
});

Deno.test("checkRunSettings() names what is wrong", () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [
      { space: "nasbench999" },
      /name must be one of .*nasbench201.*nasbench999/,
    ],
    [{ space: 3 }, /space must be a name, got 3/],
    [{ seed: -1 }, /seed must be a whole number from 0 to 4294967295, got -1/],
    [{ seed: 0.5 }, /seed must be .*, got 0.5/],
    [{ seed: "1" }, /seed must be .*, got 1/],
    [{ trials: 0 }, /trials must be a whole number from 1 to 1000, got 0/],
    [{ samples: 0 }, /samples must be a whole number from 1 to .*, got 0/],
    [{ device: "tpu" }, /device must be one of auto, cpu, .*, got tpu/],
    [
      { dataset: "a b" },
      /dataset must be 1 to 40 letters, digits, - and _, got a b$/,
    ],
    [{ t5: "" }, /t5 must be a folder or a name on the hub, got $/],
    [
      { optimizer: "sgd" },
      /optimizer must be one of adamw, adafactor, got sgd$/,
    ],
    [{ quick: "yes" }, /quick must be true or false, got yes/],
    [{ root: "outputs" }, /root must be an absolute path, got outputs/],
    [{ name: "../a" }, /name must be up to 100 letters, .*, got \.\.\/a$/],
    [{ name: ".hidden" }, /name must be up to 100 letters, .*, got \.hidden$/],
    [{ name: "" }, /name must be up to 100 letters, .*, got $/],
    [{ sample: 3 }, /a setting must be one of .*, got sample/],
  ];
  for (const [settings, message] of wrong) {
    assert.throws(() => checkRunSettings(settings), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("resultsFolder() keeps quick and full results, seeds and spaces apart", () => {
  const folders = [
    {},
    { quick: true },
    { seed: 1 },
    { seed: 1, quick: true },
    { space: "nasbench101" },
  ].map((settings) => resultsFolder(checkRunSettings(settings)));
  assert.equal(new Set(folders).size, folders.length);
  assert.equal(
    resultsFolder(checkRunSettings({ root: "/o", quick: true, seed: 7 })),
    join("/o", "runs", "nasbench201-seed7-quick"),
  );
});

Deno.test("readRunSettings() gives notebooks opened by hand a run of their own, one a space", () => {
  const name = (defaults: Partial<RunSettings>) =>
    withVariable(null, () => readRunSettings(defaults).name);
  assert.equal(name({}), "lab-nasbench201");
  assert.equal(name({ seed: 4, quick: true }), "lab-nasbench201");
  assert.equal(name({ space: "nasbench101" }), "lab-nasbench101");
  // A run of `reproduce` says what it is called, and which space it is of.
  const given = JSON.stringify(checkRunSettings({ space: "nasbench101" }));
  withVariable(given, () => {
    const { name, space } = readRunSettings({ space: "nasbench201" });
    assert.deepEqual({ name, space }, {
      name: "nasbench101-seed0",
      space: "nasbench101",
    });
  });
});

Deno.test("readRunSettings() lets the environment win over the defaults given", () => {
  withVariable('{"seed": 7}', () => {
    const settings = readRunSettings({ seed: 3, samples: 20 });
    assert.equal(settings.seed, 7);
    assert.equal(settings.samples, 20);
  });
  withVariable(null, () => assert.equal(readRunSettings({ seed: 3 }).seed, 3));
});

Deno.test("readRunSettings() rejects a variable that holds no settings", () => {
  for (const text of ["{", "3", "[]", "null"]) {
    withVariable(text, () =>
      assert.throws(() => readRunSettings(), {
        name: "SyntaxError",
        message:
          `Cannot read the run's settings: ARCHLLM_RUN must be a JSON object, got ${text}`,
      }));
  }
});
