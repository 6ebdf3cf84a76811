/**
 * The loop that every model is trained by: epochs over batches, saved after each.
 *
 * It owns the state on the device, the count of steps, the random draws of each epoch, the
 * checkpoint, the reports, and the weights with the best figure of an epoch. What a step does
 * with a batch, and what is measured at the end of an epoch, is the model's.
 *
 * A killed run goes on after the last epoch that it finished, with the same draws and to the
 * same weights.
 *
 * @module
 */

import { loadCheckpoint, saveCheckpoint } from "../core/checkpoints.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";
import type { HostTensors } from "../core/tensors.ts";
import type { DeviceState, Executor } from "../engine/executor.ts";

/** The batches of an epoch. */
export interface Batches {
  /** How many there are. */
  readonly count: number;
  /** Draws them; rows of the training data each. */
  draw(random: Random): Iterable<Uint32Array>;
}

/** Batches in which each of some rows comes once an epoch, in random order; the last can be short. */
export function shuffledBatches(rows: number, size: number): Batches {
  const count = Math.ceil(rows / size);
  return {
    count,
    draw(random) {
      const order = random.permutation(rows);
      return Array.from(
        { length: count },
        (_, i) => order.subarray(i * size, (i + 1) * size),
      );
    },
  };
}

/** One step of a training. */
export interface TrainingStep {
  readonly rows: Uint32Array;
  /** 1 at the first of the training, not of the epoch. */
  readonly step: number;
  readonly learningRate: number;
}

/** What a model does in an epoch. */
export interface EpochWork<Figures> {
  /** Takes a step; returns its loss. */
  step(step: TrainingStep): Promise<number>;
  /** Is called after the last step; returns what the history tells of the epoch. */
  end(): Promise<Figures>;
}

/** What the work of an epoch has at hand. */
export interface EpochContext<Memory> {
  /** 0 at the first. */
  readonly epoch: number;
  readonly state: DeviceState;
  /** The epoch's own, out of which its batches are drawn already. */
  readonly random: Random;
  /** To be changed in place. */
  readonly memory: Memory;
}

/** What the history tells of an epoch. */
export type EpochOf<Figures> =
  & { readonly epoch: number }
  & Figures
  & { readonly seconds: number };

/** A training. */
export interface Training<Figures, Memory> {
  readonly executor: Executor;
  /**
   * The file to save to after each epoch and to go on from, if it is of a run with the same
   * key; without a path nothing is saved.
   */
  readonly saved?: { readonly path?: string; readonly key: string };
  /** What is trained, as it is at the start. */
  readonly weights: HostTensors;
  /** What else the steps need on the device: slots of an optimizer. */
  readonly slots: HostTensors;
  /** What else the steps need in memory, as it is at the start; is saved as JSON. */
  readonly memory: Memory;
  readonly epochs: number;
  readonly batches: Batches;
  /** Is split for each epoch, by its number as `drawsFrom` counts. */
  readonly random: Random;
  /** The number of the first epoch in the labels of its draws; by default 0. */
  readonly drawsFrom?: 0 | 1;
  /** Learning rate of a step, 1 at the first, out of `steps`. */
  learningRate(step: number, steps: number): number;
  /** Is called before the first step of a new run. */
  prepare?(state: DeviceState): Promise<void>;
  startEpoch(context: EpochContext<Memory>): EpochWork<Figures>;
  /** Keep the weights of the best epoch, and stop once no better one comes. */
  readonly best?: {
    /** The lower the better. */
    figure(epoch: Figures): number;
    /** Stop after so many epochs without a lower figure. */
    readonly patience: number;
  };
  readonly onProgress?: OnProgress;
  /** Steps from one report to the next; by default 1. */
  readonly reportEvery?: number;
  readonly onEpoch?: (epoch: EpochOf<Figures>) => void;
}

interface Saved<Figures, Memory> {
  step: number;
  readonly history: EpochOf<Figures>[];
  readonly memory: Memory;
}

/** Prefix of the weights with the best figure so far. */
const BEST = "best.";

/**
 * Trains a model.
 *
 * All that is placed on the device is freed, also where a step fails.
 *
 * @returns The weights of the last epoch, or the best, and what was measured in each.
 */
