/**
 * `deno task memory [DEVICE [STEPS]]`: the memory of a long run: 20,000 training steps of a
 * VQ-VAE, and 100 times 1,000 cells sampled with the Arch-LLM+ models of NAS-Bench-101; on
 * another device than the CPU the steps alone.
 *
 * Prints the resident set of the process as the work goes on. It ends with exit code 1 where
 * the last quarter's largest is more than 5 % above that of the second quarter.
 *
 * @module
 */

import { Random } from "../lib/core/random.ts";
import { openDevice } from "../lib/engine/device.ts";
import type { Device } from "../lib/engine/devices.ts";
import { sampleCells } from "../lib/generation/cell_sampling.ts";
import { vqvaeConfig } from "../lib/models/vqvae/config.ts";
import { trainVqvae, vqvaeTraining } from "../lib/models/vqvae/training.ts";
import { openModel } from "../lib/run/open_model.ts";
import { getSpace } from "../lib/spaces/registry.ts";

const DEVICE = (Deno.args[0] ?? "cpu") as Device;
const STEPS = Number(Deno.args[1] ?? 20_000), BATCH = 128;
const SAMPLINGS = 100, CELLS = 1000;
/** Lines that are printed of each kind of work. */
const LINES = 10;
/** How much the resident set may grow from the second quarter to the last. */
const GROWTH = 1.05;

const executor = await openDevice(DEVICE);

/** The resident set over the work, in MB: largest of the second quarter and of the last. */
class Residence {
  readonly #readings: number[] = [];
  #line = -1;

  constructor(readonly work: string, readonly total: number) {}

  /** Takes a reading after `done` of the work. */
  read(done: number): void {
    const megabytes = Deno.memoryUsage().rss / 1e6;
    this.#readings.push(megabytes);
    const line = Math.floor(LINES * done / this.total);
    if (line === this.#line) return;
    this.#line = line;
    console.log(
      `${this.work} ${done.toLocaleString("en-US")}: ${
        megabytes.toFixed(0)
      } MB`,
    );
  }

  /** Whether the memory stays where it was. */
  flat(): boolean {
    const quarter = Math.ceil(this.#readings.length / 4);
    const second = Math.max(...this.#readings.slice(quarter, 2 * quarter));
    const last = Math.max(...this.#readings.slice(-quarter));
    const flat = last <= GROWTH * second;
    console.log(
      `${this.work}: at most ${second.toFixed(0)} MB in the second quarter, ${
        last.toFixed(0)
      } MB in the last: ${flat ? "flat" : "it grows"}`,
    );
    return flat;
  }
}

async function training(): Promise<boolean> {
  const space = getSpace("nasbench201");
  await space.prepare();
  const perEpoch = Math.floor(space.split().train.length / BATCH);
  const epochs = Math.ceil(STEPS / perEpoch);
  const residence = new Residence("step", epochs * perEpoch);
  await trainVqvae(
    space,
    vqvaeConfig(space),
    { ...vqvaeTraining(space), epochs, batchSize: BATCH },
    {
      executor,
      onProgress: ({ done }) => {
        if (done % perEpoch === 0) residence.read(done);
      },
    },
  );
  return residence.flat();
}

async function sampling(): Promise<boolean> {
  await using model = await openModel("nasbench101", "arch-llm-plus", {
    executor,
  });
  const residence = new Residence("sampling", SAMPLINGS);
  const random = Random.fromSeed(0);
  for (let i = 1; i <= SAMPLINGS; i++) {
    await sampleCells(model, CELLS, { temperature: 1, random });
    residence.read(i);
  }
  return residence.flat();
}

const flat = [
  await training(),
  DEVICE !== "cpu" || await sampling(),
];
Deno.exit(flat.includes(false) ? 1 : 0);
