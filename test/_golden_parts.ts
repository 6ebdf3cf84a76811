/**
 * The parts of the golden run: each trains or searches a little, and gives figures.
 *
 * All that this run asks of the library stands in this file. Models are tiny, cells are a
 * slice of NAS-Bench-201, whose version therefore stands for their figures too, and
 * everything runs on the CPU. Figures are means, which the last
 * digits of another machine do not move.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../lib/core/random.ts";
import type { HostTensors } from "../lib/core/tensors.ts";
import { onnxExecutor } from "../lib/engine/onnx_executor.ts";
import { openImages } from "../lib/evaluation/image_sets.ts";
import { TableEvaluator } from "../lib/evaluation/table_evaluator.ts";
import type { ArchLlmSetting } from "../lib/generation/arch_llm.ts";
import { openCellModel } from "../lib/generation/cell_model.ts";
import { sweepSampling } from "../lib/generation/sampling_sweep.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../lib/language/tokenizer.ts";
import { ReconstructionCounter } from "../lib/metrics/reconstruction.ts";
import { Arch2vec } from "../lib/models/arch2vec/arch2vec.ts";
import { arch2vecConfig } from "../lib/models/arch2vec/config.ts";
import {
  arch2vecTraining,
  trainArch2vec,
} from "../lib/models/arch2vec/training.ts";
import { initialGenerator } from "../lib/models/ag_net/network.ts";
import { agNetTraining, trainAgNet } from "../lib/models/ag_net/training.ts";
import { splitImages } from "../lib/models/cell_network/images.ts";
import { trainNetwork } from "../lib/models/cell_network/training.ts";
import { trainSurrogate } from "../lib/models/surrogate/surrogate.ts";
import { initialDiffusionWeights } from "../lib/models/diffusion/network.ts";
import { CellPlaces } from "../lib/models/diffusion/places.ts";
import { trainDiffusion } from "../lib/models/diffusion/training.ts";
import { dvaeConfig } from "../lib/models/dvae/config.ts";
import { trainDvae } from "../lib/models/dvae/training.ts";
import type { SvgeKind } from "../lib/models/svge/config.ts";
import { trainSvge } from "../lib/models/svge/training.ts";
import type { OptimizerName } from "../lib/models/t5/config.ts";
import { trainT5 } from "../lib/models/t5/training.ts";
import {
  CODE_METHODS,
  type CodeKind,
  CODES,
  vqvaeConfig,
} from "../lib/models/vqvae/config.ts";
import { trainVqvae, vqvaeTraining } from "../lib/models/vqvae/training.ts";
import { algorithm1 } from "../lib/search/algorithm1.ts";
import {
  archLlmOptions,
  archLlmSearch,
} from "../lib/search/arch_llm_search.ts";
import { bananas } from "../lib/search/bananas.ts";
import { gaussianProcessSearch } from "../lib/search/gaussian_process_search.ts";
import type { KeyedWriter } from "../lib/search/cell_writer.ts";
import {
  ALL_NEIGHBOURS,
  FIRST_IMPROVEMENT,
  localSearch,
} from "../lib/search/local_search.ts";
import type { SearchMethod } from "../lib/search/method.ts";
import { neighbours } from "../lib/search/neighbours.ts";
import { randomSearch } from "../lib/search/random_search.ts";
import { regularisedEvolution } from "../lib/search/regularised_evolution.ts";
import { agNet } from "../lib/search/rivals/ag_net.ts";
import { arch2vecRl } from "../lib/search/rivals/arch2vec_rl.ts";
import { oneHotFeatures } from "../lib/search/rivals/candidates.ts";
import { guidedDiffusion } from "../lib/search/rivals/diffusion_search.ts";
import {
  DNGO_AS_PUBLISHED,
  dngoSearch,
} from "../lib/search/rivals/dngo_search.ts";
import { nao } from "../lib/search/rivals/nao.ts";
import { weakPredictors } from "../lib/search/rivals/weak_predictors.ts";
import { rewriteWriter } from "../lib/search/rewrite_writer.ts";
import { ROUNDS } from "../lib/search/rounds.ts";
import { runTrials } from "../lib/search/trials.ts";
import { modelWriter } from "../lib/search/writer.ts";
import { cellAt } from "../lib/spaces/cell.ts";
import { edgeCount } from "../lib/spaces/graph.ts";
import { NASBENCH201 as space } from "../lib/spaces/nasbench201/space.ts";
import { SPACES } from "../lib/spaces/registry.ts";
import { cellGraph, type SearchSpace } from "../lib/spaces/space.ts";
import { withFolder } from "./_helpers.ts";
import { tinyT5Config } from "./models/t5/_tiny_t5.ts";
import { madeUpTable } from "./search/_tables.ts";

/** Figures by name. */
export type Figures = Readonly<Record<string, number>>;

