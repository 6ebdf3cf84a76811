/**
 * How cost grows: with samples measured, with cells encoded, with queries of a search.
 *
 * Costs are seconds of processor time of this process, all threads together, which other work
 * on the machine disturbs less than the clock. The exponent of growth is the slope of a line
 * through the logarithms: 1 where ten times as much costs ten times as much.
 *
 * @module
 */

import process from "node:process";
import { Random } from "../core/random.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { TableEvaluator } from "../evaluation/table_evaluator.ts";
import { measureGeneration, trainingKeys } from "../metrics/generation.ts";
import { vqvaeConfig } from "../models/vqvae/config.ts";
import { initialVqvaeWeights } from "../models/vqvae/network.ts";
import { Vqvae } from "../models/vqvae/vqvae.ts";
import { lineChart } from "../report/charts.ts";
import type { Figure } from "../report/figure.ts";
import { type ReportTable, table } from "../report/tables.ts";
import { gaussianProcessSearch } from "../search/gaussian_process_search.ts";
import { FIRST_IMPROVEMENT, localSearch } from "../search/local_search.ts";
import type { SearchMethod } from "../search/method.ts";
import { Oracle } from "../search/oracle.ts";
import { randomSearch } from "../search/random_search.ts";
import { regularisedEvolution } from "../search/regularised_evolution.ts";
import { cellGraph, type EnumeratedSpace } from "../spaces/space.ts";

/** A cost at several sizes. */
export interface Growth {
  readonly name: string;
  /** What is counted: `samples`, … */
  readonly unit: keyof GrowthSizes;
  readonly points: readonly GrowthPoint[];
  /** Of the cost, over all points. */
  readonly exponent: number;
}

/** A cost at one size. */
export interface GrowthPoint {
  readonly size: number;
  /** Processor seconds. */
  readonly seconds: number;
}

/** The sizes at which each cost is measured, ascending. */
export interface GrowthSizes {
  readonly samples: readonly number[];
  readonly cells: readonly number[];
  readonly queries: readonly number[];
}

/** What the bench measures. */
export const GROWTH_SIZES: GrowthSizes = {
  samples: [1e3, 1e4, 1e5, 1e6],
  cells: [1e4, 1e5, 1e6],
  queries: [100, 200, 500, 1000, 2000],
};

/** What takes less is done again, and the mean taken. */
const LEAST_SECONDS = 0.5;

/**
 * The exponent `p` of the cost `c · sizeᵖ` that fits best, by least squares of logarithms.
 *
 * @throws {RangeError} If there are fewer than two sizes.
 */
export function growthExponent(points: readonly GrowthPoint[]): number {
  const logs = points.map(({ size, seconds }) =>
    [Math.log(size), Math.log(seconds)] as const
  );
  const [x, y] = [0, 1].map((axis) =>
    logs.reduce((sum, point) => sum + point[axis], 0) / logs.length
  );
  const spread = logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  if (!(spread > 0)) {
    throw new RangeError(
      `Cannot fit growth: there must be at least two sizes, got ${points.length}`,
    );
  }
  return logs.reduce(
    (sum, point) => sum + (point[0] - x) * (point[1] - y),
    0,
  ) / spread;
}

/**
 * Measures how costs grow on an enumerated space.
 *
 * Samples and cells are drawn from those of the space, with repeats; models have random
 * weights and accuracies are made up, on which no cost depends but that of local search.
 *
 * @param print Gets a line for each point.
 */
