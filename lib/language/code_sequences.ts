/**
 * Code sequences side by side (eq. 7 of the paper), and simple facts about them.
 *
 * @module
 */

import type { MarkovChain } from "./markov.ts";

/** Code sequences of equal length side by side. */
export interface CodeSequences {
  /** `[S · N]`. */
  readonly codes: Int32Array;
  /** `N`. */
  readonly length: number;
  /** Codes are below it. */
  readonly codebookSize: number;
}

/** How many sequences there are. */
export function sequenceCount({ codes, length }: CodeSequences): number {
  return codes.length / length;
}

/** The sequences in rows `indices`; views, not copies. */
export function sequenceRows(
  { codes, length }: CodeSequences,
  indices: ArrayLike<number>,
): Int32Array[] {
  return Array.from(
    indices,
    (i) => codes.subarray(i * length, (i + 1) * length),
  );
}

/** How often each code is used, `[K]`. */
export function codeUses({ codes, codebookSize }: CodeSequences): Uint32Array {
  const uses = new Uint32Array(codebookSize);
  for (const code of codes) uses[code]++;
  return uses;
}

/** How many sequences occur more than once, each occurrence counted. */
export function repeatedSequences(sequences: CodeSequences): number {
  const counts = new Map<string, number>();
  for (let i = 0; i < sequenceCount(sequences); i++) {
    const key = sequenceRows(sequences, [i])[0].join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let repeated = 0;
  for (const count of counts.values()) if (count > 1) repeated += count;
  return repeated;
}

/** Entropy of the codes at each position, taken alone, in nats, `[N]`. */
export function codeEntropies(sequences: CodeSequences): number[] {
  const { codes, length, codebookSize } = sequences;
  const count = sequenceCount(sequences);
  return Array.from({ length }, (_, position) => {
    const uses = new Uint32Array(codebookSize);
    for (let i = position; i < codes.length; i += length) uses[codes[i]]++;
    return uses.reduce(
      (sum, n) => n === 0 ? sum : sum - (n / count) * Math.log(n / count),
      0,
    );
  });
}

/** Negative log-likelihood of whole sequences and of their parts, in nats. */
export interface SequenceLikelihood {
  /** Mean of a sequence, with what the model has to say about its end. */
  readonly perSequence: number;
  /** Mean at each position. */
  readonly perPosition: readonly number[];
}

/** Scores sequences with a Markov chain. */
export function chainLikelihood(
  chain: MarkovChain,
  { codes, length }: CodeSequences,
): SequenceLikelihood {
  const perPosition = new Array<number>(length).fill(0);
  chain.negativeLogLikelihood(codes).forEach((nats, i) =>
    perPosition[i % length] += nats * length / codes.length
  );
  return {
    perSequence: perPosition.reduce((sum, nats) => sum + nats, 0),
    perPosition,
  };
}