/** One part of the golden run. */
export interface GoldenPart {
  readonly name: string;
  /** The modules whose `VERSION` stands for its figures, from the project's folder. */
  readonly modules: readonly string[];
  run(): Promise<Figures>;
}

/**
 * The VQ-VAE that `models/_learned_model.ts` makes by hand, and a T5 that learned the code
 * sequences of 1,000 cells: stored, so that no training stands between a machine and samples.
 */
const MODEL_FOLDER = fileURLToPath(
  new URL("fixtures/golden_model/", import.meta.url),
);

const GOLDEN_MODEL = {
  vqvae: join(MODEL_FOLDER, "vqvae"),
  t5: join(MODEL_FOLDER, "t5"),
};

const executor = onnxExecutor({ provider: "cpu" });

/** The module whose `VERSION` is that of a space. */
const moduleOf = ({ name }: SearchSpace) => `lib/spaces/${name}/space.ts`;

/** How large the parts of a space are, and what their first cells are on average. */
async function cells(space: SearchSpace): Promise<Figures> {
  await space.prepare();
  const figures: Record<string, number> = { cells: space.cells().count };
  for (const [part, indices] of Object.entries(space.split())) {
    const graphs = Array.from(
      indices.subarray(0, 500) as Uint32Array,
      (index) => cellGraph(space.cells(), index),
    );
    figures[`${part} cells`] = indices.length;
    // Weights by place: another order of the same cells moves it too.
    figures[`operations, ${part}`] = graphs.reduce(
      (sum, { ops }, place) =>
        sum + place * ops.reduce((sum, op, node) => sum + op * node, 0),
      0,
    ) / graphs.length;
    figures[`edges, ${part}`] = graphs.reduce(
      (sum, graph, place) => sum + place * edgeCount(graph),
      0,
    ) / graphs.length;
  }
  return figures;
}

/** Mean absolute value of all numbers. */
function size(weights: HostTensors): number {
  let sum = 0, count = 0;
  for (const { data } of Object.values(weights)) {
    for (const value of data) sum += Math.abs(value);
    count += data.length;
  }
  return sum / count;
}

async function vqvae(code: CodeKind): Promise<Figures> {
  const { weights, history } = await trainVqvae(
    space,
    { ...vqvaeConfig(space, code), hidden: 16, codebookSize: 48 },
    {
      ...vqvaeTraining(space, true),
      epochs: 2,
      batchSize: 32,
      warmupSteps: 3,
      reseedEvery: 4,
    },
    { executor, trainIndices: space.split().train.subarray(0, 256) },
  );
  return Object.assign(
    {
      parameters: size(weights.parameters),
      statistics: size(weights.statistics),
    },
    ...history.map((
      {
        epoch,
        loss,
        reconstruction,
        quantization,
        perplexityInTraining,
        validation,
      },
    ) => ({
      [`loss of epoch ${epoch}`]: loss,
      [`reconstruction of epoch ${epoch}`]: reconstruction,
      [`quantization of epoch ${epoch}`]: quantization,
      [`perplexity of epoch ${epoch}`]: perplexityInTraining,
      [`validation of epoch ${epoch}`]: validation.elementwise,
    })),
  );
}

