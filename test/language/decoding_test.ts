import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  checkSampling,
  sampleToken,
  type SamplingOptions,
  tokenSampler,
} from "../../lib/language/decoding.ts";

/** Logits whose probabilities are 8, 4, 2, 1 and 1 sixteenths. */
const LOGITS = Float32Array.from([8, 4, 2, 1, 1], Math.log);
const DRAWS = 20_000;

function draw(
  options: SamplingOptions,
  logits: Float32Array = LOGITS,
  seed = 0,
): number[] {
  const random = Random.fromSeed(seed);
  return Array.from(
    { length: DRAWS },
    () => sampleToken(logits, options, random),
  );
}

/** Asserts that tokens come in proportion to `weights`, each count within 5 standard errors. */
function assertDrawn(tokens: readonly number[], weights: readonly number[]) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  weights.forEach((weight, token) => {
    const p = weight / total;
    const count = tokens.filter((drawn) => drawn === token).length;
    const allowed = 5 * Math.sqrt(tokens.length * p * (1 - p));
    assert.ok(
      Math.abs(count - tokens.length * p) <= allowed,
      `token ${token} was drawn ${count} times, expected ${tokens.length * p}`,
    );
  });
}

Deno.test("assertDrawn() fails for a wrong expectation", () => {
  const tokens = draw({ temperature: 1 });
  assertDrawn(tokens, [8, 4, 2, 1, 1]);
  // 0.524 instead of 0.5 for the first token: 6.7 standard errors.
  assert.throws(() => assertDrawn(tokens, [8.8, 4, 2, 1, 1]), /token 0/);
  assert.throws(() => assertDrawn(tokens, [8, 4, 2, 2, 0]), /token 3/);
});

// Dividing the logits by t takes the weights to the power 1/t.
for (
  const [options, weights] of [
    [{ temperature: 1 }, [8, 4, 2, 1, 1]],
    [{ temperature: 0.5 }, [64, 16, 4, 1, 1]],
    [{ temperature: 2 }, [Math.sqrt(8), 2, Math.SQRT2, 1, 1]],
    [{ temperature: 1, topK: null, topP: null }, [8, 4, 2, 1, 1]],
    [{ temperature: 1, topK: 1 }, [1, 0, 0, 0, 0]],
    [{ temperature: 1, topK: 2 }, [8, 4, 0, 0, 0]],
    // Tokens 3 and 4 tie: the lower index stays.
    [{ temperature: 1, topK: 4 }, [8, 4, 2, 1, 0]],
    [{ temperature: 1, topK: 99 }, [8, 4, 2, 1, 1]],
    // The first token alone reaches 0.5; the first two 0.75; three 0.875.
    [{ temperature: 1, topP: 0.49 }, [1, 0, 0, 0, 0]],
    [{ temperature: 1, topP: 0.51 }, [8, 4, 0, 0, 0]],
    [{ temperature: 1, topP: 0.76 }, [8, 4, 2, 0, 0]],
    [{ temperature: 1, topP: 1 }, [8, 4, 2, 1, 1]],
    [{ temperature: 1, topP: 1e-9 }, [1, 0, 0, 0, 0]],
  ] as [SamplingOptions, number[]][]
) {
  Deno.test(`sampleToken() draws as expected with ${JSON.stringify(options)}`, () => {
    assertDrawn(draw(options), weights);
  });
}

Deno.test("sampleToken() applies temperature, then top-k, then top-p", () => {
  // Top-k first: of 8, 4, 2 the first holds 8/14 = 0.571 ≥ 0.55. Top-p first would
  // keep two tokens, as 8/16 < 0.55.
  assertDrawn(
    draw({ temperature: 1, topK: 3, topP: 0.55 }),
    [1, 0, 0, 0, 0],
  );
  // Temperature first: 2.83, 2, 1.41, 1, 1 add up to 8.24, and three of them to 0.757.
  // Without it two tokens would hold 0.75 ≥ 0.7.
  assertDrawn(
    draw({ temperature: 2, topP: 0.7 }),
    [Math.sqrt(8), 2, Math.SQRT2, 0, 0],
  );
  // All three: of 2.83, 2, 1.41 (6.24) two hold 0.773 ≥ 0.76. Top-p before top-k would
  // keep four (0.757 < 0.76), of which top-k leaves three.
  assertDrawn(
    draw({ temperature: 2, topK: 3, topP: 0.76 }),
    [Math.sqrt(8), 2, 0, 0, 0],
  );
});

Deno.test("sampleToken() takes the lowest of the most probable at temperature 0", () => {
  const random = Random.fromSeed(0);
  const greedy = { temperature: 0 };
  assert.equal(sampleToken(Float32Array.of(1, 3, 2, 3), greedy, random), 1);
  assert.equal(sampleToken(Float32Array.of(-5), greedy, random), 0);
  assert.equal(
    sampleToken(Float32Array.of(1, 3, 9), { ...greedy, topK: 2 }, random),
    2,
  );
  // A temperature near 0 comes to the same, without overflow.
  assertDrawn(draw({ temperature: 1e-30 }), [1, 0, 0, 0, 0]);
});

