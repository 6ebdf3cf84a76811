import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkRunSettings,
  outputsFolder,
  readRunSettings,
  RUN_VARIABLE,
} from "../../lib/run/settings.ts";
import { DEVICES } from "../../lib/engine/devices.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";

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
    device: "auto",
    t5: null,
    optimizer: "adamw",
    quick: false,
    outputs: join(PROJECT_ROOT, "outputs", "nasbench201"),
  });
  const quick = checkRunSettings({ quick: true, samples: undefined });
  assert.equal(quick.samples, 500);
  assert.equal(
    quick.outputs,
    join(PROJECT_ROOT, "outputs", "nasbench201-quick"),
  );
});

Deno.test("checkRunSettings() keeps each value that is right", () => {
  for (const device of DEVICES) {
    const settings = {
      space: "nasbench201",
      seed: 2 ** 32 - 1,
      samples: 1,
      device,
      t5: "google-t5/t5-small",
      optimizer: "adafactor",
      quick: true,
      outputs: "/results/here",
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
    [{ samples: 0 }, /samples must be a whole number from 1 to .*, got 0/],
    [{ device: "tpu" }, /device must be one of auto, cpu, .*, got tpu/],
    [{ t5: "" }, /t5 must be a folder or a name on the hub, got $/],
    [
      { optimizer: "sgd" },
      /optimizer must be one of adamw, adafactor, got sgd$/,
    ],
    [{ quick: "yes" }, /quick must be true or false, got yes/],
    [{ outputs: "outputs" }, /outputs must be an absolute path, got outputs/],
    [{ sample: 3 }, /a setting must be one of .*, got sample/],
  ];
  for (const [settings, message] of wrong) {
    assert.throws(() => checkRunSettings(settings), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("outputsFolder() keeps quick and full results apart", () => {
  assert.equal(
    outputsFolder("/o", "nasbench201", false),
    join("/o", "nasbench201"),
  );
  assert.equal(
    outputsFolder("/o", "nasbench201", true),
    join("/o", "nasbench201-quick"),
  );
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
