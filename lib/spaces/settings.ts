/**
 * What models and searches are run with on a space: one file a space holds the numbers.
 *
 * A setting that is the same on every space stands beside the code that it is of.
 *
 * @module
 */

/** What some settings were chosen by. */
export interface SettingOrigin {
  /** Their names, as readers see them. */
  readonly settings: string;
  readonly chosenBy: string;
}

/**
 * The origin of numbers that were found by comparing trainings, on cells that are reported on
 * as well: what is reported is to that extent the best of a few tries.
 */
const BY_VALIDATION =
  "figures of the validation cells, seed 0, before any cells were set apart for tuning";

/** The origin of numbers that were found by comparing searches. */
const BY_SEARCHES = "accuracies that searches with seeds below 30 found";

/** What is chosen anew in every training, and holds for every space. */
const CHOSEN_IN_TRAINING: readonly SettingOrigin[] = [
  {
    settings: "T5: epoch whose weights are kept, end of training",
    chosenBy: "loss of the tuning cells, in each training",
  },
];

/** The reported runs on a space. */
export interface SpaceSettings {
  /** What the numbers below were chosen by. */
  readonly origins: readonly SettingOrigin[];
  /** `models/vqvae`. */
  readonly vqvae: {
    /** The paper's code: GIN layers, and the weight of the quantization terms of eq. 6. */
    readonly "arch-llm": {
      readonly layers: number;
      readonly quantizationCost: number;
    };
    /** The position-aware code. */
    readonly "arch-llm-plus": {
      readonly layers: number;
      readonly quantizationCost: number;
    };
    readonly epochs: number;
    readonly quickEpochs: number;
    readonly batchSize: number;
  };
  /** `models/t5`, trained from scratch. */
  readonly t5: {
    readonly dropoutRate: number;
    readonly tieWordEmbeddings: boolean;
    readonly epochs: number;
    readonly batchSize: number;
    /** "fill:" examples of a step, as a share of `batchSize`. */
    readonly fillShare: number;
    /** How much longer the steps of embedding and head are. */
    readonly embeddingStepFactor: number;
  };
  /** `models/arch2vec`. */
  readonly arch2vec: {
    readonly epochs: number;
    /** Nodes whose operation its code's check of validity never looks at; by default none. */
    readonly uncheckedNodes?: readonly number[];
  };
  /** `models/svge`, of both kinds; by default graphs by the 32. */
  readonly svge?: { readonly batchSize: number };
  /** `search`. */
  readonly search: {
    /** Temperature at which the Arch-LLM+ search has its model write. */
    readonly writerTemperature: number;
    /** The most codes of a cell that a variant changes. */
    readonly changes: number;
    /** Numbers of operations that a path from input to output can have. */
    readonly pathLengths: readonly number[];
    /** Bayesian optimisation with DNGO, as arch2vec's code has it. */
    readonly dngo: {
      /** Cells asked for in each step. */
      readonly step: number;
      /** The accuracy that improvement is measured from, a fraction. */
      readonly incumbent: number;
    };
    /** How often AG-Net goes through the cells asked for in each round, as its code has it. */
    readonly agNetTicks: number;
  };
  /** `analysis`. */
  readonly analysis: {
    /** Novel cells that figure 3 looks at. */
    readonly novelCells: number;
  };
  /**
   * What an undirected encoder without positions and an inner-product decoder can
   * reconstruct at most, percent of whole cells; missing where it is all of them.
   */
  readonly reconstructionCeiling?: {
    readonly all: number;
    readonly validation: number;
  };
}

/** What chose the settings of both benchmarks. */
export const BENCHMARK_ORIGINS: SpaceSettings["origins"] = [
  {
    settings: "VQ-VAE: layers, weight of the quantization terms, batch size",
    chosenBy: BY_VALIDATION,
  },
  { settings: "VQ-VAE: epochs", chosenBy: "the paper, §3.1.4" },
  {
    settings:
      "T5: dropout, head, epochs, batch size, share of masked examples, steps of the embedding",
    chosenBy: BY_VALIDATION,
  },
  ...CHOSEN_IN_TRAINING,
  { settings: "arch2vec: epochs", chosenBy: "its code" },
  {
    settings: "search: temperature, codes that a variant changes",
    chosenBy: BY_SEARCHES,
  },
  {
    settings: "search: step and incumbent of DNGO, ticks of AG-Net",
    chosenBy: "arch2vec's and AG-Net's code",
  },
  {
    settings: "search: lengths of paths",
    chosenBy: "all that a path of the space can have",
  },
];
