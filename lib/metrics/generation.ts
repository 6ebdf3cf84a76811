/**
 * Validity, uniqueness and novelty of generated cells, in either reading.
 *
 * The two modes ask the search space different questions and are otherwise
 * computed alike: what makes a graph invalid, and what makes two graphs the same.
 *
 * Source: §4.2 of the paper.
 *
 * @module
 */

import { type Graph, graphText } from "../spaces/graph.ts";
import {
  cellGraph,
  type MetricMode,
  type SearchSpace,
} from "../spaces/space.ts";

/** What can be wrong with a generated code sequence before it is decoded. */
export const MALFORMED_KINDS = [
  "wrong length",
  "outside the codebook",
  "not a number",
] as const;

/** The reason of a sample that was not decoded at all. */
const MALFORMED = "malformed";

/** One of {@link MALFORMED_KINDS}. */
export type MalformedKind = typeof MALFORMED_KINDS[number];

/**
 * One generated sample: the decoded graph, or what kept it from being decoded.
 *
 * Where the space has cells of several sizes, the caller has cut the graph at its
 * first output, or not, and says so in the row it makes of the report.
 */
export type Sample = Graph | MalformedKind;

/** What valid samples come to by one identity: two are the same if their keys are. */
export interface DistinctAndNovel {
  /** Different keys among the valid samples. */
  readonly distinct: number;
  /** Valid samples whose key is no training cell's; equal ones all count. */
  readonly novel: number;
  /** `distinct ÷ valid`, percent; 0 if nothing is valid. */
  readonly uniqueness: number;
  /** `validity × uniqueness / 100` = `distinct ÷ samples`, percent. */
  readonly absoluteUniqueness: number;
  /** `novel ÷ valid`, percent; 0 if nothing is valid. */
  readonly novelty: number;
  /** `validity × novelty / 100` = `novel ÷ samples`, percent. */
  readonly absoluteNovelty: number;
}

/** Counts and percentages of one set of samples, in one mode. */
export interface GenerationReport extends DistinctAndNovel {
  readonly mode: MetricMode;
  /** All samples: malformed and invalid ones count. */
  readonly samples: number;
  readonly valid: number;
  /** `valid ÷ samples`, percent. */
  readonly validity: number;
  /**
   * The same by structure, in strict mode, where cells of different keys can compute the
   * same: a cell is then novel if no training cell has its structure.
   */
  readonly byStructure?: DistinctAndNovel;
  /**
   * Samples that are not valid, by reason: `malformed`, then those of the space; they add
   * up to `samples − valid`.
   */
  readonly reasons: Readonly<Record<string, number>>;
  /** The malformed ones, by kind; they add up to `reasons.malformed`. */
  readonly malformed: Readonly<Record<MalformedKind, number>>;
}

/**
 * The keys of all training cells: what a sample must not have to be novel.
 *
 * May take a second in paper mode, which hashes every cell: compute it once.
 */
export function trainingKeys(
  space: SearchSpace,
  mode: MetricMode,
): Set<string> {
  const { train } = space.split();
  if (space.cellKeys !== undefined) return new Set(space.cellKeys(train, mode));
  const table = space.cells();
  const keys = new Set<string>();
  for (const index of train) {
    keys.add(_key(space, cellGraph(table, index), mode));
  }
  return keys;
}

/** The structures of the training cells of a space, found once. */
const trainingStructures = new WeakMap<SearchSpace, ReadonlySet<string>>();

function _trainingStructures(
  space: SearchSpace,
  structure: (graph: Graph) => string,
): ReadonlySet<string> {
  const found = trainingStructures.get(space) ??
    new Set(Array.from(
      space.split().train,
      (index) => structure(cellGraph(space.cells(), index)),
    ));
  trainingStructures.set(space, found);
  return found;
}

/**
 * Measures generated samples.
 *
 * Two valid samples are the same if their keys are: in paper mode the hash of the
 * raw graph, in strict mode the canonical cell.
 *
 * @param training What {@link trainingKeys} gives for the same space and mode.
 * @throws {RangeError} If there are no samples.
 */
export function measureGeneration(
  space: SearchSpace,
  samples: readonly Sample[],
  mode: MetricMode,
  training: ReadonlySet<string>,
): GenerationReport {
  if (samples.length === 0) {
    throw new RangeError(
      "Cannot measure a generation: there must be at least one sample, got 0",
    );
  }
  const reasons = _zeros([MALFORMED, ...Object.keys(space.invalidReasons)]);
  const malformed = _zeros(MALFORMED_KINDS);
  const structure = mode === "strict" ? space.structureKey : undefined;
  const known = structure && _trainingStructures(space, structure);
  // Samples repeat, and a hash is dear: each different graph is judged once.
  const judged = new Map<string, { reason: string } | Identity>();
  const valid: Identity[] = [];
  for (const sample of samples) {
    if (typeof sample === "string") {
      malformed[sample]++;
      reasons[MALFORMED]++;
      continue;
    }
    const identity = graphText(sample);
    let verdict = judged.get(identity);
    if (verdict === undefined) {
      const reason = space.invalidReason(sample, mode);
      verdict = reason === null
        ? { key: _key(space, sample, mode), structure: structure?.(sample) }
        : { reason };
      judged.set(identity, verdict);
    }
    if ("reason" in verdict) {
      reasons[verdict.reason]++;
      continue;
    }
    valid.push(verdict);
  }
  const count = samples.length;
  return {
    mode,
    samples: count,
    valid: valid.length,
    validity: 100 * valid.length / count,
    ..._distinctAndNovel(valid.map(({ key }) => key), training, count),
    ...known && {
      byStructure: _distinctAndNovel(
        valid.map(({ structure }) => structure!),
        known,
        count,
      ),
    },
    reasons,
    malformed,
  };
}

/** By what valid samples are the same. */
interface Identity {
  readonly key: string;
  readonly structure?: string;
}

/**
 * @param keys Of the valid samples.
 * @param training What a key must not be among to be novel.
 * @param samples How many there are, valid or not.
 */
function _distinctAndNovel(
  keys: readonly string[],
  training: ReadonlySet<string>,
  samples: number,
): DistinctAndNovel {
  const distinct = new Set(keys).size;
  const novel = keys.filter((key) => !training.has(key)).length;
  const ofValid = (count: number) =>
    keys.length === 0 ? 0 : 100 * count / keys.length;
  return {
    distinct,
    novel,
    uniqueness: ofValid(distinct),
    absoluteUniqueness: 100 * distinct / samples,
    novelty: ofValid(novel),
    absoluteNovelty: 100 * novel / samples,
  };
}

/** The key of a sample that is a cell of the space as it stands (strict mode), else null. */
export function cellKey(space: SearchSpace, sample: Sample): string | null {
  return typeof sample === "string" ||
      space.invalidReason(sample, "strict") !== null
    ? null
    : _key(space, sample, "strict");
}

function _key(space: SearchSpace, graph: Graph, mode: MetricMode): string {
  return mode === "paper" ? space.rawKey(graph) : space.key(graph);
}

function _zeros<Name extends string>(
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<
    Name,
    number
  >;
}
