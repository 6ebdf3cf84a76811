/**
 * A small model of cells of NAS-Bench-201: a VQ-VAE made by hand, and a T5 that has learned
 * three cells by heart.
 *
 * @module
 */

import { join } from "node:path";
import { Random } from "../../lib/core/random.ts";
import { floats } from "../../lib/core/tensors.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { openCellModel } from "../../lib/generation/cell_model.ts";
import type { SampledCells } from "../../lib/generation/cell_sampling.ts";
import type { CodeSequences } from "../../lib/language/code_sequences.ts";
import { toSentence } from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { saveT5 } from "../../lib/models/t5/files.ts";
import { trainT5 } from "../../lib/models/t5/training.ts";
import {
  type VqvaeConfig,
  vqvaeConfig,
} from "../../lib/models/vqvae/config.ts";
import { saveVqvae } from "../../lib/models/vqvae/files.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
} from "../../lib/models/vqvae/network.ts";
import { type Graph, hasEdge } from "../../lib/spaces/graph.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";
import { tinyT5Config } from "./t5/_tiny_t5.ts";

export const space = getSpace("nasbench201");
export const NODES = 8;
export const OPS = 7;
export const OUTPUT = space.ops.indexOf("output");
export const TEMPLATE = cellGraph(space.cells(), 0);

/**
 * A VQ-VAE made by hand: code `7 p + o` is operation `o` at node `p`.
 *
 * The first 8 numbers of its vector are those of node `p`: row `p` of the Cholesky factor of
 * a matrix that is positive where the template has an edge and negative where it has none
 * (and large on the diagonal, which makes it positive definite). The products of two are
 * then its entries. Operations add 0.01 at most to that, in 7 numbers of their own.
 */
export const CONFIG: VqvaeConfig = {
  ...vqvaeConfig(space),
  hidden: 4,
  latentDim: NODES + OPS,
  codebookSize: NODES * OPS,
};

export function handMade() {
  const factor = Array.from({ length: NODES }, () => new Array(NODES).fill(0));
  for (let i = 0; i < NODES; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = i === j ? NODES : hasEdge(TEMPLATE, j, i) ? 1 : -1;
      for (let k = 0; k < j; k++) rest -= factor[i][k] * factor[j][k];
      factor[i][j] = i === j ? Math.sqrt(rest) : rest / factor[j][j];
    }
  }
  const codebook: number[] = [];
  for (let node = 0; node < NODES; node++) {
    for (let op = 0; op < OPS; op++) {
      const own = Array.from({ length: OPS }, (_, i) => i === op ? 0.1 : 0);
      codebook.push(...factor[node], ...own);
    }
  }
  const operations = Array.from(
    { length: OPS },
    (_, op) =>
      Array.from({ length: NODES + OPS }, (_, i) => i === NODES + op ? 1 : 0),
  );
  const { parameters, statistics } = initialVqvaeWeights(
    CONFIG,
    Random.fromSeed(0),
  );
  return {
    config: CONFIG,
    weights: {
      parameters: {
        ...parameters,
        [CODEBOOK]: floats([NODES * OPS, NODES + OPS], codebook),
        "decoder.operations.weight": floats(
          [OPS, NODES + OPS],
          operations.flat(),
        ),
      },
      statistics,
    },
  };
}

export const executor = onnxExecutor({ provider: "cpu" });

/** The codes of a cell of the space. */
export function codesOf(graph: Graph): number[] {
  return Array.from(graph.ops, (op, node) => OPS * node + op);
}

/** The cells that the T5 has learned. */
export const LEARNED = ["000400", "130000", "343340"].map(parseArch);

/** What was written, as text: codes, or what is wrong with it. */
export function sentencesOf({ sequences }: SampledCells): string[] {
  return sequences.map(({ codes, malformed }) =>
    codes === null ? malformed : toSentence(codes)
  );
}

/** Where the two models are saved. */
interface Directories {
  readonly vqvae: string;
  readonly t5: string;
}

/** Trains the T5; saves both models and opens them again. */
export function learnedModel() {
  return withFolder(async (folder) => {
    const directories = {
      vqvae: join(folder, "vqvae"),
      t5: join(folder, "t5"),
    };
    await saveLearnedModel(directories);
    return await openCellModel(space, directories, executor);
  });
}

/**
 * Trains the T5; saves both models.
 *
 * @param fillShare Share of "fill:" prompts: with more of them it learns to answer those
 *   as well, which takes more epochs.
 */
export async function saveLearnedModel(
  directories: Directories,
  { fillShare = 0.1, epochs = 25 }: { fillShare?: number; epochs?: number } =
    {},
): Promise<void> {
  await writeCodesTokenizer(directories.t5, {
    codebookSize: CONFIG.codebookSize,
  });
  const tokenizer = await loadTokenizer(directories.t5);
  const sequences: CodeSequences = {
    codes: Int32Array.from(
      { length: 96 * NODES },
      (_, i) => codesOf(LEARNED[Math.floor(i / NODES) % 3])[i % NODES],
    ),
    length: NODES,
    codebookSize: CONFIG.codebookSize,
  };
  const trained = await trainT5(
    { fitting: sequences, tuning: sequences },
    tinyT5Config(tokenizer.vocabularySize, 32),
    {
      epochs,
      batchSize: 48,
      fillShare,
      learningRate: 1e-2,
      warmupSteps: 5,
      weightDecay: 0,
      clipNorm: 1,
      patience: epochs,
      seed: 0,
    },
    { executor, tokenizer },
  );
  await saveT5(directories.t5, trained);
  await saveVqvae(directories.vqvae, handMade());
}