async function t5(optimizer: OptimizerName): Promise<Figures> {
  const [length, codebookSize] = [6, 20];
  const draw = Random.fromSeed(1);
  const sequences = (count: number) => ({
    codes: Int32Array.from(
      { length: count * length },
      (_, i) => 3 * (i % length) + draw.integer(5),
    ),
    length,
    codebookSize,
  });
  const tokenizer = await withFolder(async (folder) => {
    await writeCodesTokenizer(folder, { codebookSize });
    return await loadTokenizer(folder);
  });
  const adamw = optimizer === "adamw";
  const { weights, history } = await trainT5(
    { fitting: sequences(96), tuning: sequences(32) },
    {
      ...tinyT5Config(tokenizer.vocabularySize),
      dropout_rate: adamw ? 0.1 : 0,
      tie_word_embeddings: adamw,
    },
    {
      epochs: 2,
      batchSize: 32,
      fillShare: 0.5,
      accumulate: adamw ? 1 : 2,
      optimizer,
      learningRate: adamw ? 3e-3 : 1e-2,
      ...adamw ? { embeddingStepFactor: 3 } : {},
      warmupSteps: adamw ? 2 : 0,
      weightDecay: adamw ? 0.01 : 0,
      clipNorm: adamw ? 1 : 0,
      patience: 2,
      seed: 0,
    },
    { executor, tokenizer },
  );
  return Object.assign(
    { weights: size(weights) },
    ...history.map((epoch) => ({
      [`generate loss of epoch ${epoch.epoch}`]: epoch.generateLoss,
      [`fill loss of epoch ${epoch.epoch}`]: epoch.fillLoss,
      [`tuning generate loss of epoch ${epoch.epoch}`]:
        epoch.tuningGenerateLoss,
      [`tuning fill loss of epoch ${epoch.epoch}`]: epoch.tuningFillLoss,
    })),
  );
}

async function arch2vec(): Promise<Figures> {
  const trained = await trainArch2vec(
    space,
    { ...arch2vecConfig(space), hidden: 8, layers: 2, latentDim: 4 },
    { ...arch2vecTraining(space, 0), epochs: 2 },
    { executor, limit: 256 },
  );
  const model = new Arch2vec(trained, executor);
  const cells = space.split().validation.subarray(0, 200);
  const latents = await model.encode(space, cells);
  const counter = new ReconstructionCounter();
  counter.add(space.cells(), cells, await model.decode(latents));
  await model.dispose();
  return {
    parameters: size(trained.weights.parameters),
    statistics: size(trained.weights.statistics),
    prior: size(trained.weights.prior),
    latents: latents.reduce((sum, z) => sum + Math.abs(z), 0) / latents.length,
    operations: counter.report().ops,
  };
}

async function sampling(): Promise<Figures> {
  await using model = await openCellModel(space, GOLDEN_MODEL, executor);
  const settings: ArchLlmSetting[] = [
    { temperature: 1 },
    { temperature: 1.5, topK: 20, topP: 0.9 },
    { temperature: 1, aim: "novel" },
    { temperature: 1, aim: "distinct" },
  ];
  const points = await sweepSampling(model, settings, {
    samples: 40,
    seed: 0,
    random: Random.fromSeed(0).split("sampling"),
    reconstruction: {
      cells: 1,
      ops: 100,
      edges: 100,
      elementwise: 100,
      wholeGraph: 100,
    },
  });
  return Object.assign(
    {},
    ...points.map((point) => {
      const { setting, draws, samples, reports } = point;
      const operations = samples.flatMap((sample) =>
        typeof sample === "string" ? [] : Array.from(sample.ops)
      );
      const { temperature, aim = "independent" } = setting;
      const { strict, paper } = reports;
      const at = `${aim} at ${temperature}`;
      return {
        [`draws, ${at}`]: draws,
        [`validity, ${at}`]: strict.validity,
        [`uniqueness, ${at}`]: strict.absoluteUniqueness,
        [`novelty, ${at}`]: strict.absoluteNovelty,
        [`novelty as in the paper, ${at}`]: paper.absoluteNovelty,
        [`mean operation, ${at}`]: operations.reduce((sum, op) => sum + op, 0) /
          operations.length,
      };
    }),
  );
}

