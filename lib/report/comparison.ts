/**
 * The comparison that a reader looks for first: what the paper prints, what it prints of others,
 * and what was measured here, on all spaces in one table of generations and one of searches.
 *
 * Rows are those of the tables of each space, as they were saved; nothing is measured anew.
 *
 * @module
 */

import { READINGS } from "../metrics/result_row.ts";
import type { MetricMode } from "../spaces/space.ts";
import { withError } from "./search_tables.ts";
import { type ReportTable, type Row, table } from "./tables.ts";

/** The rows of a space's tables. */
export interface ComparedSpace {
  /** As people write its name. */
  readonly title: string;
  /** Of Table 1 or 2: the published rows among them. */
  readonly generation: readonly Row[];
  /** Means over training seeds; where there are none, independent samples of `generation` stand for them. */
  readonly seeds: readonly Row[];
  /** Of other papers' generators run here. */
  readonly generators: readonly Row[];
  /** Of Table 3 or 4; empty where nothing was searched. */
  readonly search: readonly Row[];
  /** Of other papers' searches run here. */
  readonly searches: readonly Row[];
}

const METRICS = [
  ["reconstruction", "reconstruction (%)"],
  ["validity", "valid (%)"],
  ["absoluteUniqueness", "valid and different (%)"],
  ["absoluteNovelty", "valid and novel (%)"],
] as const;

/** Published rows, and measured ones in both readings, of all spaces. */
export function generationComparison(
  spaces: readonly ComparedSpace[],
): ReportTable {
  const rows = spaces.flatMap(({ title, generation, seeds, generators }) => {
    const own = seeds.length > 0
      ? seeds
      : generation.filter((row) => _isMeasured(row) && _isIndependent(row));
    return [
      ...generation.filter((row) => !_isMeasured(row)).map((row): Row => ({
        ...row,
        from: "the paper",
        reading: "not stated",
      })),
      ...[...generators.filter(_isMeasured), ...own].map((row): Row => ({
        ...row,
        from: "run here",
        reading: READINGS[row.mode as MetricMode],
        seed: row.seeds ?? row.seed,
      })),
    ].map((row): Row => ({ ...row, space: title }));
  });
  return table(rows, {
    columns: [
      "space",
      "from",
      "method",
      "reading",
      {
        key: "temperature",
        format: (value, row) => String(value ?? row.temperatures ?? "–"),
      },
      { key: "seed", title: "training seeds", align: "left" },
      ...METRICS.map(([key, title]) => ({
        key,
        title,
        align: "right" as const,
        format: withError(`${key}Deviation`),
      })),
    ],
    rules: _starts(rows),
    caption: "Generation, all spaces",
    notes: [
      "Of 10,000 samples each; ± is a standard deviation over training seeds, 0 where there is one.",
      "The paper does not say how it counts, so its rows can be set beside the published reading, which is inferred, and never beside the strict one.",
      "Rows with * are the paper's from SVGe: 1,000 latents with ten graphs each, which keeps uniqueness near 10 % where a decoder is sure of itself. They are comparable with rows of 1,000 × 10 alone.",
    ],
  });
}

/** Published searches and measured ones of all spaces, a row a data set. */
export function searchComparison(
  spaces: readonly ComparedSpace[],
): ReportTable {
  const rows = spaces.flatMap(({ title, search, searches }) => {
    const datasets = [
      ...new Set(
        search.flatMap((row) =>
          Object.keys(row).filter((key) => key.endsWith(" validation"))
            .map((key) => key.slice(0, -" validation".length))
        ),
      ),
    ];
    const all = [...search, ...searches.filter(_isMeasured)];
    return datasets.flatMap((dataset) =>
      all.filter((row) => typeof row[`${dataset} test`] === "number")
        .toSorted((a, b) => Number(_isMeasured(a)) - Number(_isMeasured(b)))
        .map((row): Row => {
          const of = (name: string) => row[`${dataset} ${name}`];
          return {
            space: `${title}, ${dataset}`,
            from: _isMeasured(row) ? `run here${_surrogate(row)}` : "the paper",
            method: row.method,
            queries: row.queries,
            validation: of("validation"),
            validationError: of("validation error"),
            test: of("test"),
            testError: of("test error"),
            optimum: of("trials") === undefined
              ? null
              : `${of("optimum found")} of ${of("trials")}`,
          };
        })
    );
  });
  return table(rows, {
    columns: [
      "space",
      "from",
      "method",
      "queries",
      {
        key: "validation",
        title: "validation (%)",
        align: "right",
        format: withError("validationError"),
      },
      {
        key: "test",
        title: "test (%)",
        align: "right",
        format: withError("testError"),
      },
      { key: "optimum", title: "best cell found", align: "right" },
    ],
    rules: _starts(rows),
    caption: "Searches, all spaces",
    notes: [
      "± is a standard error over trials; test accuracy is of the cell with the best validation accuracy.",
      "Published searches are of all cells of a space. On NAS-Bench-101 those run here know the cells that accuracies are at hand for, so their optimum is another.",
      "Rows without a number of queries have no protocol that could be compared.",
    ],
  });
}

function _isMeasured({ source }: Row): boolean {
  return source !== "paper";
}

/** Whether samples were drawn without an aim, which would stand in the name: `MODEL, AIM, t=…`. */
function _isIndependent({ method }: Row): boolean {
  return !/, .*, t=/.test(String(method));
}

function _surrogate({ source }: Row): string {
  return source === "measured" ? "" : " (surrogate)";
}

/** Rows that a space begins with. */
function _starts(rows: readonly Row[]): number[] {
  return rows.flatMap(({ space }, at) =>
    at > 0 && rows[at - 1].space !== space ? [at] : []
  );
}
