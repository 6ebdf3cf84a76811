import assert from "node:assert/strict";
import type { Progress } from "../../../lib/core/progress.ts";
import { Random } from "../../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import type { SamplingOptions } from "../../../lib/language/decoding.ts";
import type { TokenBatch } from "../../../lib/language/tokenizer.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Config,
} from "../../../lib/models/t5/config.ts";
import { T5Generator } from "../../../lib/models/t5/generator.ts";
import { decodeText, encodeText } from "../../../lib/models/t5/network.ts";
import { counting } from "../_counting.ts";

const CONFIG: T5Config = {
  ...T5_MINI,
  vocab_size: 8,
  d_model: 16,
  d_kv: 4,
  d_ff: 24,
  num_layers: 2,
  num_decoder_layers: 2,
  num_heads: 3,
  dropout_rate: 0,
};
const [PAD, END] = [0, 1];
const MAX_TOKENS = 7;

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

/** Random weights under which prompts matter and any token may come next. */
const weights: HostTensors = (() => {
  const random = Random.fromSeed(3);
  const drawn = initialT5Weights(CONFIG, random);
  for (const [name, { data }] of Object.entries(drawn)) {
    // Norms of both signs: a head that shares the embedding would else repeat its input.
    if (name === "decoder.final_layer_norm.weight") {
      data.forEach((_, i) => data[i] = random.normal());
    } else if (/Attention\.[vo]\.weight/.test(name)) {
      data.forEach((value, i) => data[i] = 2 * value);
    }
  }
  return drawn;
})();

const generator = new T5Generator({ config: CONFIG, weights }, executor);

/** Prompts of three tokens and an end, some with padding. */
function prompts(rows: number): TokenBatch {
  const random = Random.fromSeed(3);
  const length = 4;
  const ids = new Int32Array(rows * length);
  const mask = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const tokens = 1 + random.integer(3);
    for (let i = 0; i <= tokens; i++) {
      ids[row * length + i] = i === tokens ? END : 2 + random.integer(6);
      mask[row * length + i] = 1;
    }
  }
  return { ids, mask, rows, length };
}

/** The first prompt over and over. */
const many: TokenBatch = (() => {
  const one = prompts(1);
  const length = 3000 * one.length;
  return {
    ids: Int32Array.from({ length }, (_, i) => one.ids[i % one.length]),
    mask: Int32Array.from({ length }, (_, i) => one.mask[i % one.length]),
    rows: 3000,
    length: one.length,
  };
})();

function someRows(batch: TokenBatch, from: number, to: number): TokenBatch {
  const part = (array: Int32Array) =>
    array.slice(from * batch.length, to * batch.length);
  return {
    ids: part(batch.ids),
    mask: part(batch.mask),
    rows: to - from,
    length: batch.length,
  };
}

function generate(
  batch: TokenBatch,
  options: SamplingOptions & { maxTokens?: number; seed?: number },
): Promise<Int32Array> {
  return generator.generate(batch, {
    maxTokens: MAX_TOKENS,
    ...options,
    random: Random.fromSeed(options.seed ?? 0),
  });
}

function rowsOf(ids: Int32Array, length = MAX_TOKENS): number[][] {
  return Array.from(
    { length: ids.length / length },
    (_, i) => [...ids.subarray(i * length, (i + 1) * length)],
  );
}

/** Logits of every position of given targets, without a cache, `[B, T, V]`. */
async function teacherForcing(
  batch: TokenBatch,
  targets: Int32Array,
  maxTokens: number,
): Promise<Float32Array> {
  const forward = executor.compile((state, { ids, mask, decoderIds }) => {
    const pass = { config: CONFIG, state };
    const hidden = encodeText(pass, ids, mask);
    return {
      outputs: { logits: decodeText(pass, decoderIds, { hidden, mask }) },
    };
  }, { name: "forward" });
  const shifted = targets.map((_, i) =>
    i % maxTokens === 0 ? PAD : targets[i - 1]
  );
  const { logits } = await forward.run(executor.state(weights), {
    ids: integers([batch.rows, batch.length], batch.ids),
    mask: floats([batch.rows, batch.length], Float32Array.from(batch.mask)),
    decoderIds: integers([batch.rows, maxTokens], shifted),
  });
  await forward.dispose();
  return logits.data as Float32Array;
}

