/**
 * What models and searches are run with on DARTS.
 *
 * The paper has no such space; numbers without a source are ours.
 *
 * @module
 */

import type { SpaceSettings } from "../settings.ts";

/** The reported runs. */
export const SETTINGS: SpaceSettings = {
  origins: [
    {
      settings: "VQ-VAE and T5: all",
      chosenBy: "those of NAS-Bench-101, the other space with free edges",
    },
    {
      settings: "T5: epoch whose weights are kept, end of training",
      chosenBy: "loss of the tuning cells, in each training",
    },
    { settings: "arch2vec: epochs", chosenBy: "its code" },
    {
      settings: "search: lengths of paths",
      chosenBy: "all that a path of the space can have",
    },
  ],
  vqvae: {
    // As in arch2vec's code.
    "arch-llm": { layers: 4, quantizationCost: 0.5 },
    // 227 kinds of row: an operation of eight that reads one of two to five sources, and the ends.
    "arch-llm-plus": { layers: 1, quantizationCost: 1 },
    epochs: 25,
    quickEpochs: 1,
    batchSize: 256,
  },
  t5: {
    dropoutRate: 0,
    tieWordEmbeddings: false,
    epochs: 5,
    batchSize: 128,
    fillShare: 0.125,
    embeddingStepFactor: 10,
  },
  arch2vec: { epochs: 10 }, // its code
  search: {
    writerTemperature: 1.5,
    changes: 1,
    // One operation a block, through one to four blocks.
    pathLengths: [1, 2, 3, 4],
    dngo: { step: 5, incumbent: 0.95 }, // its code
    agNetTicks: 15,
  },
  analysis: { novelCells: 3_000 },
};
