import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { sampleWithAim } from "../../lib/generation/aimed_sampling.ts";
import { sampleCells } from "../../lib/generation/cell_sampling.ts";
import { nextCodes } from "../../lib/generation/code_writing.ts";
import { toSentence } from "../../lib/language/sentences.ts";
import { trainingKeys } from "../../lib/metrics/generation.ts";
import type { Graph } from "../../lib/spaces/graph.ts";
import {
  codesOf,
  LEARNED,
  learnedModel,
  sentencesOf,
  space,
} from "../models/_learned_model.ts";

const model = await learnedModel();
const sample = (
  aim: Parameters<typeof sampleWithAim>[1],
  count: number,
  temperature: number,
) =>
  sampleWithAim(model, aim, count, { temperature, random: Random.fromSeed(0) });

Deno.test("nextCodes() is the model's distribution, with what leaves the form", async () => {
  const next = nextCodes(model, 0.5);
  const codes = codesOf(LEARNED[1]);
  let log = 0;
  for (let n = 0; n <= codes.length; n++) {
    const row = await next(Int32Array.from(codes.slice(0, n)), 1);
    const sum = row.reduce((total, each) => total + Math.exp(each), 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `${n}: ${sum}`);
    log += row[n < codes.length ? codes[n] : 0];
  }
  // As often as the sentence is drawn.
  const sentences = sentencesOf(
    await sampleCells(model, 4000, {
      temperature: 0.5,
      random: Random.fromSeed(1),
    }),
  );
  const sentence = toSentence(codes);
  const share = sentences.filter((one) => one === sentence).length / 4000;
  const expected = Math.exp(log);
  const deviation = Math.sqrt(expected * (1 - expected) / 4000);
  assert.ok(expected > 0.05);
  assert.ok(Math.abs(share - expected) < 4 * deviation, `${share} ${expected}`);
});

Deno.test("nextCodes() wants one token a code", () => {
  const spelled = Object.create(model.tokens, { single: { value: null } });
  assert.throws(() => nextCodes({ ...model, tokens: spelled }, 1), {
    name: "RangeError",
    message:
      "Cannot sample without replacement: each code must be one token, got several for some with the tokenizer codes",
  });
});

Deno.test("distinct: no sentence twice, the likely ones among them", async () => {
  const distinct = await sample("distinct", 200, 1);
  const { samples, draws } = distinct;
  const sentences = sentencesOf(distinct);
  assert.equal(new Set(sentences).size, 200);
  assert.ok(samples.every((one) => typeof one !== "string"));
  assert.ok(draws >= 200);
  for (const cell of LEARNED) {
    assert.ok(sentences.includes(toSentence(codesOf(cell))));
  }
  assert.deepEqual(await sample("distinct", 200, 1), distinct);
  await assert.rejects(
    sampleWithAim(model, "distinct", 5, {
      temperature: 1,
      topK: 3,
      random: Random.fromSeed(0),
    }),
    /without top-k and top-p, got temperature 1, top-k 3, top-p null/,
  );
});

Deno.test("unique and novel: valid cells, each once, and none of the training cells", async () => {
  const unique = await sample("unique", 3, 1);
  const keys = unique.samples.map((cell) => space.key(cell as Graph));
  assert.equal(new Set(keys).size, 3);
  assert.ok(unique.draws >= 3);
  for (const cell of unique.samples) {
    assert.equal(space.invalidReason(cell as Graph, "strict"), null);
  }
  const known = trainingKeys(space, "strict");
  const novel = await sample("novel", 1, 1.5);
  for (const cell of novel.samples) {
    assert.ok(!known.has(space.key(cell as Graph)));
  }
});

Deno.test("unique: where the model has no more, what there is", async () => {
  const { samples, draws } = await sample("unique", 10_000, 0.05);
  assert.ok(samples.length >= 1 && samples.length <= LEARNED.length);
  assert.ok(draws >= 20_000);
});

Deno.test("unique: a model that writes a cell once in a while is not drawn from for ever", async () => {
  // Of 4,000 sentences one is another cell than those before: never 20,000 in vain.
  let written = 0;
  const rare = new Proxy(space, {
    get: (target, name) =>
      name === "key"
        ? (graph: Graph) => `${target.key(graph)} ${written++ / 4_000 | 0}`
        : Reflect.get(target, name),
  });
  const { samples, draws } = await sampleWithAim(
    { ...model, space: rare },
    "unique",
    200,
    { temperature: 0.05, random: Random.fromSeed(0) },
  );
  assert.equal(draws, 24_000);
  assert.ok(samples.length >= 6 && samples.length < 200, `${samples.length}`);
});
