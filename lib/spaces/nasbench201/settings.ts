/**
 * What models and searches are run with on NAS-Bench-201.
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
    // A code then stands for a node's operation and those of its neighbours, which take
    // about 350 values and fit the codebook. With more layers each code depends on the
    // whole cell; the cells are reconstructed as well, but their code sequences are much
    // harder to model.
    "arch-llm": { layers: 1, quantizationCost: 1 },
    "arch-llm-plus": { layers: 1, quantizationCost: 1 },
    epochs: 26, // §3.1.4
    quickEpochs: 12,
    batchSize: 128,
  },
  t5: {
    // Eight epochs are too few for dropout to have anything to prevent.
    dropoutRate: 0,
    // As in T5 v1.1, with longer steps for both: learns in eight epochs what one matrix, with
    // dropout, learns in twenty.
    tieWordEmbeddings: false,
    epochs: 8,
    batchSize: 64,
    fillShare: 0.5,
    embeddingStepFactor: 10,
  },
  // Its code; `is_valid_nasbench201` of its `utils/utils.py` begins at row 2.
  arch2vec: { epochs: 10, uncheckedNodes: [1] },
  svge: { batchSize: 32 }, // its code
  search: {
    // Every operation makes a cell: less likely ones are as good candidates.
    writerTemperature: 1.5,
    changes: 2,
    // A path has one to three edges.
    pathLengths: [1, 2, 3],
    dngo: { step: 1, incumbent: 1 },
    agNetTicks: 30,
  },
  analysis: { novelCells: 750 },
};