export async function measureGrowth(
  space: EnumeratedSpace,
  sizes: GrowthSizes,
  print: (line: string) => void,
): Promise<Growth[]> {
  await space.prepare();
  const grow = async (
    name: string,
    unit: keyof GrowthSizes,
    prepare: (size: number) => () => unknown,
  ): Promise<Growth> => {
    // A first run compiles and fills caches.
    await prepare(sizes[unit][0])();
    const points: GrowthPoint[] = [];
    for (const size of sizes[unit]) {
      const run = prepare(size);
      const before = process.cpuUsage();
      let times = 0, spent = 0;
      do {
        await run();
        times++;
        const { user, system } = process.cpuUsage(before);
        spent = (user + system) / 1e6;
      } while (spent < LEAST_SECONDS);
      const seconds = spent / times;
      print(`${name}: ${size} ${unit}: ${seconds.toPrecision(3)} s`);
      points.push({ size, seconds });
    }
    return { name, unit, points, exponent: growthExponent(points) };
  };
  const random = Random.fromSeed(0);
  const cells = space.cells();
  const known = trainingKeys(space, "strict");
  const measuring = await grow(
    "measuring samples, strict reading",
    "samples",
    (size) => {
      const samples = Array.from(
        { length: size },
        () => cellGraph(cells, random.integer(cells.count)),
      );
      return () => measureGeneration(space, samples, "strict", known);
    },
  );
  const config = vqvaeConfig(space);
  await using vqvae = Vqvae.load(
    { config, weights: initialVqvaeWeights(config, random) },
    onnxExecutor({ provider: "cpu" }),
  );
  const encoding = await grow("writing cells in codes", "cells", (size) => {
    const indices = Uint32Array.from(
      { length: size },
      () => random.integer(cells.count),
    );
    return () => vqvae.encode(space, indices);
  });
  const validation = Float64Array.from(
    { length: cells.count },
    () => random.uniform(),
  );
  const evaluator = new TableEvaluator({
    space: space.name,
    dataset: "made up",
    validation,
    covered: Uint32Array.from(validation.keys()),
  });
  const methods: Record<string, SearchMethod> = {
    "random search": randomSearch(),
    "local search": localSearch(FIRST_IMPROVEMENT),
    "regularised evolution": regularisedEvolution(),
    "Gaussian process search": gaussianProcessSearch(["one-hot"]),
  };
  const searching: Growth[] = [];
  for (const [name, method] of Object.entries(methods)) {
    searching.push(
      await grow(
        name,
        "queries",
        (budget) => () =>
          method.search(new Oracle(space, evaluator, budget), random),
      ),
    );
  }
  return [measuring, encoding, ...searching];
}

/** Costs as a table, a row for each size. */
export function growthTable(
  space: Pick<EnumeratedSpace, "title">,
  growths: readonly Growth[],
): ReportTable {
  const rows = growths.flatMap(({ name, unit, points, exponent }) =>
    points.map(({ size, seconds }, i) => ({
      name: i === 0 ? name : "",
      size: `${size.toLocaleString("en-US")} ${unit}`,
      seconds,
      each: 1e6 * seconds / size,
      exponent: i === 0 ? exponent : undefined,
    }))
  );
  return table(rows, {
    caption: `How cost grows, ${space.title}`,
    columns: [
      { key: "name", title: "" },
      { key: "size", title: "size", align: "right" },
      { key: "seconds", title: "processor, s", digits: 3 },
      { key: "each", title: "µs each", digits: 1 },
      { key: "exponent", title: "exponent", digits: 2 },
    ],
    notes: [
      "Seconds of processor time, all threads together; the exponent is that of the size, by least squares of logarithms.",
      "Samples and cells are drawn from those of the space with repeats, and what repeats is judged once; models have random weights, accuracies are made up.",
    ],
  });
}

/** Costs as figures with logarithmic axes, one for each thing that is counted, by its name. */
export function growthFigures(
  space: Pick<EnumeratedSpace, "title">,
  growths: readonly Growth[],
): Map<Growth["unit"], Figure> {
  const byUnit = Map.groupBy(growths, ({ unit }) => unit);
  return new Map(Array.from(byUnit, ([unit, own]) => [
    unit,
    lineChart(
      own.map(({ name, points, exponent }) => ({
        name: `${name}: exponent ${exponent.toFixed(2)}`,
        x: points.map(({ size }) => size),
        y: points.map(({ seconds }) => seconds),
      })),
      {
        title: own.length === 1
          ? `${own[0].name}, ${space.title}`
          : `Searches, ${space.title}`,
        x: unit,
        y: "processor time (s)",
        caption: own.length === 1
          ? `Exponent ${own[0].exponent.toFixed(2)}.`
          : "Made-up accuracies; the exponent is the slope.",
      },
      { logX: true, logY: true },
    ),
  ]));
}