Deno.test("T5Generator frees what it placed on the device, also where sampling fails", async () => {
  const { executor: counted, open } = counting(executor);
  {
    await using generator = new T5Generator({
      config: CONFIG,
      weights: {
        ...weights,
        "shared.weight": floats([8, 16], new Float32Array(128).fill(NaN)),
      },
    }, counted);
    const before = open();
    const options = {
      temperature: 1,
      maxTokens: MAX_TOKENS,
      random: Random.fromSeed(0),
    };
    await assert.rejects(generator.generate(prompts(2), options), RangeError);
    assert.equal(open(), before);
  }
  assert.equal(open(), 0);
});

Deno.test("T5Generator at temperature 0 takes the tokens that teacher forcing finds most probable", async () => {
  const batch = prompts(60);
  const ids = await generate(batch, { temperature: 0 });
  const logits = await teacherForcing(batch, ids, MAX_TOKENS);
  const tokens = new Set<number>();
  rowsOf(ids).forEach((row, i) => {
    for (const [position, token] of row.entries()) {
      const at = (i * MAX_TOKENS + position) * CONFIG.vocab_size;
      const values = [...logits.subarray(at, at + CONFIG.vocab_size)];
      // Equal but for rounding: the one taken is among the best.
      assert.ok(
        values[token] >= Math.max(...values) - 1e-4,
        `row ${i}, position ${position}`,
      );
      tokens.add(token);
      if (token === END) break;
    }
  });
  // The case says something: prompts matter, and tokens vary.
  assert.ok(tokens.size >= 4);
  assert.ok(new Set(rowsOf(ids).map(String)).size > 10);
});

Deno.test("T5Generator agrees with an eager one at temperature 0", async () => {
  const eager = new T5Generator(
    { config: CONFIG, weights },
    await eagerExecutor("cpu"),
  );
  const options = { temperature: 0, maxTokens: 4 };
  const batch = prompts(10);
  assert.deepEqual(
    await eager.generate(batch, { ...options, random: Random.fromSeed(0) }),
    await generate(batch, options),
  );
  await eager.dispose();
});

Deno.test("T5Generator splits batches without a trace at temperature 0", async () => {
  // More distinct prompts than a group or a part has rows.
  const batch = prompts(1403);
  const all = rowsOf(await generate(batch, { temperature: 0 }));
  for (const [from, to] of [[0, 1], [400, 420], [998, 1403]]) {
    assert.deepEqual(
      rowsOf(await generate(someRows(batch, from, to), { temperature: 0 })),
      all.slice(from, to),
    );
  }
});

Deno.test("T5Generator gives the same samples for the same seed", async () => {
  const batch = prompts(50);
  const options = { temperature: 1, topK: 6, topP: 0.95 };
  const first = await generate(batch, options);
  assert.deepEqual(await generate(batch, options), first);
  assert.notDeepEqual(await generate(batch, { ...options, seed: 1 }), first);
  for (
    const change of [{ temperature: 3 }, { topK: 1 }, { topP: 0.2 }]
  ) {
    assert.notDeepEqual(
      await generate(batch, { ...options, ...change }),
      first,
    );
  }
});

/** Throws unless first tokens follow a distribution within 5 standard errors each. */
function assertDistribution(tokens: Int32Array, probabilities: number[]) {
  probabilities.forEach((p, token) => {
    const count = tokens.filter((drawn) => drawn === token).length;
    const allowed = 5 * Math.sqrt(tokens.length * p * (1 - p));
    assert.ok(
      Math.abs(count - tokens.length * p) <= allowed,
      `token ${token}: ${count} of ${tokens.length}, expected share ${p}`,
    );
  });
}

