/**
 * What models and searches are run with on NAS-Bench-101.
 *
 * The paper gives few of these numbers; those without a source are ours.
 *
 * @module
 */

import { BENCHMARK_ORIGINS, type SpaceSettings } from "../settings.ts";

/** The reported runs. */
export const SETTINGS: SpaceSettings = {
  origins: BENCHMARK_ORIGINS,
  vqvae: {
    // An edge can only be told from wider surroundings: four layers, as in arch2vec's code.
    // With half the weight on the quantization terms the paper's code brings back more
    // cells, and uses more of its codebook.
    "arch-llm": { layers: 4, quantizationCost: 0.5 },
    // With positions known, a node's neighbours are all that its operation and incoming
    // edges need.
    "arch-llm-plus": { layers: 1, quantizationCost: 1 },
    epochs: 25, // §3.1.4
    quickEpochs: 1,
    batchSize: 512,
  },
  t5: {
    // 27 times the sequences of NAS-Bench-201: the model never sees one more than a few
    // times, so that dropout has nothing to prevent and only slows it down.
    dropoutRate: 0,
    // As in T5 v1.1: one matrix for embedding and head is too little to tell so many
    // continuations apart.
    tieWordEmbeddings: false,
    epochs: 5,
    batchSize: 128,
    fillShare: 0.125,
    embeddingStepFactor: 10,
  },
  arch2vec: { epochs: 8 }, // its code
  svge: { batchSize: 128 }, // its code
  search: {
    // What a code was before it is hidden shows in those around it: at 1 half of what is written
    // is the cell as it was.
    writerTemperature: 2,
    // A code is an operation and its incoming edges: one change is as much as two elsewhere.
    changes: 1,
    pathLengths: [0, 1, 2, 3, 4, 5],
    dngo: { step: 5, incumbent: 0.95 },
    agNetTicks: 15,
  },
  analysis: { novelCells: 3_000 },
  // From enumerating the space: the cells without two nodes that no edge joins and that
  // get the same embedding.
  reconstructionCeiling: { all: 93.17, validation: 93.26 },
};