/** A writer without a model: random cells, and neighbours of the given ones. */
const WRITER: KeyedWriter = {
  key: "golden",
  writer: {
    generate: (count, random) =>
      Promise.resolve(
        Array.from(
          { length: count },
          () => cellAt(space, random.integer(space.cells().count)),
        ),
      ),
    fill: (cells, random) =>
      Promise.resolve(cells.map((cell) => {
        const near = neighbours(space, cell);
        return near[random.integer(near.length)];
      })),
  },
};

const FEW = { initial: 8, round: 4, candidates: 60, best: 3, keep: true };

const FEW_VARIANTS = {
  ...archLlmOptions(space),
  ...{ initial: 8, round: 4, best: 3, written: 60, ahead: 2, fills: 5 },
};

/** A diffusion before its training. */
function untrainedDiffusion() {
  const train = space.split().train.subarray(0, 256);
  const places = new CellPlaces(space, space.cells(), train);
  const { marginals } = places;
  const config = { marginals, steps: 6, hidden: 12, layers: 1 };
  const weights = initialDiffusionWeights(config, Random.fromSeed(0));
  return { config, places, weights };
}

/** A search that is guarded, with its budget and the modules that it runs. */
interface GuardedSearch {
  readonly method: SearchMethod;
  readonly budget: number;
  readonly modules: readonly string[];
}

const BY_ROUNDS = ["rounds", "unseen_cells"];

const SEARCHES: Readonly<Record<string, GuardedSearch>> = {
  "random search": {
    method: randomSearch(),
    budget: 30,
    modules: ["random_search", "unseen_cells"],
  },
  "regularised evolution": {
    method: regularisedEvolution(),
    budget: 60,
    modules: ["regularised_evolution", "neighbours", "unseen_cells"],
  },
  "local search, all neighbours": {
    method: localSearch(ALL_NEIGHBOURS),
    budget: 60,
    modules: ["local_search", "neighbours", "unseen_cells"],
  },
  "local search, first improvement": {
    method: localSearch(FIRST_IMPROVEMENT),
    budget: 60,
    modules: ["local_search", "neighbours", "unseen_cells"],
  },
  "Gaussian process search": {
    method: gaussianProcessSearch(["one-hot", "paths", "subtrees"], {
      ...ROUNDS,
      ...FEW,
    }),
    budget: 20,
    modules: ["gaussian_process_search", "neighbours", ...BY_ROUNDS],
  },
  BANANAS: {
    method: bananas(executor, FEW),
    budget: FEW.initial + FEW.round,
    modules: ["bananas", "neighbours", ...BY_ROUNDS],
  },
  "BO (DNGO)": {
    method: dngoSearch(oneHotFeatures(space), executor, {
      ...DNGO_AS_PUBLISHED,
      ...space.settings.search.dngo,
    }),
    budget: 18,
    modules: [
      "rivals/dngo_search",
      "rivals/dngo",
      "rivals/candidates",
      "unseen_cells",
    ],
  },
  "AG-Net": {
    method: agNet(
      space,
      initialGenerator(space.ops.length, Random.fromSeed(0)),
      executor,
    ),
    budget: 18,
    modules: ["rivals/ag_net", "unseen_cells"],
  },
  "guided diffusion": {
    method: guidedDiffusion(untrainedDiffusion(), executor),
    budget: 18,
    modules: ["rivals/diffusion_search", "unseen_cells"],
  },
  "arch2vec-RL": {
    method: arch2vecRl(oneHotFeatures(space), executor),
    budget: 18,
    modules: ["rivals/arch2vec_rl", "rivals/candidates", "unseen_cells"],
  },
  NAO: {
    method: nao(executor),
    budget: 18,
    modules: ["rivals/nao", "unseen_cells"],
  },
  "weak predictors": {
    method: weakPredictors(oneHotFeatures(space), executor),
    budget: 30,
    modules: ["rivals/weak_predictors", "rivals/candidates", "unseen_cells"],
  },
  "Algorithm 1": {
    method: algorithm1(WRITER, {
      masked: 2,
      population: 12,
      kept: 4,
      iterations: 3,
    }),
    budget: 36,
    modules: ["algorithm1", "unseen_cells"],
  },
  "Arch-LLM+ search": {
    method: archLlmSearch(WRITER, {
      ...FEW_VARIANTS,
    }),
    budget: 20,
    modules: ["arch_llm_search", "variants", ...BY_ROUNDS],
  },
  "control without a language model": {
    method: archLlmSearch(rewriteWriter(space), {
      ...FEW_VARIANTS,
    }),
    budget: 20,
    modules: ["arch_llm_search", "rewrite_writer", "variants", ...BY_ROUNDS],
  },
};

