/**
 * What notebook 6 shows: permuted sequences, figure 3, what codes stand for, maps, and
 * predictors.
 *
 * Source: the paper, §4.4, figure 3 and its appendix.
 *
 * @module
 */

import type { CodeMeaning } from "../analysis/code_usage.ts";
import { codeShares, type NovelCodes } from "../analysis/novel_codes.ts";
import type { PermutationTest } from "../analysis/permutations.ts";
import type { PredictorCurve } from "../analysis/predictors.ts";
import type { MappedPoints } from "../analysis/projection.ts";
import { type CodeSequences, codeUses } from "../language/code_sequences.ts";
import { usagePerplexity } from "../metrics/codebook_usage.ts";
import { publishedPermutations } from "../paper/generation_tables.ts";
import type { AccuracyTable } from "../spaces/accuracies.ts";
import { operationStyle } from "../spaces/draw.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { barChart, heatmap, lineChart, rangeOf } from "./charts.ts";
import { type Figure, seriesStyle } from "./figure.ts";
import { projectionFigure } from "./projection_figure.ts";
import { purityOf } from "./prose.ts";
import { type ReportTable, table } from "./tables.ts";

/** What figures say of a table of accuracies. */
export type AccuraciesText = Pick<
  AccuracyTable,
  "title" | "source" | "surrogate"
>;

/** Tests of permuted sequences, by method, under what the paper found. */
export function permutationTable(
  space: SearchSpace,
  tests: readonly (PermutationTest & { readonly method: string })[],
): ReportTable {
  const published = publishedPermutations(space.name);
  return table([
    ...(published === null ? [] : [{ method: "paper", ...published }]),
    ...tests,
  ], {
    columns: [
      "method",
      "sequences",
      { key: "permutations", title: "permutations of each" },
      { key: "duplicated", title: "sequences with a duplicate" },
      { key: "same", title: "permutations that are the same cell (%)" },
      { key: "valid", title: "permutations that are a cell (%)" },
    ],
    caption: `Permuted code sequences, ${space.title}`,
  });
}

/** Figure 3 for a method: the most used codes, training cells beside novel ones. */
export function codesByPositionFigure(
  space: SearchSpace,
  codes: NovelCodes,
): Figure {
  const { rows, columns, values, rest } = codeShares(codes);
  const size = codes.training[0].length;
  return heatmap(values, { rows, columns }, {
    title: `Codes by position, ${codes.method}, ${space.title}`,
    x: "code, by its use in training cells",
    y: "position",
    scale: "share of the cells (%)",
    ticks: [-4, -3, -2, -1, 0].map((value) => ({
      value,
      text: `${value === -4 ? "≤ " : ""}${
        Number((100 * 10 ** value).toPrecision(1))
      }`,
    })),
    caption: `The ${columns.length} most used of ${size} codes${
      columns.length === size
        ? ""
        : rest.training + rest.novel === 0
        ? "; no other occurs"
        : `; the others are ${
          rest.training.toFixed(2)
        } % of the codes of training cells and ${
          rest.novel.toFixed(2)
        } % of those of novel ones`
    }. Training cells beside ${
      codes.cells.toLocaleString("en")
    } novel ones, from ${codes.draws.toLocaleString("en")} sentences.`,
  });
}

/**
 * How far the codes of novel cells are from those of training cells, by position, beside
 * what chance makes of as many training cells.
 *
 * @param codes One or more.
 */
export function divergenceFigure(
  space: SearchSpace,
  codes: readonly NovelCodes[],
): Figure {
  return barChart(
    Array.from({ length: space.nodeCount }, (_, position) => position),
    codes.flatMap(({ method, divergence, control }, index) => {
      const { color } = seriesStyle(index);
      return [
        {
          name: `${method}: novel cells`,
          values: [...divergence],
          style: { color, pattern: "" },
        },
        {
          name: `${method}: baseline`,
          values: [...control],
          style: { color, pattern: "/" },
        },
      ];
    }),
    {
      title: `Codes of novel and of training cells, ${space.title}`,
      x: "position",
      y: "Jensen–Shannon divergence (bits)",
      caption:
        "Divergence from the training cells. Baseline, hatched: that of as many training cells drawn at random, which is what chance alone makes.",
    },
  );
}

