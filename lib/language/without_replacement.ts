/**
 * Sampling code sequences without replacement: stochastic beam search.
 *
 * Every sequence gets its log-probability plus Gumbel noise; the highest of them are a sample
 * without replacement, in the order in which one after the other would have been drawn. The
 * search grows prefixes, and gives each the maximum over the sequences that begin with it,
 * so that it need not look at all.
 *
 * What a model may write beside sequences of codes takes part: all that leaves the form at
 * one place, after one prefix, is one outcome, drawn like any other and then left out. So
 * what is returned is distributed as if only well-formed sequences existed, each with its
 * probability divided by their sum.
 *
 * Shapes: `R` prefixes, `N` codes of a sequence, `K` codes of the codebook.
 * Source: Kool et al. 2019, arXiv:1903.06059, algorithm 1 and appendix B.3 (numerics).
 *
 * @module
 */

import type { OnProgress } from "../core/progress.ts";
import type { Random } from "../core/random.ts";

/**
 * Log-probabilities of what comes after each of several prefixes of one length `n`.
 *
 * @param prefixes Codes, `[R, n]`.
 * @returns `[R, K + 1]` while `n < N`: each code, then all that leaves the form together;
 *   `[R, 2]` at `n = N`: the end, then all else. −∞ where there is nothing.
 */
export type NextCodes = (
  prefixes: Int32Array,
  rows: number,
) => Promise<Float32Array>;

/** Sequences drawn without replacement. */
export interface DistinctSequences {
  /** Different from each other, `[S, N]`, in the order they were drawn. */
  readonly codes: Int32Array;
  /** Log-probability of each under the model, `[S]`. */
  readonly logProbabilities: Float64Array;
  /** Outcomes drawn when each had come, those that are no sequence included, `[S]`. */
  readonly drawnBy: Uint32Array;
  /** Outcomes drawn in all. */
  readonly draws: number;
}

/** Prefixes expanded at a time. */
const BATCH = 1000;

/** Prefixes and finished outcomes that are still among the highest. */
interface Beam {
  size: number;
  /** Log-probability. */
  readonly phi: Float64Array;
  /** Perturbed: the maximum over all that begins with it. */
  readonly perturbed: Float64Array;
  /** The entry of the beam before that it continues. */
  readonly parent: Int32Array;
  /** The code it adds; `LEFT` where it left the form. */
  readonly code: Int32Array;
}

const LEFT = -1;

/**
 * Draws outcomes without replacement.
 *
 * @param draws How many outcomes; those that are no sequence are then left out.
 * @param length `N`.
 * @throws {RangeError} If `draws` is no whole number from 1 up.
 */
export async function sampleWithoutReplacement(
  next: NextCodes,
  draws: number,
  { length, codebookSize, random, onProgress = () => {} }: {
    length: number;
    codebookSize: number;
    random: Random;
    /** Gets the prefixes expanded so far and an upper bound of all. */
    onProgress?: OnProgress;
  },
): Promise<DistinctSequences> {
  if (!(Number.isInteger(draws) && draws >= 1)) {
    throw new RangeError(
      `Cannot sample without replacement: draws must be a whole number from 1 up, got ${draws}`,
    );
  }
  let beam = _beam(1);
  beam.size = 1;
  let codes = new Int32Array(0); // [size, n]
  let done = 0;
  for (let n = 0; n <= length; n++) {
    const width = n < length ? codebookSize + 1 : 2;
    const grown = new TopOutcomes(draws);
    const live: number[] = [];
    for (let i = 0; i < beam.size; i++) {
      if (beam.code[i] !== LEFT) live.push(i);
      else grown.add(beam.phi[i], beam.perturbed[i], i, LEFT);
    }
    for (let start = 0; start < live.length; start += BATCH) {
      const part = live.slice(start, start + BATCH);
      const prefixes = new Int32Array(part.length * n);
      part.forEach((i, row) =>
        prefixes.set(codes.subarray(i * n, (i + 1) * n), row * n)
      );
      const logs = await next(prefixes, part.length);
      part.forEach((i, row) =>
        _expand(
          grown,
          { phi: beam.phi[i], perturbed: beam.perturbed[i], entry: i },
          logs.subarray(row * width, (row + 1) * width),
          random,
        )
      );
      done += part.length;
      onProgress({
        done,
        total: draws * length + 1,
        message: "prefixes",
      });
    }
    const top = grown.finish();
    const columns = Math.min(n + 1, length);
    const longer = new Int32Array(top.size * columns);
    for (let i = 0; i < top.size; i++) {
      const from = top.parent[i] * n;
      longer.set(
        codes.subarray(from, from + Math.min(n, columns)),
        i * columns,
      );
      if (n < length) longer[i * columns + n] = top.code[i];
    }
    [beam, codes] = [top, longer];
  }
  const order = Array.from({ length: beam.size }, (_, i) => i)
    .sort((a, b) => beam.perturbed[b] - beam.perturbed[a]);
  const ranks = Array.from(order.keys())
    .filter((rank) => beam.code[order[rank]] !== LEFT);
  const whole = ranks.map((rank) => order[rank]);
  const result = new Int32Array(whole.length * length);
  whole.forEach((i, row) =>
    result.set(codes.subarray(i * length, (i + 1) * length), row * length)
  );
  return {
    codes: result,
    logProbabilities: Float64Array.from(whole, (i) => beam.phi[i]),
    drawnBy: Uint32Array.from(ranks, (rank) => rank + 1),
    draws: beam.size,
  };
}