/** Modules that rank candidates. */
const RANKING = [
  "lib/analysis/features.ts",
  "lib/analysis/gaussian_process.ts",
  "lib/search/ranking.ts",
];

async function searched(
  name: string,
  { method, budget }: GuardedSearch,
): Promise<Figures> {
  const [{ queries }] = await runTrials(
    space,
    [new TableEvaluator(madeUpTable())],
    [{ name, budget, ...method }],
    { seeds: [0] },
  );
  const found = queries.map(({ validation }) => validation);
  const weights = found.map((_, i) => i + 1);
  return {
    queries: found.length,
    best: Math.max(...found),
    // Another order of the same queries moves it too.
    "mean by order": found.reduce((sum, v, i) => sum + v * weights[i], 0) /
      weights.reduce((sum, weight) => sum + weight),
  };
}

async function written(): Promise<Figures> {
  await using model = await openCellModel(space, GOLDEN_MODEL, executor);
  const writer = modelWriter(model, { temperature: 1 });
  const cells = await writer.generate(60, Random.fromSeed(0));
  return {
    written: cells.length,
    "mean index": cells.reduce((sum, { index }) => sum + index!, 0) /
      cells.length,
  };
}

async function surrogate(): Promise<Figures> {
  const { weights, quality } = await trainSurrogate(space, [madeUpTable()], {
    executor,
    random: Random.fromSeed(0),
    steps: 30,
  });
  const [validation, test] = quality;
  return {
    weights: size(weights),
    "R², validation": validation.r2,
    "R², test": test.r2,
    "Kendall's τ, validation": validation.tau,
  };
}

/** A small model of a kind, on the first cells of the training split. */
async function svge(kind: SvgeKind): Promise<Figures> {
  const config = {
    ...{ kind, nodes: space.nodeCount, types: space.ops.length },
    ...{ stateDim: 8, latentDim: 4, layers: 1 },
  };
  const { weights, history } = await trainSvge(space, config, {
    ...{ epochs: 1, batchSize: 16, learningRate: 1e-2, cells: 64, seed: 0 },
  }, { executor });
  return { weights: size(weights), loss: history[0].loss };
}

/** A small diffusion, on the first cells of the training split. */
async function diffusion(): Promise<Figures> {
  const { weights, history } = await trainDiffusion(
    space,
    { steps: 6, hidden: 12, layers: 1 },
    { steps: 4, batchSize: 16, learningRate: 1e-2, cells: 64, seed: 0 },
    { executor },
  );
  return { weights: size(weights), loss: history[0].loss };
}

