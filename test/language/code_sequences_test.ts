import assert from "node:assert/strict";
import {
  chainLikelihood,
  codeEntropies,
  codeUses,
  repeatedSequences,
  sequenceRows,
} from "../../lib/language/code_sequences.ts";
import { MarkovChain } from "../../lib/language/markov.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

const SEQUENCES = {
  codes: Int32Array.of(0, 1, 0, 2, 0, 1, 3, 3),
  length: 2,
  codebookSize: 4,
};

Deno.test("sequenceRows() takes rows in the order asked for", () => {
  assert.deepEqual(
    sequenceRows(SEQUENCES, [3, 0]).map((row) => [...row]),
    [[3, 3], [0, 1]],
  );
});

Deno.test("codeUses() counts each code, those without a use too", () => {
  assert.deepEqual(
    codeUses({ codes: Int32Array.of(3, 1, 3, 0), length: 2, codebookSize: 5 }),
    Uint32Array.of(1, 1, 0, 2, 0),
  );
});

Deno.test("repeatedSequences() counts every occurrence of a repeated one", () => {
  assert.equal(repeatedSequences(SEQUENCES), 2); // 0 1, twice
});

Deno.test("codeEntropies() is the entropy of each position alone", () => {
  // Position 0: 3/4, 1/4; position 1: 1/2, 1/4, 1/4.
  const h = (...p: number[]) => p.reduce((sum, x) => sum - x * Math.log(x), 0);
  assertClose(
    codeEntropies(SEQUENCES),
    [h(0.75, 0.25), h(0.5, 0.25, 0.25)],
    SAME_ALGORITHM,
  );
});

Deno.test("chainLikelihood() sums up to the chain's likelihood of a sequence", () => {
  const chain = MarkovChain.fit(SEQUENCES.codes, { ...SEQUENCES, order: 1 });
  const { perSequence, perPosition } = chainLikelihood(chain, SEQUENCES);
  const all = chain.negativeLogLikelihood(SEQUENCES.codes);
  assertClose([perSequence], [all.reduce((a, b) => a + b) / 4], SAME_ALGORITHM);
  assertClose(
    [perPosition[1]],
    [(all[1] + all[3] + all[5] + all[7]) / 4],
    SAME_ALGORITHM,
  );
});
