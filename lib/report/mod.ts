/**
 * Tables and figures of what the notebooks find.
 *
 * @module
 */

export { barChart, heatmap, lineChart } from "./charts.ts";
export {
  codebookUsage,
  lossCurves,
  opsHistogram,
  perplexityByPosition,
} from "./figures.ts";
export {
  encodedCellTable,
  settingOriginsTable,
  spaceFound,
} from "./space_report.ts";
export {
  t5LossFigure,
  t5SettingsTable,
  trainingTimeTable,
  vqvaeLossFigure,
  vqvaeSettingsTable,
} from "./training_report.ts";
export {
  codebookUsageFigure,
  reconstructionFound,
  reconstructionTable,
  twinsDrawing,
  twinsText,
} from "./reconstruction_report.ts";
export {
  codeEntropyFigure,
  examplesTable,
  sentencesTable,
  sequencesTable,
  tokenizersTable,
} from "./language_report.ts";
export {
  likelihoodFound,
  likelihoodTable,
  perplexityFigure,
} from "./likelihood_report.ts";
export {
  beyondTable,
  editedCellDrawing,
  generationTable,
  generationTableName,
  invalidityFigure,
  invalidityTable,
  seedsTable,
  sweepFigure,
  sweepTable,
} from "./generation_report.ts";
export {
  cellMapFigure,
  codebookMapFigure,
  codeMeaningsTable,
  codesByPositionFigure,
  divergenceFigure,
  noAccuraciesText,
  permutationTable,
  predictorsFigure,
  predictorsTable,
} from "./latent_report.ts";
export {
  budgetTable,
  coverageTable,
  differenceTable,
  searchSeedsTable,
  searchSettingsTable,
} from "./search_comparison.ts";
export {
  algorithm1Table,
  goalTable,
  optimumTable,
  searchTable,
  searchTableName,
  surrogateTable,
} from "./search_tables.ts";
export {
  returnedCellsDrawing,
  searchCurves,
  searchScatter,
} from "./search_figures.ts";
export {
  beyondProse,
  bulletList,
  differenceProse,
  divergenceProse,
  generationProse,
  meaningProse,
  permutationProse,
  predictorProse,
  rivalProse,
  searchProse,
  seedsProse,
} from "./prose.ts";
