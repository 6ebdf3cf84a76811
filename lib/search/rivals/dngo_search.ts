/**
 * Bayesian optimisation with DNGO: what arch2vec's paper searches with, on its own features and
 * on operations and edges.
 *
 * Every cell that can be asked for is scored in each step. What its code does beside the
 * textbook is an option; by default all of it is as published, but for one thing: there a cell
 * can be asked for again, which would cost nothing here and tell nothing.
 *
 * Source: Yan et al. 2020, arXiv:2006.06936, §4.2, and its code, MSU-MLSys-Lab/arch2vec,
 * `search_methods/dngo.py`.
 *
 * @module
 */

import { runKey } from "../../core/keys.ts";
import type { Random } from "../../core/random.ts";
import type { Executor } from "../../engine/executor.ts";
import type { SearchMethod } from "../method.ts";
import type { Oracle } from "../oracle.ts";
import {
  nextCells,
  unseenCells,
  VERSION as UNSEEN_VERSION,
} from "../unseen_cells.ts";
import {
  candidateTables,
  type GraphFeatures,
  VERSION as CANDIDATES_VERSION,
} from "./candidates.ts";
import { Dngo, VERSION as DNGO_VERSION } from "./dngo.ts";

/** Raised with every change of what comes out for the same settings and inputs. */
export const VERSION = 1;

/** Settings of the search. */
export interface DngoSearchOptions {
  /** Random cells to begin with. */
  readonly initial: number;
  /** Cells asked for in each step. */
  readonly step: number;
  /**
   * The accuracy that improvement is measured from, the same all along; null for the best so
   * far, as in the textbook.
   */
  readonly incumbent: number | null;
  /** Whether the variance stands where the deviation belongs. */
  readonly varianceAsDeviation: boolean;
  /** Whether the marginal likelihood is that of pybnn's code; see `LinearRegression`. */
  readonly publishedLikelihood: boolean;
}

/** As published, beside what differs from space to space. */
export const DNGO_AS_PUBLISHED: Omit<DngoSearchOptions, "step" | "incumbent"> =
  {
    initial: 16,
    varianceAsDeviation: true,
    publishedLikelihood: true,
  };

/** The search by some features of cells. */
export function dngoSearch(
  features: GraphFeatures,
  executor: Executor,
  options: DngoSearchOptions,
): SearchMethod {
  const candidatesOf = candidateTables(features);
  return {
    key: runKey({
      method: "DNGO",
      version: VERSION,
      device: executor.description,
      features: features.key,
      options,
      model: DNGO_VERSION,
      candidates: CANDIDATES_VERSION,
      unseen: UNSEEN_VERSION,
    }),
    search: async (oracle, random) => {
      const model = new Dngo(features.width, executor, options);
      try {
        await _search(oracle, random, model, features, candidatesOf, options);
      } finally {
        await model.dispose();
      }
    },
  };
}

async function _search(
  oracle: Oracle,
  random: Random,
  model: Dngo,
  features: GraphFeatures,
  candidatesOf: ReturnType<typeof candidateTables>,
  options: DngoSearchOptions,
): Promise<void> {
  const fresh = unseenCells(oracle, random);
  await oracle.ask(nextCells(fresh, options.initial));
  const candidates = await candidatesOf(oracle, random);
  while (oracle.remaining > 0) {
    const { history } = oracle;
    const targets = history.map(({ validation }) => validation);
    model.fit(
      await features.of(history.map(({ cell }) => cell.graph)),
      targets,
      random,
    );
    const { means, variances } = await model.predict(candidates.rows);
    const incumbent = options.incumbent ?? Math.max(...targets);
    const scores = Float64Array.from(means, (mean, i) =>
      logExpectedImprovement(
        mean,
        options.varianceAsDeviation ? variances[i] : Math.sqrt(variances[i]),
        incumbent,
      ));
    const chosen = candidates.best(scores, options.step);
    const before = oracle.remaining;
    await oracle.ask(chosen.map((at) => candidates.cell(at)));
    if (oracle.remaining < before) continue;
    await oracle.ask(nextCells(fresh, options.step));
    if (oracle.remaining === before) return;
  }
}

/**
 * The logarithm of the expected improvement, which is itself too small for a number where the
 * incumbent is out of reach.
 */
export function logExpectedImprovement(
  mean: number,
  deviation: number,
  incumbent: number,
): number {
  const z = (mean - incumbent) / deviation;
  const logDensity = -0.5 * z * z - 0.5 * Math.log(2 * Math.PI);
  if (z < -6) {
    // φ(z)/z² · (1 − 3/z² + 15/z⁴ − 105/z⁶): Abramowitz & Stegun 1964, 26.2.12
    const w = 1 / (z * z);
    return Math.log(deviation) + logDensity +
      Math.log(w * (1 - w * (3 - w * (15 - 105 * w))));
  }
  return Math.log(deviation) +
    Math.log(z * _normalCdf(z) + Math.exp(logDensity));
}

/** Φ, its relative error below 1.2e-7 everywhere (Press et al. 1992, §6.2, `erfcc`). */
function _normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const tail = 0.5 * t * Math.exp(
    -x * x - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 +
                  t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 +
                              t * (1.48851587 + t * (-0.82215223 +
                                      t * 0.17087277)))))))),
  );
  return z > 0 ? 1 - tail : tail;
}
