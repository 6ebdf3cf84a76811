/**
 * What a run is asked for: search space, seed, samples, device, quick or full, and where results go.
 *
 * `deno task reproduce` puts the settings into an environment variable, every
 * notebook reads them from there. A notebook opened by hand finds no variable
 * and runs with the defaults, so that both ways are the same code.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";
import { type Device, DEVICES } from "../engine/devices.ts";
import { OPTIMIZERS, type OptimizerName } from "../models/t5/config.ts";
import { getSpace } from "../spaces/registry.ts";

/** The settings of one run. */
export interface RunSettings {
  readonly space: string;
  /** Whole number in `[0, 2³²)`: all randomness of the run comes from it. */
  readonly seed: number;
  /** Sentences generated for each decoding setting. */
  readonly samples: number;
  readonly device: Device;
  /** A pretrained T5 to fine-tune: a folder, or a name on Hugging Face's hub; null trains one from scratch. */
  readonly t5: string | null;
  /** What the T5 is trained with. */
  readonly optimizer: OptimizerName;
  /** Every stage on a slice: for tests and a first look, not for results. */
  readonly quick: boolean;
  /** Absolute folder of the results: `outputs/<space>`, or `outputs/<space>-quick`. */
  readonly outputs: string;
}

/** Name of the environment variable that carries the settings to the notebooks, as JSON. */
export const RUN_VARIABLE = "ARCHLLM_RUN";

/** Samples of a full run: the number of the paper's Table 2. */
const FULL_SAMPLES = 10_000;
/** Samples of a quick run. */
const QUICK_SAMPLES = 500;

/** The most samples that can be asked for: they are held in memory. */
const MAX_SAMPLES = 10_000_000;

/** The folder of the results of one space: `<root>/<space>`, or `<root>/<space>-quick`. */
export function outputsFolder(
  root: string,
  space: string,
  quick: boolean,
): string {
  return join(root, quick ? `${space}-quick` : space);
}

/** Settings as they come from a person or from JSON: nothing checked, anything may be missing. */
export type UncheckedSettings = {
  readonly [Key in keyof RunSettings]?: unknown;
};

/**
 * Checks settings and fills in the defaults.
 *
 * Defaults: nasbench201, seed 0, 10,000 samples (500 when quick), device auto, no
 * pretrained T5, AdamW, full, the project's `outputs` folder.
 *
 * @param settings `undefined` values count as missing.
 * @param action What cannot be done when a value is wrong, for the error.
 * @throws {RangeError} If a value is of the wrong kind or out of range, or a key is unknown.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkRunSettings } from "./settings.ts";
 * assert.equal(checkRunSettings({ seed: 3 }).samples, 10_000);
 * ```
 */
export function checkRunSettings(
  settings: UncheckedSettings,
  action = "read the run's settings",
): RunSettings {
  function fail(what: string, rule: string, got: unknown): never {
    const shown = typeof got === "string" ? got : JSON.stringify(got);
    throw new RangeError(
      `Cannot ${action}: ${what} must be ${rule}, got ${shown}`,
    );
  }
  function whole(what: string, value: unknown, low: number, high: number) {
    return typeof value === "number" && Number.isInteger(value) &&
        value >= low && value <= high
      ? value
      : fail(what, `a whole number from ${low} to ${high}`, value);
  }

  const known = [
    "space",
    "seed",
    "samples",
    "device",
    "t5",
    "optimizer",
    "quick",
    "outputs",
  ];
  for (const key of Object.keys(settings)) {
    if (!known.includes(key)) fail("a setting", `one of ${known}`, key);
  }
  const { space: spaceName = "nasbench201", device = "auto" } = settings;
  if (typeof spaceName !== "string") fail("space", "a name", spaceName);
  const space = getSpace(spaceName).name;
  const { quick = false, seed = 0, t5 = null } = settings;
  if (t5 !== null && (typeof t5 !== "string" || t5 === "")) {
    fail("t5", "a folder or a name on the hub", t5);
  }
  const { optimizer = "adamw" } = settings;
  if (!(OPTIMIZERS as readonly unknown[]).includes(optimizer)) {
    fail("optimizer", `one of ${OPTIMIZERS.join(", ")}`, optimizer);
  }
  if (typeof quick !== "boolean") fail("quick", "true or false", quick);
  const { samples = quick ? QUICK_SAMPLES : FULL_SAMPLES } = settings;
  if (!(DEVICES as readonly unknown[]).includes(device)) {
    fail("device", `one of ${DEVICES.join(", ")}`, device);
  }
  const {
    outputs = outputsFolder(join(PROJECT_ROOT, "outputs"), space, quick),
  } = settings;
  if (typeof outputs !== "string" || !isAbsolute(outputs)) {
    fail("outputs", "an absolute path", outputs);
  }
  return {
    space,
    seed: whole("seed", seed, 0, 2 ** 32 - 1),
    samples: whole("samples", samples, 1, MAX_SAMPLES),
    device: device as Device,
    t5: t5 as string | null,
    optimizer: optimizer as OptimizerName,
    quick,
    outputs,
  };
}

/**
 * Reads the settings of the run that a notebook belongs to.
 *
 * The environment variable {@link RUN_VARIABLE} wins over `defaults`, value by
 * value; `defaults` win over those of {@link checkRunSettings}.
 *
 * @throws {SyntaxError} If the variable is not a JSON object.
 * @throws {RangeError} If a value is wrong.
 */
export function readRunSettings(
  defaults: Partial<RunSettings> = {},
): RunSettings {
  const text = Deno.env.get(RUN_VARIABLE);
  if (text === undefined || text === "") return checkRunSettings(defaults);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = null;
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new SyntaxError(
      `Cannot read the run's settings: ${RUN_VARIABLE} must be a JSON object, got ${text}`,
    );
  }
  return checkRunSettings({ ...defaults, ...given });
}
