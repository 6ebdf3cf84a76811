/**
 * Predicted accuracies, for machines that have no table of real ones.
 *
 * A perceptron from the one-hot operations and the adjacency of a cell to its validation
 * and test accuracies. `deno task surrogate` trains it on the real tables; its weights, and
 * how well it predicts cells that it was not trained on, are files of this project.
 *
 * Shapes: `M` cells, `F` columns of an encoded cell, `D` data sets.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { accuraciesOf } from "../../accuracies/accuracies.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { Random } from "../../core/random.ts";
import { readSafetensors, writeSafetensors } from "../../core/safetensors.ts";
import { shown, shownText } from "../../core/shown.ts";
import { floats, type HostTensors, scalar } from "../../core/tensors.ts";
import type { Executor } from "../../engine/executor.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { kendallTau, rSquared } from "../../metrics/agreement.ts";
import { linear, relu } from "../../nn/layers.ts";
import {
  adamWSlots,
  type LossResult,
  trainingStep,
  warmupCosine,
} from "../../nn/optimizers.ts";
import type { AccuracyTable } from "../../spaces/accuracies.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { encodeCells } from "../../spaces/tensors.ts";
import { runTraining } from "../training_loop.ts";

/** Raised with every change of what a training gives for the same tables and seed. */
export const VERSION = 1;

const WIDTH = 128;
const LAYERS = 3;
const BATCH = 512;
const LEARNING_RATE = 3e-3;
const WEIGHT_DECAY = 1e-2;
/** Optimizer steps, whatever the number of cells. */
const STEPS = 12_000;
/** Share of the covered cells that it is tested on. */
const HELD_OUT = 0.1;

/** How well accuracies of held-out cells are predicted. */
export interface SurrogateQuality {
  /** Name of the data set. */
  readonly dataset: string;
  readonly accuracy: "validation" | "test";
  readonly r2: number;
  /** Kendall's τ-b. */
  readonly tau: number;
  /** Held-out cells. */
  readonly cells: number;
}

/** A trained surrogate. */
export interface Surrogate {
  readonly weights: HostTensors;
  readonly quality: readonly SurrogateQuality[];
}

/** The file of what predicts the accuracies of a space; null where it has none. */
export function surrogatePath(space: SearchSpace): string | null {
  const file = accuraciesOf(space)?.surrogate;
  return file === undefined ? null : fileURLToPath(file);
}

/**
 * Predicts the accuracies of all cells of a space, a table for each data set.
 *
 * @throws {RangeError} If the surrogate is one of another number of data sets.
 */
export async function predictAccuracies(
  space: SearchSpace,
  { weights }: Surrogate,
  executor: Executor,
): Promise<readonly AccuracyTable[]> {
  const datasets = accuraciesOf(space)?.datasets ?? [];
  const columns = weights.mean.data.length;
  if (columns !== 2 * datasets.length) {
    throw new RangeError(
      `Cannot predict the accuracies of ${space.title}: the surrogate must have ${
        2 * datasets.length
      } outputs, got ${columns}`,
    );
  }
  const { count } = space.cells();
  const cells = Uint32Array.from({ length: count }, (_, cell) => cell);
  const predicted = await _predict(space, weights, cells, executor);
  return datasets.map(({ name, title }, d) => ({
    space: space.name,
    dataset: name,
    title,
    validation: predicted[2 * d],
    test: predicted[2 * d + 1],
    covered: cells,
    surrogate: true,
    source: `surrogate: accuracies of all ${
      count.toLocaleString("en-US")
    } cells are predicted, none is real`,
  }));
}

/**
 * Trains a surrogate on the covered cells but a tenth, and tests it on those.
 *
 * @param tables Real accuracies, one for each data set of the space, of the same cells.
 */
