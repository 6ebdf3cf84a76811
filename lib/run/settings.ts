/**
 * What a run is asked for: search space, seed, samples, device, quick or full, and its name.
 *
 * `deno task reproduce` puts the settings into an environment variable, every
 * notebook reads them from there. A notebook opened by hand, in JupyterLab or another
 * editor, finds no variable and runs with the settings of its first cell, in a run of
 * its own, so that both ways are the same code and neither writes over the other.
 *
 * @module
 */

import { isAbsolute } from "node:path";
import { shown, shownText } from "../core/shown.ts";
import { type Device, DEVICES } from "../engine/devices.ts";
import { type OptimizerName, OPTIMIZERS } from "../models/t5/config.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import {
  defaultRunName,
  handRunName,
  isRunName,
  OUTPUTS,
  RUN_NAME_RULE,
  runFolder,
} from "./folders.ts";

/** The settings of one run. */
export interface RunSettings {
  readonly space: string;
  /** Whole number in `[0, 2³²)`: all randomness of the run comes from it. */
  readonly seed: number;
  /** Sentences generated for each decoding setting. */
  readonly samples: number;
  /** Trials of each search, with seeds from 1000 on. */
  readonly trials: number;
  readonly device: Device;
  /** A pretrained T5 to fine-tune: a folder, or a name on Hugging Face's hub; null trains one from scratch. */
  readonly t5: string | null;
  /** What the T5 is trained with. */
  readonly optimizer: OptimizerName;
  /**
   * A data set of one's own that searches run on beside the published ones, or the published
   * one that notebook 6 looks at; null for none.
   */
  readonly dataset: string | null;
  /** Every stage on a slice: for tests and a first look, not for results. */
  readonly quick: boolean;
  /** Of the run: results go to `<root>/runs/<name>`. */
  readonly name: string;
  /** Absolute folder of all runs and records. */
  readonly root: string;
}

/** Name of the environment variable that carries the settings to the notebooks, as JSON. */
export const RUN_VARIABLE = "ARCHLLM_RUN";

/** Samples of a full run: the number of the paper's Table 2. */
const FULL_SAMPLES = 10_000;
/** Samples of a quick run. */
const QUICK_SAMPLES = 500;

/** Trials of a full run: the number of the paper's Tables 3 and 4; runs of record have thirty. */
const FULL_TRIALS = 10;
/** Trials of a quick run. */
const QUICK_TRIALS = 2;
/** The most trials that can be asked for. */
const MAX_TRIALS = 1000;

/** The most samples that can be asked for: they are held in memory. */
const MAX_SAMPLES = 10_000_000;

/** The absolute folder of a run's results. */
export function resultsFolder({ root, name }: RunSettings): string {
  return runFolder(root, name);
}

/** Settings as they come from a person or from JSON: nothing checked, anything may be missing. */
export type UncheckedSettings = {
  readonly [Key in keyof RunSettings]?: unknown;
};

/**
 * Checks settings and fills in the defaults.
 *
 * Defaults: the default space, seed 0, 10,000 samples (500 when quick), ten trials (two when quick), device auto, no
 * pretrained T5, AdamW, no data set of one's own, full, named after space, seed and quickness, the project's `outputs`.
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
    throw new RangeError(
      `Cannot ${action}: ${what} must be ${rule}, got ${
        typeof got === "string" ? shownText(got) : shown(got)
      }`,
    );
  }
  function whole(what: string, value: unknown, low: number, high: number) {
    return typeof value === "number" && Number.isInteger(value) &&
        value >= low && value <= high
      ? value + 0 // −0 is 0
      : fail(what, `a whole number from ${low} to ${high}`, value);
  }

  const known = [
    "space",
    "seed",
    "samples",
    "trials",
    "device",
    "t5",
    "optimizer",
    "dataset",
    "quick",
    "name",
    "root",
  ];
  for (const key of Object.keys(settings)) {
    if (!known.includes(key)) fail("a setting", `one of ${known}`, key);
  }
  const { space: spaceName = DEFAULT_SPACE.name, device = "auto" } = settings;
  if (typeof spaceName !== "string") fail("space", "a name", spaceName);
  const space = getSpace(spaceName).name;
  const { quick = false, seed = 0, t5 = null } = settings;
  if (t5 !== null && (typeof t5 !== "string" || t5.trim() === "")) {
    fail("t5", "a folder or a name on the hub", t5);
  }
  const { optimizer = "adamw" } = settings;
  if (!(OPTIMIZERS as readonly unknown[]).includes(optimizer)) {
    fail("optimizer", `one of ${OPTIMIZERS.join(", ")}`, optimizer);
  }
  const { dataset = null } = settings;
  if (
    dataset !== null &&
    (typeof dataset !== "string" || !/^[\w-]{1,40}$/.test(dataset))
  ) fail("dataset", "1 to 40 letters, digits, - and _", dataset);
  if (typeof quick !== "boolean") fail("quick", "true or false", quick);
  const { samples = quick ? QUICK_SAMPLES : FULL_SAMPLES } = settings;
  const { trials = quick ? QUICK_TRIALS : FULL_TRIALS } = settings;
  if (!(DEVICES as readonly unknown[]).includes(device)) {
    fail("device", `one of ${DEVICES.join(", ")}`, device);
  }
  const { root = OUTPUTS } = settings;
  if (typeof root !== "string" || !isAbsolute(root)) {
    fail("root", "an absolute path", root);
  }
  const checkedSeed = whole("seed", seed, 0, 2 ** 32 - 1);
  const { name = defaultRunName({ space, seed: checkedSeed, quick }) } =
    settings;
  if (typeof name !== "string" || !isRunName(name)) {
    fail("name", RUN_NAME_RULE, name);
  }
  return {
    space,
    seed: checkedSeed,
    samples: whole("samples", samples, 1, MAX_SAMPLES),
    trials: whole("trials", trials, 1, MAX_TRIALS),
    device: device as Device,
    t5: t5 as string | null,
    optimizer: optimizer as OptimizerName,
    dataset: dataset as string | null,
    quick,
    name,
    root,
  };
}

/**
 * Reads the settings of the run that a notebook belongs to.
 *
 * The environment variable {@link RUN_VARIABLE} wins over `defaults`, value by value;
 * `defaults` win over those of {@link checkRunSettings}. Without the variable the notebook
 * was opened by hand, and its run is that of its space's notebooks opened by hand.
 *
 * @throws {SyntaxError} If the variable is not a JSON object.
 * @throws {RangeError} If a value is wrong.
 */
export function readRunSettings(
  defaults: Partial<RunSettings> = {},
): RunSettings {
  const text = Deno.env.get(RUN_VARIABLE);
  if (text === undefined || text === "") {
    const name = handRunName(defaults.space ?? DEFAULT_SPACE.name);
    return checkRunSettings({ name, ...defaults });
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = null;
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new SyntaxError(
      `Cannot read the run's settings: ${RUN_VARIABLE} must be a JSON object, got ${
        shownText(text.replace(/\s+/g, " "))
      }`,
    );
  }
  return checkRunSettings({ ...defaults, ...given });
}
