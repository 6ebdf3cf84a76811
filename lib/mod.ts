/**
 * Arch-LLM: a VQ-VAE maps a neural architecture to a few codes, a T5 writes such codes, and
 * what it writes is decoded, measured and searched.
 *
 * What a researcher imports, and the notebooks too; in any file of this project it is
 * `"arch-llm"`. The names of everyday use stand here: a run ({@link openRun}), a trained model
 * ({@link openModel}), search spaces ({@link getSpace}), samples and what is said of them
 * ({@link sampleCells}, {@link judge}, {@link measureGenerator}), searches ({@link runTrials})
 * and the display ({@link show}). What one section of the paper needs stands in a namespace
 * of its own:
 *
 * - {@link models}: the VQ-VAE of either code, the T5, arch2vec (§3.1, §3.2; notebooks 2, 4);
 * - {@link language}: codes as sentences, tokenizers, Markov chains (§3.2; notebook 3);
 * - {@link generation}: generators, sweeps, the rows of Tables 1 and 2 (§4.2; notebook 5);
 * - {@link analysis}: permutations, what codes stand for, maps, predictors (§4.4; notebook 6);
 * - {@link search}: methods, trials, the rows of Tables 3 and 4 (§3.3, §4.5; notebook 7);
 * - {@link report}: tables and figures of all these.
 *
 * @example Open a trained model, write ten cells, judge them, draw them.
 * ```ts ignore
 * import { drawCells, judge, openModel, Random, sampleCells, show } from "arch-llm";
 *
 * // `space` is a name of the registry; some models come with the repository.
 * await using model = await openModel(space, "arch-llm-plus");
 * const { samples } = await sampleCells(model, 10, {
 *   temperature: 0.9,
 *   random: Random.fromSeed(1),
 * });
 * for (const sample of samples) console.log(judge(model.space, sample));
 * const cells = samples.filter((sample) => typeof sample !== "string");
 * await show({ svg: await drawCells(model.space, cells, { columns: 5 }) });
 * ```
 *
 * @module
 */

// A run
export { openRun, publish, type Run, withProgress } from "./run/run.ts";
export { openModel } from "./run/open_model.ts";
export { openDevice } from "./engine/device.ts";
export type { Executor } from "./engine/executor.ts";
export { Random } from "./core/random.ts";

// Search spaces
export { getSpace, SPACES } from "./spaces/registry.ts";
export {
  cellGraph,
  type CellTable,
  type EnumeratedSpace,
  isEnumerated,
  type MetricMode,
  type SearchSpace,
} from "./spaces/space.ts";
export type { SpaceSettings } from "./spaces/settings.ts";
export { edgePairs, type Graph, graphOf } from "./spaces/graph.ts";
export { type Cell, cellAt, cellOf } from "./spaces/cell.ts";
export { describeSpace, operationCounts } from "./spaces/summary.ts";
export { encodeCells } from "./spaces/tensors.ts";
export { drawCell, drawCells } from "./spaces/draw.ts";

// Models that write cells, and what is said of what they write
export {
  type ByCode,
  CODE_METHODS,
  type CodeKind,
  CODES,
  eachCode,
} from "./models/vqvae/config.ts";
export type { CellModel } from "./generation/cell_model.ts";
export { sampleCells } from "./generation/cell_sampling.ts";
export { editCell } from "./generation/cell_editing.ts";
export {
  type CellGenerator,
  type GeneratedCells,
  measureGenerator,
  type SampleOptions,
} from "./generation/generator.ts";
export {
  type GenerationReport,
  measureGeneration,
  type Sample,
  trainingKeys,
} from "./metrics/generation.ts";
export { judge, type Verdict } from "./metrics/verdict.ts";
export { scoreCells, type ScoredCells } from "./metrics/scored_cells.ts";

// Cells of other programs
export { readCells } from "./exchange/read_cells.ts";
export { writtenCells } from "./exchange/write_cells.ts";
export { getNotation, notationsOf } from "./spaces/notations.ts";

// Searches, and who answers them
export type { Evaluation, Evaluator } from "./evaluation/evaluator.ts";
export { TableEvaluator } from "./evaluation/table_evaluator.ts";
export { Journal, journalled } from "./evaluation/journal.ts";
export {
  hasAccuracies,
  loadOrPredictAccuracies,
  surrogateQuality,
} from "./evaluation/tables.ts";
export type { AccuracyTable } from "./spaces/accuracies.ts";
export { Oracle, type Query } from "./search/oracle.ts";
export type { NamedMethod, Search, SearchMethod } from "./search/method.ts";
export { runTrials, type Trial } from "./search/trials.ts";
export {
  exampleSearch,
  type NotebookTraining,
  searchByTraining,
  type TrainedSearchReport,
} from "./run/trained_search.ts";

// The display
export { show } from "./report/display.ts";
export { type ReportTable, table } from "./report/tables.ts";
export type { Figure } from "./report/figure.ts";

// A namespace for each section
export * as models from "./models/mod.ts";
export * as language from "./language/mod.ts";
export * as generation from "./generation/mod.ts";
export * as analysis from "./analysis/mod.ts";
export * as search from "./search/mod.ts";
export * as report from "./report/mod.ts";