export async function trainSurrogate(
  space: SearchSpace,
  tables: readonly AccuracyTable[],
  { executor, random, steps = STEPS, onProgress }: {
    executor: Executor;
    random: Random;
    steps?: number;
    onProgress?: OnProgress;
  },
): Promise<Surrogate> {
  const { covered } = tables[0];
  const order = random.permutation(covered.length);
  const heldOut = Math.ceil(HELD_OUT * covered.length);
  const cells = Uint32Array.from(order, (at) => covered[at]);
  const [tested, trained] = [
    cells.subarray(0, heldOut),
    cells.subarray(heldOut),
  ];
  const columns = tables.flatMap(({ validation, test }) => [validation, test]);
  const initial = _initialWeights(space, columns, trained, random);
  const names = Object.keys(initial).filter((name) => name.startsWith("layer"));
  const parameters = Object.fromEntries(
    names.map((name) => [name, initial[name]]),
  );
  await using owned = new AsyncDisposableStack();
  const step = executor.compile(
    trainingStep(_loss, names, { weightDecay: WEIGHT_DECAY }),
    { name: "surrogate training step" },
  );
  owned.defer(() => step.dispose());
  const rows = Math.min(BATCH, trained.length);
  const { weights: last } = await runTraining({
    executor,
    weights: initial,
    slots: adamWSlots(parameters),
    memory: null,
    epochs: 1,
    batches: {
      count: steps,
      *draw() {
        for (let i = 0; i < steps; i++) {
          yield Uint32Array.from(
            { length: rows },
            () => random.integer(trained.length),
          );
        }
      },
    },
    random,
    learningRate: (step, steps) =>
      warmupCosine(step, { peak: LEARNING_RATE, warmup: 100, steps }),
    startEpoch: ({ state }) => ({
      async step({ rows: drawn, step: count, learningRate }) {
        const batch = Array.from(drawn, (row) => trained[row]);
        const { loss } = await step.run(state, {
          cells: _encoded(space, batch, rows),
          accuracies: floats(
            [rows, columns.length],
            batch.flatMap((cell) => columns.map((column) => column[cell])),
          ),
          step: scalar(count),
          learningRate: scalar(learningRate),
        });
        return loss.data[0];
      },
      end: () => Promise.resolve({}),
    }),
    onProgress,
    reportEvery: 100,
  });
  // Tested as they are stored.
  const weights = Object.fromEntries(
    Object.entries(last).map((
      [name, { shape, data }],
    ) => [
      name,
      floats(
        shape,
        name.startsWith("layer") ? Array.from(data, Math.f16round) : data,
      ),
    ]),
  );
  const predicted = await _predict(space, weights, tested, executor);
  const quality = tables.flatMap(({ dataset }, d) =>
    (["validation", "test"] as const).map((accuracy, part) => {
      const pick = (values: Float64Array) =>
        Array.from(tested, (cell) => values[cell]);
      const at = 2 * d + part;
      const [guess, truth] = [pick(predicted[at]), pick(columns[at])];
      return {
        dataset,
        accuracy,
        r2: rSquared(guess, truth),
        tau: kendallTau(guess, truth),
        cells: tested.length,
      };
    })
  );
  return { weights, quality };
}

/** Writes a surrogate, the weights of its layers in half precision. */
export async function saveSurrogate(
  path: string,
  { weights, quality }: Surrogate,
): Promise<void> {
  const tensors = Object.entries(weights).map(([name, { shape, data }]) =>
    [name, {
      shape,
      data: name.startsWith("layer")
        ? Float16Array.from(data)
        : Float32Array.from(data),
    }] as const
  );
  await writeSafetensors(path, new Map(tensors), {
    quality: JSON.stringify(quality),
  });
}

/**
 * Reads a surrogate.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {RangeError} If it is no surrogate: its quality is not that of its columns, its
 *   layers do not lead from one to the next, or a number of it is not finite.
 */
export async function loadSurrogate(path: string): Promise<Surrogate> {
  const { tensors, metadata } = await readSafetensors(path);
  const fail = (what: string): never => {
    throw new RangeError(`Cannot read the surrogate ${path}: ${what}`);
  };
  const quality = _qualityOf(metadata.quality) ??
    fail(
      `its metadata must hold its quality, got ${
        metadata.quality === undefined ? "none" : shown(metadata.quality)
      }`,
    );
  const weights: HostTensors = {};
  for (const [name, { shape, data }] of tensors) {
    if (!(data instanceof Float32Array) || !data.every(Number.isFinite)) {
      fail(
        `its tensor ${shownText(name)} must be of finite numbers, got others`,
      );
    }
    weights[name] = floats(shape, data);
  }
  const expected = _shapes(
    weights["layer.0.weight"]?.shape[1] ?? 0,
    quality.length,
  );
  const surplus = Object.keys(weights).find((name) => !expected.has(name));
  if (surplus !== undefined) {
    fail(
      `its tensors must be ${[...expected.keys()].join(", ")}, got ${
        shownText(surplus)
      }`,
    );
  }
  for (const [name, shape] of expected) {
    const found = weights[name]?.shape;
    if (`${found}` === `${shape}`) continue;
    fail(
      `its tensor ${name} must be of shape [${shape.join(", ")}], got ${
        found === undefined ? "none" : `[${shownText(found.join(", "))}]`
      }`,
    );
  }
  return { weights, quality };
}

/**
 * Shape of each tensor by name.
 *
 * @param inputs `F`.
 * @param outputs `2D`.
 */
function _shapes(inputs: number, outputs: number): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  let width = inputs;
  for (let layer = 0; layer <= LAYERS; layer++) {
    const out = layer === LAYERS ? outputs : WIDTH;
    shapes.set(`layer.${layer}.weight`, [out, width]);
    shapes.set(`layer.${layer}.bias`, [out]);
    width = out;
  }
  return shapes.set("mean", [outputs]).set("deviation", [outputs]);
}

