/**
 * A device held against the CPU: the same training steps on both, how far their numbers are
 * apart and how long a step takes.
 *
 * @module
 */

import type { HostTensors } from "../core/tensors.ts";
import type { Executor } from "../engine/executor.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { T5_MINI } from "../models/t5/config.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  arch2vecSteps,
  t5Steps,
  type TrainingSteps,
  vqvaeSteps,
} from "./training_steps.ts";

/**
 * The models whose steps are taken, at full size, the T5 without dropout; `rows`: of a batch,
 * by default as many as in training, of the T5 64.
 */
export const CHECKED_MODELS = {
  "VQ-VAE": vqvaeSteps,
  "T5": (executor, _space, rows = 64) =>
    t5Steps(executor, { ...T5_MINI, dropout_rate: 0 }, { rows, length: 8 }),
  "arch2vec": arch2vecSteps,
} as const satisfies Record<
  string,
  (executor: Executor, space: SearchSpace, rows?: number) => TrainingSteps
>;

/** How long a check takes. */
export interface CheckLength {
  /** Steps of each model, at most. */
  readonly steps: number;
  /** Seconds on the device, after at least two steps; no limit by default. */
  readonly seconds?: number;
  /** Of a batch; see {@link CHECKED_MODELS}. */
  readonly rows?: number;
}

/** The name of one of {@link CHECKED_MODELS}. */
export type CheckedModel = keyof typeof CHECKED_MODELS;

/** A model's steps on a device and on the CPU. */
export interface DeviceCheck {
  readonly model: CheckedModel;
  readonly steps: number;
  /**
   * The largest difference of an entry of a gradient in the first step, as a share of the largest
   * entry of that parameter's gradient, or of 10⁻⁴ of the largest of all where that is more: some
   * gradients are zero but for rounding, as of a bias before batch normalisation.
   */
  readonly gradientDifference: number;
  /** The largest difference of a step's loss, as a share of the first step's. */
  readonly lossDifference: number;
  /** Of the first step on the device, with what is compiled for it, in seconds. */
  readonly firstSeconds: number;
  /** Median of the others, in milliseconds; null where there are none. */
  readonly stepMilliseconds: number | null;
  /** The same on the CPU. */
  readonly cpuMilliseconds: number | null;
}

interface Taken {
  readonly losses: readonly number[];
  readonly moments: HostTensors;
  readonly seconds: readonly number[];
}

/** Takes steps of a model on a device and on the CPU. */
export async function checkDevice(
  executor: Executor,
  model: CheckedModel,
  space: SearchSpace,
  { steps, seconds, rows }: CheckLength,
): Promise<DeviceCheck> {
  const start = CHECKED_MODELS[model];
  const device = await _take(start(executor, space, rows), steps, seconds);
  const cpu = await _take(
    start(onnxExecutor({ provider: "cpu" }), space, rows),
    device.losses.length,
  );
  return {
    model,
    steps: device.losses.length,
    gradientDifference: _gradientDifference(device.moments, cpu.moments),
    lossDifference: Math.max(
      ...cpu.losses.map((loss, i) =>
        Math.abs(device.losses[i] - loss) / cpu.losses[0]
      ),
    ),
    firstSeconds: device.seconds[0],
    stepMilliseconds: _medianMilliseconds(device),
    cpuMilliseconds: _medianMilliseconds(cpu),
  };
}

async function _take(
  training: TrainingSteps,
  steps: number,
  limit = Infinity,
): Promise<Taken> {
  const losses: number[] = [], seconds: number[] = [];
  let moments: HostTensors = {};
  const begun = performance.now();
  while (
    losses.length < steps &&
    (losses.length < 2 || performance.now() - begun < 1000 * limit)
  ) {
    const started = performance.now();
    losses.push(await training.run());
    seconds.push((performance.now() - started) / 1000);
    if (losses.length === 1) moments = await training.moments();
  }
  await training.dispose();
  return { losses, moments, seconds };
}

function _gradientDifference(device: HostTensors, cpu: HostTensors): number {
  const largest = new Map<string, number>();
  for (const [name, { data }] of Object.entries(cpu)) {
    let most = 0;
    for (const entry of data) most = Math.max(most, Math.abs(entry));
    largest.set(name, most);
  }
  const least = 1e-4 * Math.max(...largest.values());
  let difference = 0;
  for (const [name, { data }] of Object.entries(cpu)) {
    const scale = Math.max(least, largest.get(name)!);
    for (let i = 0; i < data.length; i++) {
      const apart = Math.abs(device[name].data[i] - data[i]);
      difference = Math.max(difference, apart / scale);
    }
  }
  return difference;
}

function _medianMilliseconds({ seconds }: Taken): number | null {
  const others = seconds.slice(1).sort((a, b) => a - b);
  return others.length === 0
    ? null
    : 1000 * others[Math.floor(others.length / 2)];
}
