/**
 * Models that make cells, sampled and measured: the rows of Tables 1 and 2.
 *
 * @module
 */

export { openCellModel, openCellModels } from "./cell_model.ts";
export { firstCells } from "./cell_sampling.ts";
export { lastFullCell } from "./cell_editing.ts";
export { archLlmGenerator } from "./arch_llm.ts";
export {
  arch2vecGenerator,
  openArch2vec,
  trainedArch2vec,
} from "./arch2vec.ts";
export {
  bestDraws,
  GENERATORS,
  longestSampling,
  type MeasuredGenerators,
  reportedRows,
  sweepOutcomes,
  temperatureRows,
  trainingNote,
} from "./generators.ts";
export { type BeyondRow, beyondRows } from "./beyond_draws.ts";
export { chooseTemperatures, sweepSampling } from "./sampling_sweep.ts";
export { rowsOverSeeds, type SeedsRow } from "./training_seeds.ts";
export { ceilings } from "./ceilings.ts";
