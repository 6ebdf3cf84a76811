/**
 * The latent space: permuted codes, novel cells, what codes stand for, maps, predictors.
 *
 * @module
 */

export { latentStudy } from "./latent_study.ts";
export { permuteWritten } from "./permutations.ts";
export { codeShares, novelCodes } from "./novel_codes.ts";
export { codeMeanings } from "./code_usage.ts";
export { cellMap, codebookMap } from "./projection.ts";
export {
  cellRepresentations,
  type CellVectors,
  drawSome,
} from "./representations.ts";
export { comparePredictors } from "./predictors.ts";
export { tableOn } from "../evaluation/tables.ts";
