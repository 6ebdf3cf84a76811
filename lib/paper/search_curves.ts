/**
 * What published result files tell of searches that the paper's tables have one number of.
 *
 * Source: MSU-MLSys-Lab/arch2vec, `results/*.json`: mean regret of 500 trials by query on all
 * cells of NAS-Bench-101, taken from the best accuracies there are, 95.055 and 94.318.
 *
 * @module
 */

/** Mean accuracies of the returned cell after so many queries, percent. */
export interface PublishedPoint {
  readonly queries: number;
  readonly validation: number;
  readonly test: number;
}

/** A method's mean accuracies by queries. */
export interface PublishedCurve {
  readonly method: string;
  readonly dataset: string;
  readonly points: readonly PublishedPoint[];
}

const NASBENCH101_CURVES: readonly PublishedCurve[] = [
  _curve("arch2vec-RL", [
    [16, 93.93, 93.36],
    [50, 94.24, 93.62],
    [100, 94.45, 93.83],
    [192, 94.63, 93.97],
    [400, 94.84, 94.1],
  ]),
  _curve("arch2vec-BO", [
    [16, 93.65, 93.05],
    [50, 94.35, 93.81],
    [100, 94.5, 93.96],
    [192, 94.58, 94.02],
    [400, 94.67, 94.04],
  ]),
];

/** The curves that result files have of a space by its name. */
export function publishedCurves(space: string): readonly PublishedCurve[] {
  return space === "nasbench101" ? NASBENCH101_CURVES : [];
}

function _curve(
  method: string,
  points: readonly (readonly [number, number, number])[],
): PublishedCurve {
  return {
    method,
    dataset: "cifar10",
    points: points.map(([queries, validation, test]) => ({
      queries,
      validation,
      test,
    })),
  };
}
