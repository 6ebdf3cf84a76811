/**
 * Searches over training seeds: those that depend on a trained model, with the models of
 * several runs.
 *
 * The trials of a run have seeds of their own, the same in every run. What a training seed
 * brings is its mean over trials, so that the deviation over training seeds says how much
 * depends on the training, and on the chance that trials have with it.
 *
 * @module
 */

import { spread } from "../metrics/statistics.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import type { ComparedMethod } from "./compared.ts";
import type { SearchRow } from "./rows.ts";

/**
 * A method over training seeds: by data set `<dataset> validation`, `<dataset> test`, percent,
 * and `<dataset> optimum found`, a count of trials; means, each with its `… deviation`.
 */
export interface SearchSeedsRow extends SearchRow {
  /** The training seeds, ascending with `, ` between. */
  readonly seeds: string;
  /** How many training seeds. */
  readonly trainings: number;
  /** Of each training seed. */
  readonly trials: number;
}

/** The rows of the table of searches in the run of a training seed. */
interface SeedRows {
  readonly seed: number;
  readonly rows: readonly SearchRow[];
}

/** What stands in a row for each data set. */
const FIGURES = ["validation", "test", "optimum found"] as const;

/**
 * Puts the searches of several trainings together.
 *
 * A run counts if what depends on no model came out as in the first one: then trials and
 * accuracies are the same.
 *
 * @param methods All of the table; rows are made of those that depend on a trained model.
 * @param own What the run itself has.
 * @param further What runs of further training seeds have.
 * @returns In the order of the table.
 */
export function searchRowsOverSeeds(
  methods: readonly Pick<ComparedMethod, "name" | "trained">[],
  datasets: readonly Pick<AccuracyTable, "dataset">[],
  own: SeedRows,
  further: readonly SeedRows[],
): SearchSeedsRow[] {
  const trained = methods.filter((method) => method.trained)
    .map(({ name }) => name);
  const runs = [
    own,
    ...further.filter((other) => _isAlike(own, other, trained)),
  ].sort((a, b) => a.seed - b.seed);
  return _measured(own).filter(({ method }) => trained.includes(method))
    .map((row) => _overSeeds(row, datasets, runs));
}

function _measured({ rows }: SeedRows): SearchRow[] {
  return rows.filter(({ source }) => source !== "paper");
}

/** The row of the same method after as many queries. */
function _same(row: SearchRow, run: SeedRows): SearchRow | undefined {
  return _measured(run).find(({ source, method, queries }) =>
    source === row.source && method === row.method && queries === row.queries
  );
}

/** Whether a run has all rows of another one, those without a trained model with the same figures. */
function _isAlike(
  own: SeedRows,
  other: SeedRows,
  trained: readonly string[],
): boolean {
  return _measured(own).every((row) => {
    const found = _same(row, other);
    return found !== undefined && (trained.includes(row.method) ||
      Object.entries(row).every(([name, value]) => found[name] === value));
  });
}

function _overSeeds(
  row: SearchRow,
  datasets: readonly Pick<AccuracyTable, "dataset">[],
  runs: readonly SeedRows[],
): SearchSeedsRow {
  const { source, method, queries } = row;
  const rows = runs.map((run) => _same(row, run)!);
  const figures = datasets.flatMap(({ dataset }) =>
    FIGURES.map((figure) => {
      const name = `${dataset} ${figure}`;
      const { mean, deviation } = spread(rows.map((row) => Number(row[name])));
      return { [name]: mean, [`${name} deviation`]: deviation };
    })
  );
  return {
    ...{ source, method, queries },
    seeds: runs.map(({ seed }) => seed).join(", "),
    trainings: runs.length,
    trials: Number(row[`${datasets[0].dataset} trials`]),
    ...Object.assign({}, ...figures),
  };
}
