/**
 * Models that make cells, sampled and measured: the rows of Tables 1 and 2.
 *
 * @module
 */

export { openCellModel, openCellModels } from "./cell_model.ts";
export { firstCells } from "./cell_sampling.ts";
export { lastFullCell } from "./cell_editing.ts";
export { archLlmGenerator } from "./arch_llm.ts";
export { arch2vecGenerator, openArch2vec } from "./arch2vec.ts";
export {
  bestDraws,
  GENERATORS,
  longestSampling,
  type MeasuredGenerators,
  reportedRows,
  sweepOutcomes,
  sweepRows,
  temperatureRows,
  trainingNote,
} from "./generators.ts";
export { bestPoint, sweepSampling } from "./sampling_sweep.ts";
export { ceilings } from "./ceilings.ts";
