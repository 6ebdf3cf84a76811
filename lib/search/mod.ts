/**
 * Architecture search: the methods that are compared, and the rows of Tables 3 and 4.
 *
 * @module
 */

export {
  algorithm1Variants,
  ARCH_LLM_SEARCH,
  comparedMethods,
  CONTROL,
  searchStudy,
} from "./compared.ts";
export { budgetRows, coverageRows, differenceRows } from "./comparison.ts";
export { limitBudgets } from "./method.ts";
export { latentVectors } from "./latents.ts";
export { methodModels, openMethods } from "./opened_methods.ts";
export { runTrialsSideBySide } from "./side_by_side.ts";
export {
  algorithm1Rows,
  bestCells,
  curveSeries,
  goalRows,
  optimumRows,
  searchedCells,
  searchRows,
} from "./rows.ts";
export { searchRowsOverSeeds } from "./training_seeds.ts";