async function agNetGenerator(): Promise<Figures> {
  const { weights, history } = await trainAgNet(
    space,
    { ...agNetTraining(0, true), ticks: 1 },
    { executor },
  );
  return { weights: size(weights), loss: history[0].loss };
}

/** A small D-VAE on the first cells of the training split. */
async function dvae(): Promise<Figures> {
  const { weights, history } = await trainDvae(space, {
    ...dvaeConfig(space),
    ...{ stateDim: 8, latentDim: 4 },
  }, {
    ...{ epochs: 1, batchSize: 16, learningRate: 1e-2, cells: 64, seed: 0 },
  }, { executor });
  return { weights: size(weights), loss: history[0].loss };
}

/** A small network of a cell on some of the digits. */
async function cellNetwork(of: SearchSpace): Promise<Figures> {
  await of.prepare();
  const digits = await openImages("digits");
  const [train, validation] = splitImages(digits.train, [64, 64]);
  const images = { ...digits, train, validation, test: validation };
  const plan = of.network!(cellGraph(of.cells(), 5000), {
    ...{ imageChannels: 1, channels: 4, cells: 1 },
  });
  const { history, weights } = await trainNetwork(plan, images, {
    ...of.networkTraining!,
    ...{ epochs: 2, batchSize: 16, crop: 1, flip: false, seed: 0 },
  }, { executor });
  return {
    weights: size(weights),
    "loss of the last epoch": history.at(-1)!.loss,
  };
}

/** All parts. */
export const GOLDEN_PARTS: readonly GoldenPart[] = [
  ...SPACES.map((space) => ({
    name: `cells of ${space.title}`,
    modules: [moduleOf(space)],
    run: () => cells(space),
  })),
  ...CODES.map((code) => ({
    name: `VQ-VAE of ${CODE_METHODS[code]}`,
    modules: ["lib/models/vqvae/training.ts", moduleOf(space)],
    run: () => vqvae(code),
  })),
  ...(["adamw", "adafactor"] as const).map((optimizer) => ({
    name: `T5 trained with ${optimizer}`,
    modules: ["lib/models/t5/training.ts"],
    run: () => t5(optimizer),
  })),
  {
    name: "arch2vec",
    modules: ["lib/models/arch2vec/training.ts", moduleOf(space)],
    run: arch2vec,
  },
  ...(["svge", "dgmg"] as const).map((kind) => ({
    name: kind,
    modules: ["lib/models/svge/training.ts", moduleOf(space)],
    run: () => svge(kind),
  })),
  {
    name: "diffusion",
    modules: ["lib/models/diffusion/training.ts", moduleOf(space)],
    run: diffusion,
  },
  {
    name: "AG-Net's generator",
    modules: ["lib/models/ag_net/training.ts", moduleOf(space)],
    run: agNetGenerator,
  },
  {
    name: "dvae",
    modules: ["lib/models/dvae/training.ts", moduleOf(space)],
    run: dvae,
  },
  {
    name: "sampling",
    modules: ["lib/generation/generator.ts", moduleOf(space)],
    run: sampling,
  },
  ...Object.entries(SEARCHES).map(([name, method]) => ({
    name,
    modules: [
      ...method.modules.map((module) => `lib/search/${module}.ts`),
      ...RANKING,
      "lib/search/trials.ts",
      moduleOf(space),
    ],
    run: () => searched(name, method),
  })),
  {
    name: "a model's cells for a search",
    modules: ["lib/search/writer.ts", moduleOf(space)],
    run: written,
  },
  ...SPACES.filter(({ network }) => network !== undefined).map((space) => ({
    name: `network of a cell of ${space.title}`,
    modules: ["lib/models/cell_network/training.ts", moduleOf(space)],
    run: () => cellNetwork(space),
  })),
  {
    name: "surrogate",
    modules: ["lib/models/surrogate/surrogate.ts", moduleOf(space)],
    run: surrogate,
  },
];