Deno.test("sampleToken() never draws a token of logit −∞", () => {
  const logits = Float32Array.of(-Infinity, 0, -Infinity, 0, -Infinity);
  const even = [0, 1, 0, 1, 0];
  assertDrawn(draw({ temperature: 1 }, logits), even);
  assertDrawn(draw({ temperature: 1e9 }, logits), even);
  assertDrawn(draw({ temperature: 1, topK: 4 }, logits), even);
  assertDrawn(draw({ temperature: 1, topP: 1 }, logits), even);
  assertDrawn(draw({ temperature: 0 }, logits), [0, 1, 0, 0, 0]);
});

Deno.test("sampleToken() falls back to a possible token when rounding leaves a rest", () => {
  // A draw of 1 stands for a sum of weights that falls short of their total.
  const random = { uniform: () => 1 } as Random;
  const logits = Float32Array.of(-Infinity, 0, 1, -Infinity);
  assert.equal(sampleToken(logits, { temperature: 1 }, random), 2);
  assert.equal(sampleToken(logits, { temperature: 1, topK: 3 }, random), 2);
  assert.equal(sampleToken(LOGITS, { temperature: 1, topK: 2 }, random), 1);
});

Deno.test("sampleToken() is right for logits at ±100", () => {
  const logits = Float32Array.of(-100, 100, 100, -100);
  for (const options of [{}, { topK: 3 }, { topP: 0.99 }]) {
    assertDrawn(draw({ temperature: 1, ...options }, logits), [0, 1, 1, 0]);
  }
  // At t = 200 they are ±½ apart: e^½ to e^−½.
  const [high, low] = [Math.exp(0.5), Math.exp(-0.5)];
  assertDrawn(draw({ temperature: 200 }, logits), [low, high, high, low]);
});

Deno.test("sampleToken() depends on nothing but its arguments", () => {
  const options = { temperature: 1.5, topK: 4, topP: 0.9 };
  const before = LOGITS.slice();
  assert.deepEqual(draw(options), draw(options));
  assert.notDeepEqual(draw(options), draw(options, LOGITS, 1));
  assert.deepEqual(LOGITS, before);
});

Deno.test("checkSampling() takes the ends of each range", () => {
  checkSampling({ temperature: 0 });
  checkSampling({ temperature: 100, topK: 1, topP: 1 });
  checkSampling({ temperature: 1, topK: null, topP: Number.MIN_VALUE });
});

Deno.test("checkSampling() names what is wrong", () => {
  const wrong: [SamplingOptions, string][] = [
    ...[-0.1, NaN, Infinity].map((temperature): [SamplingOptions, string] => [
      { temperature },
      `Cannot sample: temperature must be a number from 0 up, got ${temperature}`,
    ]),
    ...[0, -1, 1.5, NaN].map((topK): [SamplingOptions, string] => [
      { temperature: 1, topK },
      `Cannot sample: topK must be a whole number from 1 up or null, got ${topK}`,
    ]),
    ...[0, -0.5, 1.01, NaN].map((topP): [SamplingOptions, string] => [
      { temperature: 1, topP },
      `Cannot sample: topP must be in (0, 1] or null, got ${topP}`,
    ]),
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => checkSampling(options), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("sampleToken() refuses logits that are no distribution", () => {
  const none = [
    [0, NaN, 1],
    [NaN, 1],
    [1, NaN],
    [-Infinity, -Infinity],
    [Infinity, 0],
    [-Infinity, NaN],
  ];
  for (const logits of none) {
    // The most probable token is none either.
    for (const temperature of [0, 1e-9, 1]) {
      assert.throws(
        () =>
          sampleToken(
            Float32Array.from(logits),
            { temperature },
            Random.fromSeed(0),
          ),
        /^RangeError: Cannot sample: logits must be numbers below infinity, at least one of them finite, got (NaN|-?Infinity as the highest)$/,
      );
    }
  }
  // One that is impossible is no reason.
  for (const temperature of [0, 1]) {
    assert.equal(
      sampleToken(
        Float32Array.of(-Infinity, 3),
        { temperature },
        Random.fromSeed(0),
      ),
      1,
    );
  }
});

Deno.test("tokenSampler() takes uniform draws to tokens by the sums of weights", () => {
  // 70 tokens in blocks of 32: token i weighs i, all together 2,415.
  const weights = Float32Array.from({ length: 70 }, (_, i) => i);
  const total = 70 * 69 / 2;
  const sample = tokenSampler(weights, {});
  for (let token = 1; token < weights.length; token++) {
    const before = token * (token - 1) / 2;
    assert.equal(sample((before + 0.01) / total), token);
    assert.equal(sample((before + token - 0.01) / total), token);
  }
  assert.equal(sample(0), 1);
  assert.equal(sample(1 - 2 ** -32), 69);
  // Top-k leaves 69, 68 and 67, and lower tokens first.
  const top = tokenSampler(weights, { topK: 3 });
  assert.deepEqual([0, 0.4, 0.99].map(top), [67, 68, 69]);
});

Deno.test("tokenSampler() refuses weights that are no distribution", () => {
  for (const weights of [[0, 0], [1, NaN], [1, Infinity]]) {
    assert.throws(() => tokenSampler(Float32Array.from(weights), {}), {
      name: "RangeError",
      message: /the sum of weights must be finite and above 0, got/,
    });
  }
});
