/**
 * `deno task bench`: our engine beside eager PyTorch and TensorFlow.js, in one run.
 *
 * @module
 */

import { cpus, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { writeFileAtomic, writeJson } from "../core/files.ts";
import { PROJECT_ROOT } from "../core/project.ts";
import { tryRenderPngs } from "../report/display.ts";
import { tableText } from "../report/table_text.ts";
import { tableMarkdown } from "../report/tables.ts";
import { denoVersions } from "../run/manifest.ts";
import {
  type BenchContext,
  benchmarkRows,
  benchmarkTable,
  contextLines,
} from "../speed/bench_report.ts";
import { t5Benchmark, vqvaeBenchmarks } from "../speed/benchmarks.ts";
import { generationBenchmarks } from "../speed/generation.ts";
import {
  type Benchmark,
  type BenchmarkResult,
  runBenchmark,
} from "../speed/measure.ts";
import { PyTorch } from "../speed/pytorch.ts";
import {
  GROWTH_SIZES,
  growthFigures,
  growthTable,
  measureGrowth,
} from "../speed/scaling.ts";
import { scaleBenchmarks } from "../speed/scale.ts";
import { SPACES } from "../spaces/registry.ts";
import { isEnumerated } from "../spaces/space.ts";
import {
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";
import { environmentPython } from "./environment.ts";

const ACTION = "bench";

/** What can be measured by itself. */
const SUBJECTS = ["t5", "vqvae", "generation", "scale", "scaling"] as const;
type Subject = typeof SUBJECTS[number];

const HELP = `deno task bench [options]

  --only NAME      one of ${SUBJECTS.join(", ")} (all)
                   scale: fine-tuning at T5-small's size, with memory
                   scaling: how cost grows with samples, cells and queries
  --rounds N       times that each side has its turn (3)
  --python PATH    a Python with PyTorch (that of .venv, after deno task setup --dev)

Writes outputs/bench.json and outputs/bench.md, with --only outputs/bench_NAME.json and .md;
of scaling PNGs as well, outputs/bench_scaling_samples.png and so on.
`;

/** A benchmark run as asked for on the command line. */
export interface BenchRequest {
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  /** The Python to run PyTorch with. */
  readonly python: string;
}

/**
 * Reads the command line of `bench`.
 *
 * @param folder What a relative path of `--python` is relative to.
 * @throws {RangeError} If an option is unknown or its value is wrong.
 */
export function parseBenchArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): BenchRequest {
  const { only, python, ...options } = parseOptions(args, {
    only: { type: "string" },
    rounds: { type: "string" },
    python: { type: "string" },
  }, ACTION);
  const subjects = SUBJECTS.filter((name) =>
    only === undefined || name === only
  );
  if (subjects.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: --only must be one of ${
        SUBJECTS.join(", ")
      }, got ${only}`,
    );
  }
  const rounds = wholeNumber(options.rounds, "--rounds", ACTION, [1, 1000]);
  return {
    subjects,
    rounds: rounds ?? 3,
    python: python === undefined
      ? environmentPython()
      : python.includes("/")
      ? existingFile(resolve(folder, python), "--python", ACTION)
      : python, // looked for in the PATH
  };
}

async function main(args: readonly string[]): Promise<number> {
  const { subjects, rounds, python } = parseBenchArguments(
    args,
    userFolder(),
  );
  const pytorch = await PyTorch.start(python).catch(() => null);
  if (pytorch === null && python !== environmentPython()) {
    throw new RangeError(
      `Cannot ${ACTION}: --python must be a Python with PyTorch, got ${python}`,
    );
  }
  const makers = {
    t5: async () => [await t5Benchmark(pytorch)],
    vqvae: () => vqvaeBenchmarks(pytorch),
    generation: () => generationBenchmarks(pytorch),
    scale: () => scaleBenchmarks(pytorch),
    scaling: () => [],
  };
  const results: BenchmarkResult[] = [];
  const benchmarks: Benchmark[] = [];
  for (const name of subjects) benchmarks.push(...await makers[name]());
  for (const benchmark of benchmarks) {
    console.error(benchmark.title);
    const result = await runBenchmark(
      benchmark,
      rounds,
      (line) => console.error(`  ${line}`),
    );
    results.push(result);
    console.log(`\n${tableText(benchmarkTable(result))}\n`);
  }
  await pytorch?.stop();
  const growthSpace = SPACES.filter(isEnumerated)[0];
  const growth = subjects.includes("scaling")
    ? await measureGrowth(
      growthSpace,
      GROWTH_SIZES,
      (line) => console.error(`  ${line}`),
    )
    : [];
  const growthTables = growth.length === 0
    ? []
    : [growthTable(growthSpace, growth)];
  for (const each of growthTables) console.log(`\n${tableText(each)}\n`);
  const processors = cpus();
  const context: BenchContext = {
    date: new Date().toISOString(),
    rounds,
    machine: {
      system: `${Deno.build.os} ${release()} ${Deno.build.arch}`,
      processor: processors[0]?.model.trim() ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    versions: { ...await denoVersions(), ...pytorch?.versions },
    pytorch: pytorch?.description ?? null,
  };
  const tables = [...results.map(benchmarkTable), ...growthTables];
  const lines = contextLines(context, results);
  console.log(lines.join("\n"));
  const outputs = join(PROJECT_ROOT, "outputs");
  const figures = growthFigures(growthSpace, growth);
  const images = await tryRenderPngs([...figures.values()], 2) ?? [];
  const drawn: string[] = [];
  for (
    const [i, unit] of [...figures.keys()].slice(0, images.length).entries()
  ) {
    drawn.push(`bench_scaling_${unit}.png`);
    await writeFileAtomic(join(outputs, drawn[i]), images[i]);
  }
  const path = join(
    outputs,
    subjects.length === SUBJECTS.length ? "bench" : `bench_${subjects[0]}`,
  );
  await writeJson(`${path}.json`, {
    ...context,
    benchmarks: results.map((result) => ({
      ...result,
      rows: benchmarkRows(result),
    })),
    growth,
  });
  await writeFileAtomic(
    `${path}.md`,
    [
      "# Benchmarks\n",
      ...tables.map(tableMarkdown),
      ...drawn.map((file) => `![How cost grows](${file})\n`),
      lines.map((line) => `- ${line}\n`).join(""),
    ].join("\n"),
  );
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
