/**
 * Measures the sides of a benchmark in turns.
 *
 * A burst of steps each, so that whatever else the machine does meets them alike; a figure is
 * the median of the rounds.
 *
 * @module
 */

import type { Burst, Contender } from "./contender.ts";
import type { Products } from "./products.ts";

/** Sides that do the same work; the first one is ours. */
export interface Benchmark {
  readonly title: string;
  /** What is counted: `examples`, … */
  readonly unit: string;
  /** How many make an epoch, where that says something. */
  readonly epoch?: number;
  readonly burst: Burst;
  readonly notes: readonly string[];
  /** Of our step, where its share of the rate of plain products says something. */
  readonly products?: Products;
  readonly contenders: readonly Contender[];
}

/** What was measured of one side. */
export interface ContenderResult {
  readonly name: string;
  readonly perStep: number;
  readonly missing?: string;
  /** Units per second, one number per round. */
  readonly rates: readonly number[];
  /** Seconds; null where nothing is compiled. */
  readonly compileSeconds: number | null;
  /** Largest resident set of its process, where it has one to itself. */
  readonly peakMemoryBytes?: number | null;
}

/** What was measured in one comparison. */
export interface BenchmarkResult {
  readonly title: string;
  readonly unit: string;
  readonly epoch?: number;
  readonly notes: readonly string[];
  /** Load of the machine, averaged over a minute, before each round. */
  readonly load: readonly number[];
  /** Ours first. */
  readonly contenders: readonly ContenderResult[];
}

/** Threads of either side spin a moment after their work; the next side starts after it. */
const PAUSE_MS = 100;

/** Measures one comparison, round by round. */
export async function runBenchmark(
  benchmark: Benchmark,
  rounds: number,
  print: (line: string) => void,
): Promise<BenchmarkResult> {
  const { title, unit, epoch, burst, notes } = benchmark;
  const present = benchmark.contenders.filter(({ missing }) => !missing);
  const measured = new Map<Contender, {
    compileSeconds: number | null;
    rates: number[];
  }>();
  for (const contender of present) {
    measured.set(contender, {
      compileSeconds: await contender.prepare(),
      rates: [],
    });
  }
  const load: number[] = [];
  const productRates: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    load.push(Deno.loadavg()[0]);
    if (benchmark.products !== undefined) {
      productRates.push(await benchmark.products.rate());
    }
    for (const contender of present) {
      await new Promise((done) => setTimeout(done, PAUSE_MS));
      const { steps, seconds } = await contender.measure(burst);
      const rate = steps * contender.perStep / seconds;
      measured.get(contender)!.rates.push(rate);
      print(
        `round ${round} of ${rounds}: ${contender.name}: ${
          rate.toPrecision(4)
        } ${unit}/s`,
      );
    }
  }
  const [ours] = present;
  const shares = _productNote(
    benchmark,
    measured.get(ours)?.rates.map((rate) => rate / ours.perStep) ?? [],
    productRates,
  );
  const peaks = new Map(
    present.map((contender) => [contender, contender.peakMemoryBytes?.()]),
  );
  for (const contender of present) await contender.dispose?.();
  return {
    title,
    unit,
    epoch,
    notes: [...notes, ...shares],
    load,
    contenders: benchmark.contenders.map((contender) => ({
      name: contender.name,
      perStep: contender.perStep,
      missing: contender.missing,
      peakMemoryBytes: peaks.get(contender),
      ...measured.get(contender) ?? { rates: [], compileSeconds: null },
    })),
  };
}

/** What share of the rate of plain products our steps reach, as a note; medians over rounds. */
function _productNote(
  { products }: Benchmark,
  stepsPerSecond: readonly number[],
  productRates: readonly number[],
): string[] {
  if (products === undefined) return [];
  const giga = (operations: number) => (operations / 1e9).toFixed(1);
  const share = median(
    productRates.map((rate, i) => stepsPerSecond[i] * products.perStep / rate),
  );
  return [
    `Our step has ${
      giga(products.perStep)
    } GFLOP of matrix products; plain products run at ${
      giga(median(productRates))
    } GFLOP/s here, and the whole step's come to ${
      (100 * share).toFixed(0)
    } % of that.`,
  ];
}

/** The middle number, or the mean of the two in the middle; `NaN` of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2;
}