Deno.test("T5Generator draws first tokens from the model's softmax", async () => {
  const logits = (await teacherForcing(prompts(1), new Int32Array(2), 2))
    .subarray(0, CONFIG.vocab_size);
  const softmax = (temperature: number) => {
    const exponentials = Array.from(logits, (x) => Math.exp(x / temperature));
    const total = exponentials.reduce((sum, x) => sum + x, 0);
    return exponentials.map((x) => x / total);
  };
  for (const temperature of [1, 2.5]) {
    const drawn = await generate(many, { temperature, maxTokens: 2 });
    const tokens = drawn.filter((_, i) => i % 2 === 0);
    assertDistribution(tokens, softmax(temperature));
    assert.throws(
      () => assertDistribution(tokens, softmax(0.5 * temperature)),
      /token/,
    );
  }
});

Deno.test("T5Generator draws second tokens given the first", async () => {
  const drawn = rowsOf(
    await generate(many, { temperature: 3, maxTokens: 2 }),
    2,
  );
  let tested = 0;
  for (let first = 2; first < CONFIG.vocab_size; first++) {
    const second = Int32Array.from(
      drawn.filter((row) => row[0] === first).map((row) => row[1]),
    );
    if (second.length < 100) continue;
    tested++;
    const logits =
      (await teacherForcing(prompts(1), Int32Array.of(first, 0), 2))
        .subarray(CONFIG.vocab_size);
    const exponentials = Array.from(logits, (x) => Math.exp(x / 3));
    const total = exponentials.reduce((sum, x) => sum + x, 0);
    assertDistribution(second, exponentials.map((x) => x / total));
  }
  assert.ok(tested >= 3);
});

/**
 * Probabilities of all sequences of at most three tokens under the first prompt, by teacher
 * forcing: of each sequence of three its own, of those that end early all that begin with them.
 */
async function sequenceProbabilities(
  temperature: number,
): Promise<Map<string, number>> {
  const V = CONFIG.vocab_size;
  const all = Array.from(
    { length: V ** 3 },
    (_, i) => [Math.floor(i / V ** 2), Math.floor(i / V) % V, i % V],
  );
  const one = prompts(1);
  const batch = {
    ids: Int32Array.from(all.flatMap(() => [...one.ids])),
    mask: Int32Array.from(all.flatMap(() => [...one.mask])),
    rows: all.length,
    length: one.length,
  };
  const logits = await teacherForcing(batch, Int32Array.from(all.flat()), 3);
  const probabilities = new Map<string, number>();
  all.forEach((tokens, i) => {
    const end = tokens.indexOf(END);
    const written = end < 0 ? tokens : tokens.slice(0, end + 1);
    let p = 1;
    written.forEach((token, position) => {
      const at = (i * 3 + position) * V;
      const weights = Array.from(
        logits.subarray(at, at + V),
        (logit) => Math.exp(logit / temperature),
      );
      p *= weights[token] / weights.reduce((sum, weight) => sum + weight, 0);
    });
    const padded = [...written, PAD, PAD].slice(0, 3);
    probabilities.set(`${padded}`, p);
  });
  return probabilities;
}

/** Throws unless rows come as often as expected, each within 5 standard errors and one row. */
function assertJoint(rows: number[][], expected: Map<string, number>) {
  const counts = new Map<string, number>();
  for (const row of rows) {
    counts.set(`${row}`, (counts.get(`${row}`) ?? 0) + 1);
  }
  let squares = 0;
  let freedom = -1;
  for (const [name, p] of expected) {
    const count = counts.get(name) ?? 0;
    const mean = rows.length * p;
    const allowed = 5 * Math.sqrt(mean * (1 - p)) + 1;
    assert.ok(
      Math.abs(count - mean) <= allowed,
      `${name}: ${count}, expected ${mean}`,
    );
    if (mean < 5) continue;
    squares += (count - mean) ** 2 / mean;
    freedom++;
  }
  assert.ok(
    squares < freedom + 5 * Math.sqrt(2 * freedom),
    `χ² ${squares} of ${freedom} degrees of freedom`,
  );
}

