/**
 * Anybody's samples through the metrics of Tables 1 and 2: what a rival's cells come to.
 *
 * @module
 */

import { type Graph, graphText } from "../spaces/graph.ts";
import type { MetricMode, SearchSpace } from "../spaces/space.ts";
import {
  cellKey,
  type GenerationReport,
  measureGeneration,
  type Sample,
  trainingKeys,
} from "./generation.ts";
import { NO_RECONSTRUCTION } from "./reconstruction.ts";
import { measuredRow, type ResultRow } from "./result_row.ts";

/** What samples come to. */
export interface ScoredCells {
  /** A row in each reading, as those of Tables 1 and 2. */
  readonly rows: readonly ResultRow[];
  readonly reports: Readonly<Record<MetricMode, GenerationReport>>;
  /** Cells of the space that samples are more than once, the most frequent first. */
  readonly repeated: readonly {
    /** As it was first written. */
    readonly graph: Graph;
    readonly times: number;
  }[];
}

/** Samples that are no graph at all, in a report. */
const NO_GRAPH: Sample = "wrong length";
/** Repeated cells that are listed. */
const MOST_REPEATED = 10;

/**
 * Scores samples.
 *
 * Equal graphs are held once, so memory grows with the different ones alone.
 *
 * @param samples Graphs as they came, in any order; null where a sample is no graph at all:
 *   it counts as a sample that is not valid.
 * @param options `name`: of the method; `training`: the cells that a novel one must not be
 *   among, by default the training split of the space.
 * @throws {RangeError} If there are no samples.
 */
export async function scoreCells(
  space: SearchSpace,
  samples: Iterable<Graph | null> | AsyncIterable<Graph | null>,
  { name, training }: {
    readonly name: string;
    readonly training?:
      | Iterable<Graph | null>
      | AsyncIterable<Graph | null>;
  },
): Promise<ScoredCells> {
  const held = new Map<string, Graph>();
  const all: Sample[] = [];
  for await (const graph of samples) {
    if (graph === null) {
      all.push(NO_GRAPH);
      continue;
    }
    const text = graphText(graph);
    const known = held.get(text);
    if (known === undefined) held.set(text, graph);
    all.push(known ?? graph);
  }
  const keys = training === undefined ? null : await _keysOf(space, training);
  const report = (mode: MetricMode) =>
    measureGeneration(
      space,
      all,
      mode,
      keys?.[mode] ?? trainingKeys(space, mode),
    );
  const reports = { paper: report("paper"), strict: report("strict") };
  return {
    rows: (["paper", "strict"] as const).map((mode) =>
      measuredRow(name, {
        // There are samples alone.
        reconstruction: NO_RECONSTRUCTION,
        generation: reports[mode],
      })
    ),
    reports,
    repeated: _repeated(space, all),
  };
}

/** The keys of training cells in each reading; those that are not valid in one are not in it. */
async function _keysOf(
  space: SearchSpace,
  cells: Iterable<Graph | null> | AsyncIterable<Graph | null>,
): Promise<Record<MetricMode, Set<string>>> {
  const keys = { paper: new Set<string>(), strict: new Set<string>() };
  for await (const graph of cells) {
    if (graph === null) continue;
    if (space.invalidReason(graph, "paper") === null) {
      keys.paper.add(space.rawKey(graph));
    }
    const key = cellKey(space, graph);
    if (key !== null) keys.strict.add(key);
  }
  return keys;
}

function _repeated(
  space: SearchSpace,
  samples: readonly Sample[],
): ScoredCells["repeated"] {
  const times = new Map<Sample, number>();
  for (const sample of samples) times.set(sample, (times.get(sample) ?? 0) + 1);
  const cells = new Map<string, { graph: Graph; times: number }>();
  for (const [sample, count] of times) {
    const key = cellKey(space, sample);
    if (key === null || typeof sample === "string") continue;
    const known = cells.get(key);
    if (known === undefined) cells.set(key, { graph: sample, times: count });
    else known.times += count;
  }
  return [...cells.values()].filter(({ times }) => times > 1)
    .sort((a, b) => b.times - a.times).slice(0, MOST_REPEATED);
}
