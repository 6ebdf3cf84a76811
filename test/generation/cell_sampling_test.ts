import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import {
  decodeCodes,
  decodeParsed,
  joinSequences,
} from "../../lib/generation/cell_decoding.ts";
import {
  codesOf as wellFormedCodes,
  firstCells,
  sampleCells,
} from "../../lib/generation/cell_sampling.ts";
import {
  readCodes,
  toSentence,
  writtenWords,
} from "../../lib/language/sentences.ts";
import type { Sample } from "../../lib/metrics/generation.ts";
import { Vqvae } from "../../lib/models/vqvae/vqvae.ts";
import { hasEdge } from "../../lib/spaces/graph.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import {
  codesOf,
  CONFIG,
  executor,
  handMade,
  LEARNED,
  learnedModel,
  NODES,
  OPS,
  OUTPUT,
  sentencesOf,
  space,
  TEMPLATE,
} from "../models/_learned_model.ts";

const vqvae = Vqvae.load(handMade(), executor);
const model = await learnedModel();

const decode = (...sequences: number[][]) =>
  decodeCodes({ space, vqvae }, joinSequences(sequences, NODES));

Deno.test("decodeCodes() decodes cells as they were", async () => {
  const cells = [0, 1, 777, 15_624].map((i) => cellGraph(space.cells(), i));
  assert.deepEqual(await decode(...cells.map(codesOf)), cells);
  assert.deepEqual(await decode(), []);
});

Deno.test("decodeCodes() decodes each code on its own", async () => {
  // Nodes swapped: operations follow, and the edges are those of the template's
  // nodes, whichever way round.
  const codes = codesOf(TEMPLATE);
  const [swapped] = await decode(codes.toSpliced(2, 2, codes[3], codes[2]));
  assert.deepEqual(
    [...swapped.ops],
    [...TEMPLATE.ops].toSpliced(2, 2, TEMPLATE.ops[3], TEMPLATE.ops[2]),
  );
  const place = [0, 1, 3, 2, 4, 5, 6, 7];
  for (let j = 1; j < NODES; j++) {
    for (let i = 0; i < j; i++) {
      const [from, to] = [place[i], place[j]].sort();
      assert.equal(hasEdge(swapped, i, j), hasEdge(TEMPLATE, from, to));
    }
  }
});

Deno.test("decodeParsed() says what is wrong with a sentence, and keeps the order", async () => {
  const cell = cellGraph(space.cells(), 4321);
  const right = toSentence(codesOf(cell));
  const sentences: [string, Sample][] = [
    ["", "wrong length"],
    ["1 2 3", "wrong length"],
    [right, cell],
    [`${right} 8`, "wrong length"],
    [right.replace("0 ", "56 "), "outside the codebook"],
    ["-1 1 2 3 4 5 6 7", "outside the codebook"],
    [right.replace("0 ", "zero "), "not a number"],
    [right.replace("0 ", "<extra_id_0> "), "not a number"],
    ["0 1 2 3 4 5 6 <unk>", "not a number"],
    [`  ${right} `, cell],
  ];
  const read = (texts: readonly string[]) =>
    decodeParsed(
      { space, vqvae },
      texts.map((text) =>
        readCodes(writtenWords(text), {
          length: NODES,
          codebookSize: CONFIG.codebookSize,
        })
      ),
    );
  assert.deepEqual(
    await read(sentences.map(([sentence]) => sentence)),
    sentences.map(([, sample]) => sample),
  );
  // No sentence at all, and none that can be read.
  assert.deepEqual(await read([]), []);
  assert.deepEqual(await read(["x"]), ["not a number"]);
});

Deno.test("decodeCodes() cuts at the first output where cells vary in size", async () => {
  const codes = codesOf(TEMPLATE);
  codes[3] = OPS * 3 + OUTPUT;
  const ops = TEMPLATE.ops.with(3, OUTPUT);
  assert.deepEqual(await decode(codes), [{
    ops,
    incoming: TEMPLATE.incoming,
  }]);
  // Rows 0 to 3 stay, with the edges among them.
  assert.deepEqual(
    await decodeCodes(
      { space: { ...space, variableSize: true }, vqvae },
      Int32Array.from(codes),
    ),
    [{ ops: ops.slice(0, 4), incoming: TEMPLATE.incoming.slice(0, 4) }],
  );
});

Deno.test("sampleCells() ends early where it is told to", async () => {
  const abort = new AbortController();
  const drawn: number[] = [];
  await assert.rejects(
    sampleCells(model, 3000, {
      temperature: 1,
      random: Random.fromSeed(0),
      signal: abort.signal,
      onProgress: ({ done, total }) => {
        assert.equal(total, 3000);
        drawn.push(done);
        abort.abort(new Error("enough"));
      },
    }),
    /enough/,
  );
  assert.equal(drawn.length, 1);
  assert.ok(drawn[0] < 3000);
});

Deno.test("sampleCells() writes the cells that the model has learned", async () => {
  const sampled = await sampleCells(model, 60, {
    temperature: 0.5,
    random: Random.fromSeed(0),
  });
  const { samples } = sampled;
  const sentences = sentencesOf(sampled);
  assert.equal(sentences.length, 60);
  assert.deepEqual(samples, await decodeParsed(model, sampled.sequences));
  assert.deepEqual(
    await decodeCodes(model, wellFormedCodes(sampled)),
    samples.filter((sample) => typeof sample !== "string"),
  );
  const known = new Map(
    LEARNED.map((cell) => [toSentence(codesOf(cell)), cell]),
  );
  const counts = new Map<string, number>();
  sentences.forEach((sentence, i) => {
    if (!known.has(sentence)) return;
    assert.deepEqual(samples[i], known.get(sentence));
    counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  });
  // Each of the three, and hardly anything else.
  assert.equal(counts.size, 3);
  const right = [...counts.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(right >= 30, `${right} of 60`);
});

Deno.test("sampleCells() depends on its seed and on every sampling option", async () => {
  const sample = async (options: object, seed = 0) =>
    sentencesOf(
      await sampleCells(model, 40, {
        temperature: 2,
        ...options,
        random: Random.fromSeed(seed),
      }),
    );
  const base = await sample({});
  assert.deepEqual(await sample({}), base);
  for (const change of [{ temperature: 1 }, { topK: 2 }, { topP: 0.5 }]) {
    assert.notDeepEqual(await sample(change), base, JSON.stringify(change));
  }
  assert.notDeepEqual(await sample({}, 1), base);
  // Greedily, all are the same.
  assert.equal(new Set(await sample({ temperature: 0 })).size, 1);
});

Deno.test("sampleCells() at a high temperature writes malformed sentences, too", async () => {
  const { samples } = await sampleCells(model, 60, {
    temperature: 5,
    random: Random.fromSeed(0),
  });
  const kinds = new Set(samples.filter((sample) => typeof sample === "string"));
  assert.ok(kinds.has("not a number"));
  assert.ok(kinds.has("wrong length"));
});

Deno.test("sampleCells() refuses wrong sampling options", async () => {
  await assert.rejects(
    sampleCells(model, 1, { temperature: -1, random: Random.fromSeed(0) }),
    {
      name: "RangeError",
      message: "Cannot sample: temperature must be a number from 0 up, got -1",
    },
  );
});

Deno.test("firstCells() takes cells of the space alone, and so many", () => {
  const [a, b, c] = LEARNED;
  const none = { ops: a.ops, incoming: new Uint32Array(NODES) };
  assert.deepEqual(
    firstCells(space, ["wrong length", a, none, b, c], 2),
    [a, b],
  );
  assert.deepEqual(firstCells(space, [none, c], 6), [c]);
});