Deno.test("T5Generator draws whole sequences with their probabilities, at several temperatures in one pass", async () => {
  const settings = [1, 3].map((temperature) => ({
    temperature,
    random: Random.fromSeed(5).split(`${temperature}`),
  }));
  const rows = {
    ...many,
    ids: Int32Array.from([...many.ids, ...many.ids, ...many.ids, ...many.ids]),
    mask: Int32Array.from(
      [...many.mask, ...many.mask, ...many.mask, ...many.mask],
    ),
    rows: 4 * many.rows,
  };
  const drawn = (await generator.generateEach(rows, settings, {
    maxTokens: 3,
  })).map((ids) => rowsOf(ids, 3));
  const [one, three] = [
    await sequenceProbabilities(1),
    await sequenceProbabilities(3),
  ];
  for (const expected of [one, three]) {
    const sum = expected.values().reduce((sum, p) => sum + p, 0);
    assert.ok(Math.abs(sum - 1) < 1e-4);
  }
  assertJoint(drawn[0], one);
  assertJoint(drawn[1], three);
  assert.throws(() => assertJoint(drawn[0], three));
  assert.throws(() => assertJoint(drawn[1], one));
  assert.throws(() => assertJoint(drawn[0].slice(0, 6000), drawnAt(one, 1.1)));
});

/** Probabilities to the power `1/t`, over their sum: close to those of another temperature. */
function drawnAt(
  probabilities: Map<string, number>,
  t: number,
): Map<string, number> {
  const powers = [...probabilities].map(([name, p]) =>
    [name, p ** (1 / t)] as const
  );
  const total = powers.reduce((sum, [, p]) => sum + p, 0);
  return new Map(powers.map(([name, p]) => [name, p / total]));
}

Deno.test("T5Generator gives each setting of a pass what it would get alone", async () => {
  const batch = prompts(300);
  const settings: (SamplingOptions & { seed: number })[] = [
    { temperature: 1, seed: 1 },
    { temperature: 0, seed: 2 },
    { temperature: 2, topK: 3, seed: 3 },
    { temperature: 1, topP: 0.6, seed: 4 },
  ];
  const together = await generator.generateEach(
    batch,
    settings.map(({ seed, ...options }) => ({
      ...options,
      random: Random.fromSeed(seed),
    })),
    { maxTokens: MAX_TOKENS },
  );
  for (const [i, setting] of settings.entries()) {
    assert.deepEqual(together[i], await generate(batch, setting));
  }
});

Deno.test("T5Generator gives rows the same, whatever others it draws with them", async () => {
  const batch = prompts(700);
  const options = { temperature: 1.5, maxTokens: MAX_TOKENS };
  const all = await generator.generate(batch, {
    ...options,
    random: Random.fromSeed(0),
  });
  const random = Random.fromSeed(0);
  const parts: number[] = [];
  for (const [from, to] of [[0, 1], [1, 130], [130, 700]]) {
    parts.push(
      ...await generator.generate(someRows(batch, from, to), {
        ...options,
        random,
      }),
    );
  }
  assert.deepEqual(parts, [...all]);
});

Deno.test("T5Generator computes beginnings that rows share once, and none of rows that have ended", async () => {
  const sizes: number[] = [];
  await using counted = new T5Generator({ config: CONFIG, weights }, {
    ...executor,
    compile(fn, options) {
      const compiled = executor.compile(fn, options);
      return {
        run(state, inputs) {
          if (options.name === "t5 decoder step") {
            sizes.push(inputs.ids.shape[0]);
          }
          return compiled.run(state, inputs);
        },
        dispose: () => compiled.dispose(),
      };
    },
  });
  const drawn = rowsOf(
    await counted.generate(someRows(many, 0, 1000), {
      temperature: 1,
      maxTokens: MAX_TOKENS,
      random: Random.fromSeed(0),
    }),
  );
  // Of each length, the beginnings that did not end: at most 1,000, so one group.
  const expected = Array.from({ length: MAX_TOKENS }, (_, length) =>
    new Set(
      drawn.map((row) => row.slice(0, length))
        .filter((begun) => !begun.includes(END)).map(String),
    ).size);
  const parts = (count: number): number[] =>
    count <= 0
      ? []
      : count <= 64
      ? [64]
      : count <= 128
      ? [128]
      : [256, ...parts(count - 256)];
  assert.deepEqual(sizes, expected.flatMap(parts));
  assert.ok(expected[1] < 10 && expected[6] < 1000);
});

