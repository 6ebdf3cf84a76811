/**
 * What an arch2vec model is: its shape, and what its code does beside its paper.
 *
 * The published code differs from the paper in ways that decide its figures. Each is an
 * option of its own here; {@link AS_PUBLISHED} has them all, {@link REPAIRED} none but one.
 * Nothing here needs TensorFlow.js.
 *
 * Source: Yan et al. 2020, arXiv:2006.06936, §3, and its code, MSU-MLSys-Lab/arch2vec; the
 * files named below are of that repository.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";

/** What arch2vec's code does beside its paper; each can be switched off alone. */
export interface Arch2vecQuirks {
  /**
   * Operations are decoded by a sigmoid a column and trained by binary cross-entropy, though
   * a softmax is configured.
   *
   * Source: `models/model.py`, `Decoder.forward` takes `activation_adj` for both outputs.
   */
  readonly sigmoidOperations: boolean;
  /**
   * The edges' loss is a mean over all `N²` entries, of which those on and below the diagonal
   * hold no edge and are right already; so it weighs less than half.
   *
   * Source: `utils/utils.py`, `preprocessing` (`prep_reverse`), and `nn.BCELoss` of
   * `models/configs.py`.
   */
  readonly dilutedEdges: boolean;
  /**
   * The divergence, a mean over nodes already, is divided by `B·N` once more and all but
   * vanishes.
   *
   * Source: `models/model.py`, `VAEReconstructed_Loss`.
   */
  readonly scaledDivergence: boolean;
  /**
   * The head called log-variance gives the logarithm of the deviation.
   *
   * Source: `models/model.py`, `Model.reparameterize` and `VAEReconstructed_Loss`.
   */
  readonly logDeviation: boolean;
  /**
   * The linear layers of the GIN have biases, which the batch normalisation after them takes
   * away again; once that is frozen they move the output after all.
   *
   * Source: `gin/models/mlp.py`, `MLP`.
   */
  readonly linearBiases: boolean;
  /**
   * After the first epoch the model is never set back to training mode: no dropout, the
   * mean in place of a sample, running statistics as they were.
   *
   * Source: `models/pretraining_*.py`: `model.eval()` at the end of an epoch,
   * `model.train()` nowhere.
   */
  readonly frozenAfterFirstEpoch: boolean;
  /**
   * The training cells are shuffled once, and every epoch has the same batches.
   *
   * Source: `models/pretraining_*.py`, `_build_dataset`.
   */
  readonly oneShuffle: boolean;
  /**
   * The prior that is sampled has the mean and deviation of the latent means met while the
   * last epoch trained, each of another state of the model, not of those that the trained
   * model gives.
   *
   * Source: `models/pretraining_*.py`, `Z` of the loop over batches.
   */
  readonly priorOfLastEpoch: boolean;
  /**
   * Where cells vary in size, a decode is not cut at its first output row: all rows are
   * hashed and judged.
   *
   * Source: `models/pretraining_*.py`, `api.ModelSpec` and `hash_module` of all rows.
   */
  readonly wholeDecodes: boolean;
  /**
   * The check of validity never looks at the operation of some nodes; the settings of a space
   * name them.
   *
   * Source: `utils/utils.py`, an `is_valid_*` whose loop begins at row 2 though row 1 is an
   * inner node.
   */
  readonly uncheckedNodes: boolean;
}

/** All of them: arch2vec as its code has it. */
export const AS_PUBLISHED: Arch2vecQuirks = {
  sigmoidOperations: true,
  dilutedEdges: true,
  scaledDivergence: true,
  logDeviation: true,
  linearBiases: true,
  frozenAfterFirstEpoch: true,
  oneShuffle: true,
  priorOfLastEpoch: true,
  wholeDecodes: true,
  uncheckedNodes: true,
};

/**
 * None of them but the small weight of the divergence: at its full weight, beside losses
 * that are means, every posterior becomes the prior and nothing is reconstructed.
 */
export const REPAIRED: Arch2vecQuirks = {
  sigmoidOperations: false,
  dilutedEdges: false,
  scaledDivergence: true,
  logDeviation: false,
  linearBiases: false,
  frozenAfterFirstEpoch: false,
  oneShuffle: false,
  priorOfLastEpoch: false,
  wholeDecodes: false,
  uncheckedNodes: false,
};

/** The shape of an arch2vec model, and what it does beside its paper. */
export interface Arch2vecConfig {
  readonly nodes: number;
  readonly operations: number;
  readonly hidden: number;
  readonly layers: number;
  readonly latentDim: number;
  /** Of the latent vectors, in training. */
  readonly dropoutRate: number;
  readonly quirks: Arch2vecQuirks;
}

/** The model as its code has it, with all quirks or those given. */
export function arch2vecConfig(
  space: SearchSpace,
  quirks: Arch2vecQuirks = AS_PUBLISHED,
): Arch2vecConfig {
  return {
    nodes: space.nodeCount,
    operations: space.ops.length,
    hidden: 128,
    layers: 4,
    latentDim: 16,
    dropoutRate: 0.3,
    quirks,
  };
}
