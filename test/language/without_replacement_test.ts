import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  type NextCodes,
  sampleWithoutReplacement,
} from "../../lib/language/without_replacement.ts";

const [LENGTH, CODES] = [2, 3];

/** A tiny model of 3 codes and 2 places: any distribution after each prefix. */
function tinyModel(seed: number) {
  const random = Random.fromSeed(seed);
  const tables = new Map<string, number[]>();
  const after = (prefix: readonly number[]) => {
    const key = prefix.join();
    if (!tables.has(key)) {
      const width = prefix.length < LENGTH ? CODES + 1 : 2;
      const weights = Array.from(
        { length: width },
        () => Math.exp(1.5 * random.normal()),
      );
      const sum = weights.reduce((a, b) => a + b);
      tables.set(key, weights.map((weight) => weight / sum));
    }
    return tables.get(key)!;
  };
  // In a fixed order, whatever is asked first.
  for (let a = 0; a < CODES; a++) {
    after([]), after([a]);
    for (let b = 0; b < CODES; b++) after([a, b]);
  }
  const next: NextCodes = (prefixes, rows) => {
    const n = prefixes.length / rows;
    return Promise.resolve(
      Float32Array.from(
        Array.from(
          { length: rows },
          (_, row) => after([...prefixes.subarray(row * n, (row + 1) * n)]),
        ).flat(),
        Math.log,
      ),
    );
  };
  /** Every outcome with its probability; those that leave the form begin with `!`. */
  const outcomes = new Map<string, number>();
  const walk = (prefix: number[], probability: number) => {
    const row = after(prefix);
    outcomes.set(`!${prefix}`, probability * row.at(-1)!);
    if (prefix.length === LENGTH) {
      outcomes.set(prefix.join(), probability * row[0]);
      return;
    }
    for (let code = 0; code < CODES; code++) {
      walk([...prefix, code], probability * row[code]);
    }
  };
  walk([], 1);
  return { next, outcomes };
}

/** Probability that each sequence is among `draws` outcomes, by all orders of drawing. */
function inclusion(outcomes: Map<string, number>, draws: number) {
  const included = new Map<string, number>();
  const draw = (taken: string[], probability: number, left: number) => {
    if (taken.length === draws) {
      for (const outcome of taken) {
        included.set(outcome, (included.get(outcome) ?? 0) + probability);
      }
      return;
    }
    for (const [outcome, mass] of outcomes) {
      if (taken.includes(outcome)) continue;
      draw([...taken, outcome], probability * mass / left, left - mass);
    }
  };
  draw([], 1, 1);
  return included;
}

const rows = (codes: Int32Array) =>
  Array.from(
    { length: codes.length / LENGTH },
    (_, row) => codes.subarray(row * LENGTH, (row + 1) * LENGTH).join(),
  );

Deno.test("sampleWithoutReplacement() includes each sequence as often as drawing one by one would", async () => {
  const { next, outcomes } = tinyModel(3);
  assert.equal(outcomes.size, 22); // 9 sequences; 1 + 3 + 9 ways to leave the form
  const trials = 20_000;
  const random = Random.fromSeed(1);
  for (const draws of [1, 3]) {
    const counts = new Map<string, number>();
    for (let trial = 0; trial < trials; trial++) {
      const { codes } = await sampleWithoutReplacement(next, draws, {
        length: LENGTH,
        codebookSize: CODES,
        random,
      });
      for (const sequence of rows(codes)) {
        counts.set(sequence, (counts.get(sequence) ?? 0) + 1);
      }
    }
    const expected = inclusion(outcomes, draws);
    for (const [outcome, probability] of expected) {
      if (outcome.startsWith("!")) continue;
      const share = (counts.get(outcome) ?? 0) / trials;
      const deviation = Math.sqrt(probability * (1 - probability) / trials);
      assert.ok(
        Math.abs(share - probability) < 4.5 * deviation + 1e-9,
        `${outcome} among ${draws}: ${share}, expected ${probability}`,
      );
    }
  }
});

Deno.test("sampleWithoutReplacement() draws all there is once, with its probability", async () => {
  const { next, outcomes } = tinyModel(5);
  const { codes, logProbabilities, drawnBy, draws } =
    await sampleWithoutReplacement(
      next,
      100,
      { length: LENGTH, codebookSize: CODES, random: Random.fromSeed(0) },
    );
  assert.equal(draws, 22);
  const found = rows(codes);
  assert.equal(new Set(found).size, 9);
  assert.equal(drawnBy.length, 9);
  drawnBy.forEach((rank, i) =>
    assert.ok(rank > (drawnBy[i - 1] ?? 0) && rank <= 22)
  );
  found.forEach((sequence, i) => {
    const difference = Math.exp(logProbabilities[i]) - outcomes.get(sequence)!;
    assert.ok(Math.abs(difference) < 1e-6, sequence);
  });
});

Deno.test("sampleWithoutReplacement() depends on its seed alone, whatever never happens", async () => {
  // Code 1 and leaving the form have no mass.
  const next: NextCodes = (prefixes, rows) =>
    Promise.resolve(
      Float32Array.from(
        Array.from({ length: rows }, () =>
          prefixes.length / rows < 4 ? [0.5, 0, 0.25, 0.25, 0] : [1, 0]).flat(),
        Math.log,
      ),
    );
  const draw = () =>
    sampleWithoutReplacement(next, 1000, {
      length: 4,
      codebookSize: 4,
      random: Random.fromSeed(7),
    });
  const { codes, draws } = await draw();
  assert.equal(draws, 81);
  assert.equal(codes.length, 81 * 4);
  assert.ok(!codes.includes(1));
  assert.deepEqual((await draw()).codes, codes);
  await assert.rejects(
    sampleWithoutReplacement(next, 0, {
      length: 4,
      codebookSize: 4,
      random: Random.fromSeed(7),
    }),
    /draws must be a whole number from 1 up, got 0/,
  );
});