Deno.test("T5Generator takes the tokens that teacher forcing finds most probable in long sequences, too", async () => {
  // More tokens than a step has places for at first; of one prompt, and of several.
  const length = 20;
  for (const batch of [someRows(many, 0, 1), prompts(60)]) {
    const ids = await generate(batch, { temperature: 0, maxTokens: length });
    const logits = await teacherForcing(batch, ids, length);
    let longest = 0;
    rowsOf(ids, length).forEach((row, i) => {
      for (const [position, token] of row.entries()) {
        const at = (i * length + position) * CONFIG.vocab_size;
        const values = [...logits.subarray(at, at + CONFIG.vocab_size)];
        assert.ok(values[token] >= Math.max(...values) - 1e-4);
        longest = Math.max(longest, position);
        if (token === END) break;
      }
    });
    assert.ok(batch.rows === 1 || longest === length - 1);
  }
});

Deno.test("T5Generator puts padding after the end token", async () => {
  const rows = rowsOf(await generate(prompts(500), { temperature: 1.5 }));
  const ends = rows.map((row) => row.indexOf(END));
  for (const [i, end] of ends.entries()) {
    if (end < 0) continue;
    assert.deepEqual(
      rows[i].slice(end + 1),
      new Array(MAX_TOKENS - end - 1).fill(PAD),
    );
  }
  // Some end at once, some later, and some not at all.
  assert.ok(ends.includes(-1) && ends.includes(0) && ends.includes(3));
});

Deno.test("T5Generator writes as many tokens as it is told to", async () => {
  const batch = prompts(100);
  const short = rowsOf(
    await generate(batch, { temperature: 0, maxTokens: 2 }),
    2,
  );
  const long = rowsOf(
    await generate(batch, { temperature: 0, maxTokens: 12 }),
    12,
  );
  // What may follow does not change what comes first.
  assert.deepEqual(
    rowsOf(await generate(batch, { temperature: 0, maxTokens: 1 }), 1),
    short.map((row) => row.slice(0, 1)),
  );
  assert.deepEqual(short, long.map((row) => row.slice(0, 2)));
  assert.ok(long.some((row) => row[10] !== PAD && !row.includes(END)));
});

Deno.test("T5Generator tells how far it is", async () => {
  const reports: Progress[] = [];
  await generator.generate(prompts(1500), {
    temperature: 0.5,
    maxTokens: 2,
    random: Random.fromSeed(0),
    onProgress: (report) => reports.push(report),
  });
  assert.deepEqual(reports.at(-1), {
    done: 1500,
    total: 1500,
    message: "temperature 0.5",
  });
  assert.ok(reports.length > 1);
  assert.ok(reports.every(({ done }, i) => done > (reports[i - 1]?.done ?? 0)));
});

Deno.test("T5Generator refuses wrong options", async () => {
  await assert.rejects(generate(prompts(1), { temperature: -1 }), {
    name: "RangeError",
    message: "Cannot sample: temperature must be a number from 0 up, got -1",
  });
  await assert.rejects(generate(prompts(1), { temperature: 1, topK: 0 }), {
    name: "RangeError",
    message:
      "Cannot sample: topK must be a whole number from 1 up or null, got 0",
  });
  for (const maxTokens of [0, -1, 1.5]) {
    await assert.rejects(generate(prompts(1), { temperature: 1, maxTokens }), {
      name: "RangeError",
      message:
        `Cannot generate: maxTokens must be a whole number from 1 up, got ${maxTokens}`,
    });
  }
});

Deno.test("T5Generator leaves dropout out", async () => {
  const dropping = new T5Generator({
    config: { ...CONFIG, dropout_rate: 0.5 },
    weights,
  }, executor);
  const batch = prompts(20);
  assert.deepEqual(
    await dropping.generate(batch, {
      temperature: 0,
      maxTokens: MAX_TOKENS,
      random: Random.fromSeed(0),
    }),
    await generate(batch, { temperature: 0 }),
  );
  await dropping.dispose();
});
