/**
 * A generated sample in words: whether it is a cell of its space, and why not.
 *
 * Judged as a user of the metrics means it (strict reading), by the functions that measure
 * generations.
 *
 * @module
 */

import type { SearchSpace } from "../spaces/space.ts";
import { cellKey, type Sample } from "./generation.ts";

/** What is to be said of a sample. */
export interface Verdict {
  /** Equal for graphs of the same cell; null if it is not valid. */
  readonly key: string | null;
  /** Why it is not valid, in words; null if it is. */
  readonly problem: string | null;
}

/**
 * Judges a sample.
 */
export function judge(space: SearchSpace, sample: Sample): Verdict {
  if (typeof sample === "string") {
    const what = {
      "wrong length": "of the wrong length",
      "outside the codebook": "with a number outside the codebook",
      "not a number": "not of numbers alone",
    };
    return { key: null, problem: `the sentence is ${what[sample]}` };
  }
  const reason = space.invalidReason(sample, "strict");
  return reason === null
    ? { key: cellKey(space, sample), problem: null }
    : { key: null, problem: space.invalidReasons[reason] };
}