/** What the most used codes of a method stand for. */
export function codeMeaningsTable(
  space: SearchSpace,
  method: string,
  meanings: readonly CodeMeaning[],
  sequences: CodeSequences,
): ReportTable {
  return table(meanings.slice(0, 12), {
    columns: [
      "code",
      { key: "share", title: "of all nodes (%)" },
      "operation",
      { key: "purity", title: "of its nodes (%)", digits: 1 },
      { key: "incoming", title: "edges in" },
      { key: "outgoing", title: "edges out" },
      { key: "from", title: "from, most often" },
    ],
    caption: `The most used codes, ${method}, ${space.title}`,
    notes: [
      `${meanings.length} of ${sequences.codebookSize} codes in use, perplexity ${
        usagePerplexity(codeUses(sequences)).toFixed(0)
      }. A node's code tells its operation in ${
        purityOf(meanings).toFixed(1)
      } % of all cases.`,
    ],
  });
}

/** The codebook of a method on a plane; an operation looks as in drawings of cells. */
export function codebookMapFigure(
  space: SearchSpace,
  method: string,
  points: readonly MappedPoints[],
): Figure {
  const place = ({ name }: MappedPoints) => space.ops.indexOf(name);
  const ordered = points.toSorted((a, b) => place(a) - place(b));
  return projectionFigure(
    ordered.map((each) => ({ ...each, style: operationStyle(each.name) })),
    { title: `Codebook, ${method}, ${space.title}` },
  );
}

/**
 * Cells on a plane by their codes, shaded by accuracy.
 *
 * @param accuracies Where they are from.
 */
export function cellMapFigure(
  space: SearchSpace,
  method: string,
  points: readonly MappedPoints[],
  { title, surrogate }: AccuraciesText,
): Figure {
  const cells = points.reduce((sum, { points }) => sum + points.length, 0);
  return projectionFigure(points, {
    title: _titled(
      `Cells by their codes, ${method}, ${space.title}`,
      surrogate,
    ),
    scale: `${title} validation accuracy (%)`,
    caption: `${
      cells.toLocaleString("en")
    } cells; the lowest tenth has the shade of the lowest tick.`,
  });
}

/** How predictors were compared. */
export interface PredictorComparison {
  readonly curves: readonly PredictorCurve[];
  /** Numbers of labelled cells, as many as a curve has points. */
  readonly sizes: readonly number[];
  readonly seeds: number;
  readonly accuracies: AccuraciesText;
}

/** How well each representation orders cells, by number of labels. */
export function predictorsFigure(
  space: SearchSpace,
  { curves, sizes, seeds, accuracies }: PredictorComparison,
): Figure {
  const lines = curves.map(({ name, points }) => ({
    name,
    x: sizes,
    y: points.map(({ mean }) => mean),
    lower: points.map(({ mean, error }) => mean - error),
    upper: points.map(({ mean, error }) => mean + error),
  }));
  return lineChart(
    lines,
    {
      title: _titled(
        `Order of cells from few labels, ${space.title}`,
        accuracies.surrogate,
      ),
      x: "labelled cells",
      y: "Kendall's τ",
      caption:
        `Mean of ${seeds} seeds with bands of one standard error; order of the cells by ${accuracies.title} validation accuracy.`,
    },
    {
      range: rangeOf(lines.flatMap(({ lower, upper }) => [...lower, ...upper])),
    },
  );
}

/** The same as a table, mean ± standard error. */
export function predictorsTable(
  space: SearchSpace,
  { curves, sizes, accuracies }: PredictorComparison,
): ReportTable {
  return table(
    curves.map(({ name, points }) => ({
      representation: name,
      ...Object.fromEntries(points.flatMap(({ mean, error }, i) => [
        [`${sizes[i]}`, mean],
        [`${sizes[i]} error`, error],
      ])),
    })),
    {
      columns: [
        "representation",
        ...sizes.map((size) => ({
          key: `${size}`,
          title: `${size} labels`,
          align: "right" as const,
          format: (value: unknown, row: Readonly<Record<string, unknown>>) =>
            `${Number(value).toFixed(3)} ± ${
              Number(row[`${size} error`]).toFixed(3)
            }`,
        })),
      ],
      caption: _titled(
        `Kendall's τ by number of labelled cells, ${space.title}`,
        accuracies.surrogate,
      ),
      notes: [accuracies.source],
    },
  );
}

/** What stands in place of accuracies where no cell of a space is known to have been trained. */
export function noAccuraciesText(space: SearchSpace): string {
  return `No accuracies of ${space.title} are known, so cells are neither coloured nor ranked by them. ` +
    `A program of your own can train or predict them in a search: deno task search --space ${space.name} --evaluator COMMAND (lib/evaluation/PROTOCOL.md).`;
}

function _titled(text: string, surrogate = false): string {
  return surrogate ? `${text}, surrogate` : text;
}
