/**
 * Tables 3 and 4 of the paper, as printed.
 *
 * Source: Arch-LLM, Tables 3 and 4; rows marked * and ** there are from other papers. Two
 * validation accuracies that Table 3 leaves out are those of published result files, and say so.
 *
 * @module
 */

import { publishedCurves } from "./search_curves.ts";

/** A printed row; accuracies in percent, null where a cell of the table is empty. */
export interface PublishedSearch {
  readonly method: string;
  /** Null where none are printed. */
  readonly queries: number | null;
  /** By name of the data set. */
  readonly accuracies: Readonly<
    Record<
      string,
      {
        readonly validation: number | null;
        readonly test: number;
        /** Whether the table's place is empty and the validation accuracy is of result files. */
        readonly validationOfFiles?: true;
      }
    >
  >;
}

/** Table 3: NAS-Bench-101. */
export const PAPER_TABLE_3: readonly PublishedSearch[] = [
  _cifar10("Optimum", null, 95.06, 94.32),
  _cifar10("NAO*", 192, 94.66, 93.49),
  _cifar10("BANANAS*", 192, 94.73, 94.09),
  _cifar10("BO*", 192, 94.57, 93.96),
  _cifar10("Local Search*", 192, 94.57, 93.96),
  _cifar10("Random Search*", 192, 94.31, 93.61),
  _cifar10("Regularized Evolution*", 192, 94.47, 93.89),
  _cifar10("AG-Net*", 192, 94.9, 94.18),
  _ofFiles("Arch2vec-RL*", "arch2vec-RL", 400, 94.1),
  _ofFiles("Arch2vec-BO*", "arch2vec-BO", 400, 94.05),
  _cifar10("Arch-LLM", 400, 94.67, 93.98),
];

/** Table 4: NAS-Bench-201. */
export const PAPER_TABLE_4: readonly PublishedSearch[] = [
  _three("Optimum", null, [91.61, 94.37, 73.49, 73.51, 46.77, 47.31]),
  _three("SGNAS*", null, [90.18, 93.53, 70.28, 70.31, 46.77, 47.31]),
  _three("Arch2vec + BO*", 100, [91.41, 94.18, 73.35, 73.37, 46.34, 46.27]),
  _three("BANANAS*", 192, [91.56, 94.3, 73.49, 73.5, 46.65, 46.51]),
  _three("BO*", 192, [91.54, 94.22, 73.26, 73.22, 46.43, 46.4]),
  _three("RS*", 192, [91.12, 93.89, 72.08, 72.07, 45.87, 45.98]),
  _three("AG-Net*", 400, [91.61, 94.37, 73.49, 73.51, 46.73, 46.42]),
  {
    method: "Diffusion-NAG**",
    queries: null,
    accuracies: {
      cifar10: { validation: null, test: 94.37 },
      cifar100: { validation: null, test: 73.51 },
    },
  },
  _three("Arch-LLM", 400, [91.32, 94.08, 72.94, 72.96, 45.71, 45.48]),
];

/** What the paper reports of a space: the number of its table of searches, and its rows. */
const TABLES: Readonly<
  Record<string, { number: number; rows: readonly PublishedSearch[] }>
> = {
  nasbench101: { number: 3, rows: PAPER_TABLE_3 },
  nasbench201: { number: 4, rows: PAPER_TABLE_4 },
};

/** The published rows for a space by its name, in the paper's order; none where there are none. */
export function publishedSearches(space: string): readonly PublishedSearch[] {
  return TABLES[space]?.rows ?? [];
}

/** The number of the paper's table of searches on a space; null where there is none. */
export function searchTableNumber(space: string): number | null {
  return TABLES[space]?.number ?? null;
}

function _cifar10(
  method: string,
  queries: number | null,
  validation: number | null,
  test: number,
): PublishedSearch {
  return { method, queries, accuracies: { cifar10: { validation, test } } };
}

/** A row of Table 3 without a validation accuracy, with that of the curve of result files. */
function _ofFiles(
  method: string,
  curve: string,
  queries: number,
  test: number,
): PublishedSearch {
  const { validation } = publishedCurves("nasbench101")
    .find((one) => one.method === curve)!.points
    .find((point) => point.queries === queries)!;
  return {
    method,
    queries,
    accuracies: { cifar10: { validation, test, validationOfFiles: true } },
  };
}

/** @param printed Validation and test accuracy of each data set, in the paper's order. */
function _three(
  method: string,
  queries: number | null,
  printed: readonly [number, number, number, number, number, number],
): PublishedSearch {
  const pair = (at: number) => ({
    validation: printed[at],
    test: printed[at + 1],
  });
  return {
    method,
    queries,
    accuracies: {
      cifar10: pair(0),
      cifar100: pair(2),
      "imagenet16-120": pair(4),
    },
  };
}
