/**
 * Generators of other papers that take an hour to train: run by `reproduce --rivals`, not by
 * notebook 5, which shows what was recorded. A further one is a line in `RIVAL_GENERATORS`.
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import { Random } from "../core/random.ts";
import type { HostTensors } from "../core/tensors.ts";
import type { Executor } from "../engine/executor.ts";
import { agNetTraining } from "../models/ag_net/training.ts";
import { dvaeConfig } from "../models/dvae/config.ts";
import { Dvae, writableShare } from "../models/dvae/dvae.ts";
import { trainDvae } from "../models/dvae/training.ts";
import type { GraphAutoencoder } from "../models/graph_autoencoder.ts";
import {
  type GraphTraining,
  type GraphTrainingOptions,
  PUBLISHED_CELLS,
  type TrainedGraphAutoencoder,
} from "../models/graph_autoencoder_training.ts";
import { svgeConfig, type SvgeKind } from "../models/svge/config.ts";
import { Svge } from "../models/svge/svge.ts";
import { trainSvge } from "../models/svge/training.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { agNetGenerator, suitsAgNet, trainedAgNet } from "./ag_net.ts";
import { diffusionGenerator, trainedDiffusion } from "./diffusion.ts";
import { type MeasuredGenerator, measureGenerator } from "./generator.ts";
import {
  graphAutoencoderGenerator,
  PUBLISHED_DRAWS,
} from "./graph_autoencoder.ts";
import {
  type MeasuredReconstruction,
  measureReconstruction,
} from "./reconstruction.ts";
import { SAMPLES_SUFFIX } from "./saved_samples.ts";

/** The run that they are measured in. */
export interface RivalRun {
  readonly space: SearchSpace;
  readonly executor: Executor;
  /** Where a model is trained, by its name, and its checkpoint found again. */
  readonly newModel: (name: string) => string;
  readonly samplesOf: (name: string) => string;
  readonly samples: number;
  readonly seed: number;
  /** Trained on a slice, to show every part at work. */
  readonly quick: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What a generator brings and costs. */
export interface RivalGeneration {
  readonly name: string;
  /** Numbers that it consists of. */
  readonly parameters: number;
  /** Cells that it was trained on, and how often on each, a mean where they were drawn. */
  readonly cells: number;
  readonly epochs: number;
  readonly trainingSeconds: number;
  /** Loss of each part of the training, in nats: of a graph, but for AG-Net. */
  readonly losses: readonly number[];
  /** In each way of sampling. */
  readonly measured: readonly MeasuredGenerator[];
}

/** A generator of another paper. */
export interface RivalGenerator {
  readonly name: string;
  /** For the command line. */
  readonly slug: string;
  /** Whether it makes cells of a space; of all where it is missing. */
  suits?(space: SearchSpace): boolean;
  measure(run: RivalRun): Promise<RivalGeneration>;
}

/** All of them. */
const RIVAL_GENERATORS: readonly RivalGenerator[] = [
  { name: "D-VAE", slug: "dvae", measure: _dvae },
  { name: "SVGe", slug: "svge", measure: (run) => _svge(run, "svge", "SVGe") },
  { name: "DGMG", slug: "dgmg", measure: (run) => _svge(run, "dgmg", "DGMG") },
  {
    name: "Diffusion",
    slug: "diffusion",
    measure: (run) => _diffusion(run, "Diffusion"),
  },
  {
    name: "AG-Net",
    slug: "ag-net",
    suits: suitsAgNet,
    measure: (run) => _agNet(run, "AG-Net"),
  },
];

/** Those that make cells of a space. */
export function rivalGenerators(space: SearchSpace): RivalGenerator[] {
  return RIVAL_GENERATORS.filter(({ suits }) => suits?.(space) ?? true);
}

/** Epochs of some 50 minutes on one core, by model, of 300 that were published. */
const EPOCHS = { svge: 60, dgmg: 40, dvae: 30 };
/** Of the published code. */
const LEARNING_RATE = 1e-4;
const QUICK = { epochs: 1, cells: 96, learningRate: 1e-3 };

const QUICK_NOTE = "Quick run: a small model trained on a slice, not a result.";

/** State of a node, in place of 250, or of 501. */
const QUICK_STATE = 32;

function _dvae(run: RivalRun): Promise<RivalGeneration> {
  const { space, executor, quick } = run;
  const config = {
    ...dvaeConfig(space),
    ...quick ? { stateDim: QUICK_STATE } : {},
  };
  const share = writableShare(space.cells(), space.split().validation);
  return _measure(run, {
    name: "D-VAE",
    slug: "dvae",
    epochs: EPOCHS.dvae,
    batchSize: 32, // its code
    remark: share === 1
      ? ""
      : ` It can write ${
        (100 * share).toFixed(1)
      } % of the validation cells at most: it links to the output those nodes that feed no other, and only those.`,
    train: (training, options) => trainDvae(space, config, training, options),
    open: (trained) => new Dvae(space, trained, executor),
  });
}

function _svge(
  run: RivalRun,
  kind: SvgeKind,
  name: string,
): Promise<RivalGeneration> {
  const { space, executor, quick } = run;
  const config = {
    ...svgeConfig(space, kind),
    ...quick ? { stateDim: QUICK_STATE } : {},
  };
  return _measure(run, {
    name,
    slug: kind,
    epochs: EPOCHS[kind],
    batchSize: quick ? 32 : space.settings.svge?.batchSize ?? 32,
    train: (training, options) => trainSvge(space, config, training, options),
    open: (trained) => new Svge(space, trained, executor),
  });
}

/** An autoencoder of graphs: trained, and sampled in both ways. */
async function _measure<Config>(
  { space, executor, samples, seed, quick, ...run }: RivalRun,
  { name, slug, epochs, batchSize, remark = "", train, open }: {
    readonly name: string;
    readonly slug: string;
    readonly epochs: number;
    readonly batchSize: number;
    /** What else its readers must know. */
    readonly remark?: string;
    train(
      training: GraphTraining,
      options: GraphTrainingOptions,
    ): Promise<TrainedGraphAutoencoder<Config>>;
    open(trained: TrainedGraphAutoencoder<Config>): GraphAutoencoder;
  },
): Promise<RivalGeneration> {
  const training = {
    epochs,
    learningRate: LEARNING_RATE,
    cells: PUBLISHED_CELLS,
    ...quick ? QUICK : {},
    batchSize,
    seed,
  };
  const trained = await train(training, {
    executor,
    checkpoint: run.newModel(`${slug}/checkpoint.safetensors`),
    onProgress: run.onProgress,
  });
  const cells = space.split().train.slice(0, training.cells);
  await using model = open(trained);
  const measured: MeasuredGenerator[] = [];
  let reconstruction: MeasuredReconstruction | undefined;
  for (const drawsEach of [PUBLISHED_DRAWS, 1]) {
    const generator = graphAutoencoderGenerator(model, {
      name: `${name}, ${samples / drawsEach} × ${drawsEach}`,
      drawsEach,
      cells,
    });
    // The same graphs come back, however many are drawn of a latent.
    reconstruction ??= await measureReconstruction(
      space,
      generator.reconstruct,
      {
        model: generator.key,
        file: `${run.samplesOf(slug)}_reconstruction${SAMPLES_SUFFIX}`,
      },
    );
    const found = await measureGenerator(space, generator, {
      samples,
      reconstruction,
      seed,
      random: Random.fromSeed(seed).split("sampling"),
      note: quick
        ? QUICK_NOTE
        : `Trained for ${training.epochs} epochs of ${cells.length} cells; published for 300.${remark}`,
      file: `${run.samplesOf(`${slug}_${drawsEach}`)}${SAMPLES_SUFFIX}`,
      signal: run.signal,
    });
    if (found !== null) measured.push(found);
  }
  return { name, cells: cells.length, ..._cost(trained), measured };
}

async function _diffusion(
  run: RivalRun,
  name: string,
): Promise<RivalGeneration> {
  const { space, samples, seed, quick } = run;
  const trained = await trainedDiffusion(space, run);
  const cells = trained.places.trained.length / trained.places.count;
  await using generator = diffusionGenerator(trained, run.executor, name);
  const found = await measureGenerator(space, generator, {
    samples,
    seed,
    random: Random.fromSeed(seed).split("sampling"),
    note: quick
      ? QUICK_NOTE
      : `In the manner of DiffusionNAG without its guide: of discrete values, sizes ours, trained for ${trained.history.length} epochs of ${cells} cells.`,
    file: `${run.samplesOf("diffusion")}${SAMPLES_SUFFIX}`,
    signal: run.signal,
  });
  const measured = found === null ? [] : [found];
  return { name, cells, ..._cost(trained), measured };
}

async function _agNet(
  run: RivalRun,
  name: string,
): Promise<RivalGeneration> {
  const { space, executor, samples, seed, quick } = run;
  const trained = await trainedAgNet(space, run);
  const { ticks, steps, batchSize } = agNetTraining(seed, quick);
  const graphs = ticks * steps * batchSize;
  await using generator = agNetGenerator(space, trained, executor, name);
  const found = await measureGenerator(space, generator, {
    samples,
    seed,
    random: Random.fromSeed(seed).split("sampling"),
    note: quick
      ? QUICK_NOTE
      : `Its generator before a search, trained on ${
        graphs.toLocaleString("en-US")
      } graphs.`,
    file: `${run.samplesOf("ag-net")}${SAMPLES_SUFFIX}`,
    signal: run.signal,
  });
  const cells = space.split().train.length;
  const measured = found === null ? [] : [found];
  return { name, cells, ..._cost(trained), epochs: graphs / cells, measured };
}

/** What a training took, and what came of it. */
function _cost({ weights, history }: {
  readonly weights: HostTensors;
  readonly history: readonly {
    readonly loss: number;
    readonly seconds: number;
  }[];
}) {
  return {
    parameters: Object.values(weights)
      .reduce((sum, { data }) => sum + data.length, 0),
    epochs: history.length,
    trainingSeconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
    losses: history.map(({ loss }) => loss),
  };
}