/** The quality that metadata tell, or null where it is none. */
function _qualityOf(text: string | undefined): SurrogateQuality[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return null;
  }
  const isOne = (one: Partial<SurrogateQuality> | null): boolean =>
    typeof one?.dataset === "string" &&
    (one.accuracy === "validation" || one.accuracy === "test") &&
    Number(one.r2) <= 1 && typeof one.r2 === "number" &&
    typeof one.tau === "number" && Math.abs(one.tau) <= 1 &&
    Number.isSafeInteger(one.cells) && Number(one.cells) >= 1;
  return Array.isArray(value) && value.length > 0 && value.every(isOne)
    ? value
    : null;
}

/** He initialisation; mean and deviation of the targets, which are not trained. */
function _initialWeights(
  space: SearchSpace,
  columns: readonly Float64Array[],
  trained: Uint32Array,
  random: Random,
): HostTensors {
  const weights: HostTensors = {};
  for (const [name, shape] of _shapes(_columns(space), columns.length)) {
    const [out, width] = shape;
    if (name.endsWith(".weight")) {
      weights[name] = floats(
        shape,
        Float32Array.from(
          { length: out * width },
          () => Math.sqrt(2 / width) * random.normal(),
        ),
      );
    } else weights[name] = floats(shape, new Float32Array(out));
  }
  const means = columns.map((column) =>
    trained.reduce((sum, cell) => sum + column[cell], 0) / trained.length
  );
  const deviations = columns.map((column, i) =>
    Math.sqrt(
      trained.reduce((sum, cell) => sum + (column[cell] - means[i]) ** 2, 0) /
        trained.length,
    )
  );
  weights.mean = floats([columns.length], means);
  weights.deviation = floats([columns.length], deviations);
  return weights;
}

/** Accuracies of cells, `[M, 2D]`. */
function _accuracies(state: Tensors, cells: tf.Tensor): tf.Tensor {
  let h = cells;
  for (let layer = 0; layer <= LAYERS; layer++) {
    h = linear(
      h,
      state[`layer.${layer}.weight`],
      state[`layer.${layer}.bias`],
    );
    if (layer < LAYERS) h = relu(h);
  }
  return tf.add(tf.mul(h, state.deviation), state.mean);
}

/** Mean squared error, in units of the targets' variance. */
function _loss(state: Tensors, inputs: Tensors): LossResult {
  const difference = tf.div(
    tf.sub(_accuracies(state, inputs.cells), inputs.accuracies),
    state.deviation,
  );
  return { loss: tf.mean(tf.square(difference)) };
}

/**
 * Predicts the accuracies of cells.
 *
 * @returns For each of `2D` columns, accuracies by cell; NaN for cells not asked for.
 */
async function _predict(
  space: SearchSpace,
  weights: HostTensors,
  cells: Uint32Array,
  executor: Executor,
): Promise<Float64Array<ArrayBuffer>[]> {
  const outputs = weights.mean.data.length;
  const { count } = space.cells();
  const columns = Array.from(
    { length: outputs },
    () => new Float64Array(count).fill(NaN),
  );
  const state = executor.state(weights);
  const step = executor.compile(
    (state, inputs) => ({
      outputs: { accuracies: _accuracies(state, inputs.cells) },
    }),
    { name: "surrogate prediction" },
  );
  for (let start = 0; start < cells.length; start += BATCH) {
    const batch = Array.from(cells.subarray(start, start + BATCH));
    const { accuracies } = await step.run(state, {
      cells: _encoded(space, batch, BATCH),
    });
    batch.forEach((cell, row) =>
      columns.forEach((column, i) => {
        const value = accuracies.data[row * outputs + i];
        column[cell] = Math.min(1, Math.max(0, value));
      })
    );
  }
  await step.dispose();
  state.dispose();
  return columns;
}

/** Encoded cells, `[rows, F]`; rows after the last cell are zero. */
function _encoded(space: SearchSpace, cells: readonly number[], rows: number) {
  const { ops, adjacency } = encodeCells(space, space.cells(), cells);
  const columns = _columns(space);
  const split = space.nodeCount * space.ops.length;
  const rest = columns - split;
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < cells.length; row++) {
    const at = row * columns;
    values.set(ops.subarray(row * split, (row + 1) * split), at);
    values.set(adjacency.subarray(row * rest, (row + 1) * rest), at + split);
  }
  return floats([rows, columns], values);
}

/** `F`. */
function _columns({ nodeCount, ops }: SearchSpace): number {
  return nodeCount * (ops.length + nodeCount);
}