export async function runTraining<Figures extends object, Memory>(
  training: Training<Figures, Memory>,
): Promise<{ weights: HostTensors; history: EpochOf<Figures>[] }> {
  const { executor, weights, slots, best } = training;
  const { path, key = "" } = training.saved ?? {};
  const names = Object.keys(weights);
  const initial: HostTensors = {
    ...weights,
    ...slots,
    ...best === undefined ? {} : _prefixed(BEST, weights),
  };
  const saved = path === undefined
    ? null
    : await loadCheckpoint<Saved<Figures, Memory>>(
      path,
      key,
      initial,
      (value) => _isSaved(value, training),
    );
  const state = executor.state(saved?.tensors ?? initial);
  try {
    const progress = saved?.progress ??
      { step: 0, history: [], memory: training.memory };
    if (saved === null) await training.prepare?.(state);
    while (!_finished(progress.history, training)) {
      const epoch = await _runEpoch(training, state, progress);
      if (best !== undefined && _isBest(epoch, progress.history, best)) {
        state.write(_prefixed(BEST, await state.read(names)));
      }
      progress.history.push(epoch);
      training.onEpoch?.(epoch);
      if (path !== undefined) {
        const tensors = await state.read();
        await saveCheckpoint(path, key, { tensors, progress });
      }
    }
    return {
      weights: best === undefined
        ? await state.read(names)
        : await _readPrefixed(state, BEST, names),
      history: progress.history,
    };
  } finally {
    state.dispose();
  }
}

/** Whether a value is the progress of a training after some of its epochs. */
function _isSaved<Figures, Memory>(
  value: unknown,
  { epochs, batches, memory }: Training<Figures, Memory>,
): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { step, history, memory: kept } = value as Record<string, unknown>;
  return Array.isArray(history) && history.length >= 1 &&
    history.length <= epochs && step === history.length * batches.count &&
    history.every((epoch, i) =>
      epoch?.epoch === i + 1 && Number.isFinite(epoch.seconds)
    ) &&
    _isAlike(kept, memory);
}

/** Whether a value is of the kind of another: numbers where it has numbers, as many of them. */
function _isAlike(value: unknown, other: unknown): boolean {
  if (typeof other !== "object" || other === null) {
    return typeof value === typeof other &&
      (value === null) === (other === null);
  }
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) !== Array.isArray(other)) return false;
  const entries = Object.entries(other);
  return Object.keys(value).length === entries.length &&
    entries.every(([key, of]) =>
      Object.hasOwn(value, key) &&
      _isAlike((value as Record<string, unknown>)[key], of)
    );
}

/** Takes the steps of the epoch after those of the history. */
async function _runEpoch<Figures extends object, Memory>(
  training: Training<Figures, Memory>,
  state: DeviceState,
  progress: Saved<Figures, Memory>,
): Promise<EpochOf<Figures>> {
  const { epochs, batches, drawsFrom = 0, reportEvery = 1 } = training;
  const epoch = progress.history.length;
  const steps = epochs * batches.count;
  const started = performance.now();
  const random = training.random.split(`epoch ${epoch + drawsFrom}`);
  const drawn = batches.draw(random);
  const { memory } = progress;
  const work = training.startEpoch({ epoch, state, random, memory });
  for (const rows of drawn) {
    const step = ++progress.step;
    const learningRate = training.learningRate(step, steps);
    const loss = await work.step({ rows, step, learningRate });
    if (step % reportEvery !== 0) continue;
    training.onProgress?.({
      done: step,
      total: steps,
      message: (epochs === 1 ? "" : `epoch ${epoch + 1}/${epochs}, `) +
        `loss ${loss.toFixed(3)}`,
    });
  }
  return {
    epoch: epoch + 1,
    ...await work.end(),
    seconds: (performance.now() - started) / 1000,
  };
}

/** Whether all epochs are done, or the last `patience` brought no lower figure. */
function _finished<Figures, Memory>(
  history: readonly EpochOf<Figures>[],
  { epochs, best }: Training<Figures, Memory>,
): boolean {
  if (history.length >= epochs) return true;
  if (best === undefined || history.length <= best.patience) return false;
  const figures = history.map(best.figure);
  return Math.min(...figures.slice(-best.patience)) >=
    Math.min(...figures.slice(0, -best.patience));
}

/** Whether an epoch's figure is lower than all before it. */
function _isBest<Figures>(
  epoch: Figures,
  history: readonly Figures[],
  { figure }: { figure(epoch: Figures): number },
): boolean {
  return figure(epoch) < Math.min(Infinity, ...history.map(figure));
}

function _prefixed(prefix: string, tensors: HostTensors): HostTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]),
  );
}

async function _readPrefixed(
  state: DeviceState,
  prefix: string,
  names: readonly string[],
): Promise<HostTensors> {
  const tensors = await state.read(names.map((name) => prefix + name));
  return Object.fromEntries(
    names.map((name) => [name, tensors[prefix + name]]),
  );
}
