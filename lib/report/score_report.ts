/**
 * What somebody's samples come to, as tables beside the published rows.
 *
 * @module
 */

import type { Ceiling } from "../generation/ceilings.ts";
import type { ScoredCells } from "../metrics/scored_cells.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import type { Graph } from "../spaces/graph.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";
import { generationTable } from "./generation_report.ts";
import { type ReportTable, table } from "./tables.ts";

/**
 * The tables of a score, by the names of their files: the rows, why samples are not valid,
 * and which cells came more than once, with what accuracies they have.
 *
 * @param accuracies Those that are there.
 */
export function scoreTables(
  space: SearchSpace,
  { rows, reports, repeated }: ScoredCells,
  limits: readonly Ceiling[],
  accuracies: readonly AccuracyTable[] = [],
): Readonly<Record<"score" | "invalid" | "repeated", ReportTable>> {
  const { paper, strict } = reports;
  return {
    score: generationTable(space, rows, limits),
    invalid: table(
      Object.keys(strict.reasons).map((reason) => ({
        reason,
        means: reason === "malformed"
          ? "it is no graph at all"
          : space.invalidReasons[reason],
        published: paper.reasons[reason],
        strict: strict.reasons[reason],
      })),
      {
        caption: `Samples that are not valid, of ${
          strict.samples.toLocaleString("en-US")
        }, by reading`,
      },
    ),
    repeated: table(
      repeated.map(({ graph, times }) => ({
        cell: space.describe(graph),
        times,
        ...Object.fromEntries(
          accuracies.flatMap((each) =>
            (["validation", "test"] as const).map((accuracy) => [
              `${each.dataset} ${accuracy}`,
              _percent(space, each[accuracy], graph),
            ])
          ),
        ),
      })),
      {
        caption: `Cells that came most often; ${
          strict.distinct.toLocaleString("en-US")
        } different ones among ${strict.valid.toLocaleString("en-US")}`,
        columns: [
          "cell",
          "times",
          ...accuracies.flatMap(({ dataset, title }) =>
            ["validation", "test"].map((accuracy) => ({
              key: `${dataset} ${accuracy}`,
              title: `${title} ${accuracy} (%)`,
              digits: 2,
            }))
          ),
        ],
      },
    ),
  };
}

/** The accuracy of a cell; null where it has none. */
function _percent(
  space: SearchSpace,
  values: Float64Array,
  graph: Graph,
): number | null {
  const index = isEnumerated(space) ? space.indexOf(graph) : null;
  const value = index === null ? NaN : values[index];
  return Number.isNaN(value) ? null : 100 * value;
}
