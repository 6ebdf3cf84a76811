/**
 * The VQ-VAE of either code, the T5 and arch2vec: configured, trained, opened and saved.
 *
 * @module
 */

export { type VqvaeConfig, vqvaeConfig } from "./vqvae/config.ts";
export {
  type TrainedVqvae,
  trainVqvae,
  trainVqvaeTo,
  type VqvaeTraining,
  vqvaeTraining,
} from "./vqvae/training.ts";
export { encodeSplits, type SplitSequences, Vqvae } from "./vqvae/vqvae.ts";
export { loadVqvae, saveVqvae } from "./vqvae/files.ts";
export {
  type ReconstructionRow,
  reconstructionRows,
} from "./vqvae/reconstruction.ts";
export { findTwins } from "./vqvae/twins.ts";
export { openT5Base, openTunedT5, trainT5To } from "./t5/base.ts";
export { type T5Config, t5ParameterCount } from "./t5/config.ts";
export {
  type T5Training,
  t5Training,
  type TrainedT5,
  trainT5,
} from "./t5/training.ts";
export { compareLikelihoods, sequenceLikelihood } from "./t5/likelihood.ts";
export {
  type Arch2vecConfig,
  arch2vecConfig,
  type Arch2vecQuirks,
  AS_PUBLISHED,
  REPAIRED,
} from "./arch2vec/config.ts";
export {
  type Arch2vecTraining,
  arch2vecTraining,
  trainArch2vec,
} from "./arch2vec/training.ts";
export { trainT5s, trainVqvaes } from "./side_by_side.ts";
export { Arch2vec } from "./arch2vec/arch2vec.ts";
