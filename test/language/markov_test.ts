import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { MarkovChain } from "../../lib/language/markov.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

/** A row with repeats, so that every order has something to learn. */
const HAND = { length: 3, codebookSize: 2 };

function randomSequences(rows: number, length: number, size: number) {
  const rng = Random.fromSeed(7);
  return Int32Array.from(
    { length: rows * length },
    () => Math.floor(size * rng.uniform() ** 2),
  );
}

/** P(code | context) by a chain of sequences of `length` codes; the rest of the row is code 0. */
function probability(
  chain: MarkovChain,
  context: readonly number[],
  code: number,
  length = HAND.length,
): number {
  const row = new Array<number>(length).fill(0);
  [...context, code].forEach((each, i) => row[i] = each);
  return Math.exp(-chain.negativeLogLikelihood(row)[context.length]);
}

Deno.test("a chain of order 0 is the interpolated share", () => {
  const chain = MarkovChain.fit([0, 0, 1], { ...HAND, order: 0 });
  // n = 3 codes, t = 2 of them distinct, uniform ½:
  // P(0) = (2 + 2·½)/(3 + 2) = 3/5, P(1) = (1 + 2·½)/5 = 2/5
  assertClose([probability(chain, [], 0)], [0.6], SAME_ALGORITHM);
  assertClose([probability(chain, [0, 1], 1)], [0.4], SAME_ALGORITHM);
});

Deno.test("a chain of order 1 backs off to order 0", () => {
  const chain = MarkovChain.fit([0, 0, 1], { ...HAND, order: 1 });
  // After the start: 0 once, n = t = 1: P(0) = (1 + 1·0.6)/2 = 0.8
  assertClose([probability(chain, [], 0)], [0.8], SAME_ALGORITHM);
  // After 0: 0 once, 1 once, n = t = 2: P(1) = (1 + 2·0.4)/4 = 0.45
  assertClose([probability(chain, [0], 1)], [0.45], SAME_ALGORITHM);
  // Nothing followed a 1: order 0 as it is.
  assertClose([probability(chain, [1], 1)], [0.4], SAME_ALGORITHM);
});

Deno.test("negativeLogLikelihood() is −log of the probabilities, per place", () => {
  const chain = MarkovChain.fit([0, 0, 1], { ...HAND, order: 1 });
  const nats = chain.negativeLogLikelihood([0, 0, 1, 1, 1, 1]);
  // P(0|start), P(0|0), P(1|0); then P(1|start) = (0 + 0.4)/2, P(1|1) twice
  const expected = [0.8, 0.55, 0.45, 0.2, 0.4, 0.4].map((p) => -Math.log(p));
  assertClose(nats, expected, SAME_ALGORITHM);
});

Deno.test("probabilities sum to 1 over the codebook, whatever came before", () => {
  const codebookSize = 12;
  const sequences = randomSequences(60, 5, codebookSize);
  for (let order = 0; order <= 3; order++) {
    const chain = MarkovChain.fit(sequences, {
      order,
      length: 5,
      codebookSize,
    });
    for (const context of [[], [0], [11], [0, 1], [11, 11, 11], [2, 0, 1, 0]]) {
      let sum = 0;
      for (let code = 0; code < codebookSize; code++) {
        sum += probability(chain, context, code, 5);
      }
      assertClose([sum], [1], SAME_ALGORITHM, `order ${order}, [${context}]`);
    }
  }
});

Deno.test("a chain looks back as far as the order, and no further", () => {
  const sequences = randomSequences(300, 6, 4);
  for (let order = 0; order <= 3; order++) {
    const chain = MarkovChain.fit(sequences, {
      order,
      length: 6,
      codebookSize: 4,
    });
    const p = (context: number[]) => probability(chain, context, 0, 6);
    const context = [0, 1, 2, 0];
    for (let back = 1; back <= 4; back++) {
      const changed = context.with(-back, 3);
      const same = p(changed) === p(context);
      assert.equal(same, back > order, `order ${order}, ${back} back`);
    }
  }
});

Deno.test("higher orders explain training sequences better", () => {
  const sequences = randomSequences(100, 7, 20);
  const nats = [0, 1, 2, 3].map((order) =>
    MarkovChain.fit(sequences, { order, length: 7, codebookSize: 20 })
      .negativeLogLikelihood(sequences).reduce((sum, x) => sum + x)
  );
  assert.ok(nats.every((x, i) => i === 0 || x < nats[i - 1]), `${nats}`);
});

Deno.test("MarkovChain.fit() refuses what it cannot count", () => {
  const options = { order: 1, length: 2, codebookSize: 3 };
  assert.throws(() => MarkovChain.fit([0, 1, 2], options), {
    name: "RangeError",
    message:
      "Cannot fit a Markov chain: the number of codes must be a multiple of the length 2, got 3",
  });
  assert.throws(() => MarkovChain.fit([0, 3], options), {
    name: "RangeError",
    message:
      "Cannot fit a Markov chain: codes must be integers in [0, 3), got 3",
  });
  assert.throws(() => MarkovChain.fit([], options), {
    name: "RangeError",
    message: "Cannot fit a Markov chain: sequences must be at least 1, got 0",
  });
  assert.throws(() => MarkovChain.fit([0, 1], { ...options, order: 4 }), {
    name: "RangeError",
    message:
      "Cannot use a Markov chain: order must be an integer in [0, 3], got 4",
  });
  assert.throws(
    () => MarkovChain.fit([0, 1], options).negativeLogLikelihood([0]),
    {
      name: "RangeError",
      message:
        "Cannot score sequences: the number of codes must be a multiple of the length 2, got 1",
    },
  );
});