/** Perturbs the continuations of a prefix so that their maximum is the prefix's. */
function _expand(
  grown: TopOutcomes,
  prefix: { phi: number; perturbed: number; entry: number },
  logs: Float32Array,
  random: Random,
): void {
  if (!grown.wants(prefix.perturbed)) return;
  const gumbels = new Float64Array(logs.length);
  let highest = -Infinity;
  for (let code = 0; code < logs.length; code++) {
    // Never exactly 0, whose noise would have no end.
    const uniform = random.uniform() || 2 ** -33;
    const noise = -Math.log(-Math.log1p(-uniform));
    gumbels[code] = prefix.phi + logs[code] + noise;
    if (gumbels[code] > highest) highest = gumbels[code];
  }
  for (let code = 0; code < logs.length; code++) {
    if (gumbels[code] === -Infinity) continue;
    const v = prefix.perturbed - gumbels[code] +
      Math.log1p(-Math.exp(gumbels[code] - highest));
    const perturbed = prefix.perturbed - Math.max(0, v) -
      Math.log1p(Math.exp(-Math.abs(v)));
    if (!grown.wants(perturbed)) continue;
    grown.add(
      prefix.phi + logs[code],
      perturbed,
      prefix.entry,
      code === logs.length - 1 ? LEFT : code,
    );
  }
}

function _beam(capacity: number): Beam {
  return {
    size: 0,
    phi: new Float64Array(capacity),
    perturbed: new Float64Array(capacity),
    parent: new Int32Array(capacity),
    code: new Int32Array(capacity),
  };
}

/** Collects outcomes and keeps the highest `count`. */
class TopOutcomes {
  readonly #count: number;
  readonly #beam: Beam;
  #least = -Infinity;

  constructor(count: number) {
    this.#count = count;
    this.#beam = _beam(2 * count + 1024);
  }

  /** Whether an outcome this high can still be among the highest. */
  wants(perturbed: number): boolean {
    return perturbed > this.#least;
  }

  add(phi: number, perturbed: number, parent: number, code: number): void {
    const beam = this.#beam;
    if (beam.size === beam.phi.length) this.#prune();
    const at = beam.size++;
    beam.phi[at] = phi;
    beam.perturbed[at] = perturbed;
    beam.parent[at] = parent;
    beam.code[at] = code;
  }

  finish(): Beam {
    this.#prune();
    return this.#beam;
  }

  /** Drops what is not among the highest; equals beyond the count go by their order. */
  #prune(): void {
    const beam = this.#beam;
    if (beam.size <= this.#count) return;
    const least = beam.perturbed.slice(0, beam.size)
      .sort()[beam.size - this.#count];
    let equal = this.#count;
    for (let i = 0; i < beam.size; i++) if (beam.perturbed[i] > least) equal--;
    let kept = 0;
    for (let i = 0; i < beam.size; i++) {
      const value = beam.perturbed[i];
      if (value < least || (value === least && equal-- <= 0)) continue;
      beam.phi[kept] = beam.phi[i];
      beam.perturbed[kept] = value;
      beam.parent[kept] = beam.parent[i];
      beam.code[kept++] = beam.code[i];
    }
    beam.size = kept;
    this.#least = least;
  }
}
