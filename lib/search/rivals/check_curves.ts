/**
 * Measured searches beside the curves that their authors published.
 *
 * @module
 */

import { publishedCurves } from "../../paper/search_curves.ts";
import type { AccuracyTable } from "../../spaces/accuracies.ts";
import { anytimeCurves } from "../results.ts";
import type { Trial } from "../trials.ts";

/** Accuracies of the returned cell after so many queries, percent, published and measured. */
export interface CheckRow {
  readonly method: string;
  readonly queries: number;
  readonly "published validation": number;
  readonly "measured validation": number;
  readonly "measured validation error": number;
  readonly "published test": number;
  readonly "measured test": number;
  readonly "measured test error": number;
  readonly trials: number;
  readonly [figure: string]: string | number;
}

/** A row for each published point that the trials go as far as. */
export function checkRows(
  space: { readonly name: string },
  tables: readonly AccuracyTable[],
  trials: readonly Trial[],
): CheckRow[] {
  return publishedCurves(space.name).flatMap(({ method, dataset, points }) => {
    const table = tables.find((table) => table.dataset === dataset);
    const own = trials.filter((trial) =>
      trial.method === method && trial.dataset === dataset
    );
    if (table === undefined || own.length === 0) return [];
    const [validation] = anytimeCurves(own, table, "validation");
    const [test] = anytimeCurves(own, table, "test");
    return points.filter(({ queries }) => queries <= validation.points.length)
      .map((point): CheckRow => {
        const at = point.queries - 1;
        return {
          method,
          queries: point.queries,
          "published validation": point.validation,
          "measured validation": validation.points[at].mean,
          "measured validation error": validation.points[at].error,
          "published test": point.test,
          "measured test": test.points[at].mean,
          "measured test error": test.points[at].error,
          trials: own.length,
        };
      });
  });
}
