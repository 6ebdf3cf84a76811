/**
 * The figures of benchmarks as tables and lines.
 *
 * @module
 */

import { type ReportTable, type Row, table } from "../report/tables.ts";
import { type BenchmarkResult, median } from "./measure.ts";

/**
 * The figures of one comparison, a row for each side.
 *
 * `ratio` is our rate divided by the side's: the median over the rounds, in each of which
 * both were measured within seconds.
 */
export function benchmarkRows(
  { contenders, epoch }: BenchmarkResult,
): (Row & { name: string; rate: number; ratio: number })[] {
  const [ours] = contenders;
  return contenders.map((contender) => {
    const { name, perStep, rates, compileSeconds, missing } = contender;
    const { peakMemoryBytes } = contender;
    const rate = median(rates);
    return {
      name,
      rate,
      lowest: Math.min(...rates),
      highest: Math.max(...rates),
      ratio: median(rates.map((rate, round) => ours.rates[round] / rate)),
      stepMs: 1000 * perStep / rate,
      epochSeconds: epoch === undefined ? undefined : epoch / rate,
      compileSeconds,
      peakMemory: peakMemoryBytes == null ? undefined : peakMemoryBytes / 1e9,
      missing,
    };
  });
}

const rateText = (rate: number) =>
  rate.toLocaleString("en-US", { maximumSignificantDigits: 4 });

/** One comparison as a table. */
export function benchmarkTable(result: BenchmarkResult): ReportTable {
  const { title, unit, epoch, notes } = result;
  const rows = benchmarkRows(result);
  const missing = rows.filter((row) => row.missing !== undefined)
    .map(({ name, missing }) => `${name}: not measured, ${missing}.`);
  return table(rows, {
    caption: title,
    columns: [
      { key: "name", title: "" },
      {
        key: "rate",
        title: `${unit}/s`,
        align: "right",
        format: (rate) => Number.isNaN(rate) ? "–" : rateText(rate as number),
      },
      {
        key: "lowest",
        title: "min – max",
        align: "right",
        format: (lowest, row) =>
          Number.isNaN(row.rate)
            ? "–"
            : `${rateText(lowest as number)} – ${
              rateText(row.highest as number)
            }`,
      },
      {
        key: "ratio",
        title: "ours ÷ this",
        align: "right",
        format: (ratio) =>
          Number.isNaN(ratio) ? "–" : `${(ratio as number).toFixed(2)}×`,
      },
      { key: "stepMs", title: "ms/step", digits: 1 },
      ...epoch === undefined
        ? []
        : [{ key: "epochSeconds", title: "s/epoch", digits: 2 }],
      ...rows.every((row) => row.peakMemory === undefined)
        ? [{
          key: "compileSeconds",
          title: "compile, s",
          digits: 2,
          align: "right" as const,
        }]
        : [{ key: "peakMemory", title: "peak memory, GB", digits: 2 }],
    ],
    notes: [...notes, ...missing],
  });
}

/** Where and with what figures were measured. */
export interface BenchContext {
  /** ISO 8601. */
  readonly date: string;
  readonly rounds: number;
  readonly machine: {
    readonly system: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  /** Version by name. */
  readonly versions: Readonly<Record<string, string | null>>;
  /** Threads and instruction set of PyTorch; null where it is missing. */
  readonly pytorch: string | null;
}

/** What a reader has to know of a run, a line each. */
export function contextLines(
  { date, rounds, machine, versions, pytorch }: BenchContext,
  results: readonly BenchmarkResult[],
): string[] {
  const { system, processor, cores, memoryBytes } = machine;
  const version = (name: string) =>
    versions[name] == null ? "" : `, ${name} ${versions[name]}`;
  const loads = results.flatMap((result) => result.load);
  const load = loads.length === 0
    ? ""
    : `; load average ${Math.min(...loads).toFixed(1)} to ${
      Math.max(...loads).toFixed(1)
    } with our own`;
  return [
    `${date.slice(0, 10)}; ${processor}, ${cores} cores, ${
      Math.round(memoryBytes / 2 ** 30)
    } GiB, ${system}${load}.`,
    `Deno ${versions.deno}${version("onnxruntime-node")}${
      version("@tensorflow/tfjs")
    }${version("torch")}${version("transformers")}${
      pytorch === null ? "" : ` (${pytorch})`
    }.`,
    ...results.length === 0 ? [] : [
      `Medians of ${rounds} rounds in which the sides take turns; warm-up and compilation (trace and session) are not in them. Ratios are medians of the rounds' ratios.`,
    ],
  ];
}
