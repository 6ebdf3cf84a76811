/**
 * Counting samples again: how many are valid, different, novel, and what that is in percent.
 *
 * Source: §4.2 of the paper.
 *
 * @module
 */

import type { PlainGraph } from "./graph.ts";
import type { KnownGraphs, PlainSpace, Reading } from "./plain_space.ts";
import type { CountedSamples } from "./samples.ts";

/** The figures of a row, by the names that rows have for them. */
export type Figures = Readonly<Record<string, number>>;

/**
 * Counts samples.
 *
 * @param drawn What is no sentence is not valid, and counts among all.
 * @param known What is not novel.
 * @param unchecked Nodes whose operation is not looked at, in the paper's reading.
 * @returns Percentages from 0 to 100, 0 where they are shares of nothing; `…Per100` are numbers
 *   in 100 sentences drawn.
 */
export function countAgain(
  space: PlainSpace,
  { draws, samples }: Pick<CountedSamples, "draws" | "samples">,
  reading: Reading,
  known: KnownGraphs,
  unchecked: readonly number[] = [],
): Figures {
  const judge = _once((graph: PlainGraph) => {
    if (!space.isValid(graph, reading, unchecked)) return null;
    const identity = space.identity(graph, reading);
    return { identity, isNovel: !known.has(graph, identity, reading), graph };
  });
  const valid = samples.flatMap((graph) => graph === null ? [] : judge(graph))
    .filter((judged) => judged !== null);
  const different = new Set(valid.map(({ identity }) => identity)).size;
  const novel = valid.filter(({ isNovel }) => isNovel).length;
  const validity = 100 * valid.length / samples.length;
  const ofValid = (count: number) =>
    valid.length === 0 ? 0 : 100 * count / valid.length;
  const figures = {
    samples: samples.length,
    draws,
    validity,
    uniqueness: ofValid(different),
    absoluteUniqueness: validity * ofValid(different) / 100,
    novelty: ofValid(novel),
    absoluteNovelty: validity * ofValid(novel) / 100,
    validPer100: 100 * valid.length / draws,
    uniquePer100: 100 * different / draws,
    novelPer100: 100 * novel / draws,
  };
  if (reading === "paper" || space.structure === undefined) return figures;
  const structures = new Set(valid.map(({ graph }) => space.structure!(graph)));
  const unknown = valid.filter(({ graph }) => !known.hasStructure!(graph));
  return {
    ...figures,
    structureUniqueness: ofValid(structures.size),
    structureAbsoluteUniqueness: validity * ofValid(structures.size) / 100,
    structureNovelty: ofValid(unknown.length),
    structureAbsoluteNovelty: validity * ofValid(unknown.length) / 100,
  };
}

/** A function that computes its answer for an object once. */
function _once<Key extends object, Value>(
  compute: (key: Key) => Value,
): (key: Key) => Value {
  const answers = new Map<Key, Value>();
  return (key) => {
    if (!answers.has(key)) answers.set(key, compute(key));
    return answers.get(key)!;
  };
}
