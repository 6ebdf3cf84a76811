import assert from "node:assert/strict";
import { join } from "node:path";
import { floats } from "../../lib/compile/executor.ts";
import { onnxExecutor } from "../../lib/compile/onnx_executor.ts";
import type { CodeSequences } from "../../lib/language/code_sequences.ts";
import { toSentence } from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  type SentenceTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import type { Sample } from "../../lib/metrics/generation.ts";
import {
  type CellModel,
  decodeSentences,
  openCellModel,
  sampleCells,
} from "../../lib/models/cell_sampling.ts";
import { saveT5, saveVqvae } from "../../lib/models/model_files.ts";
import { T5_MINI } from "../../lib/models/t5_config.ts";
import { T5Generator } from "../../lib/models/t5_generation.ts";
import { trainT5 } from "../../lib/models/t5_training.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
  type VqvaeConfig,
  vqvaeConfig,
} from "../../lib/models/vqvae.ts";
import { Vqvae } from "../../lib/models/vqvae_training.ts";
import { Random } from "../../lib/random.ts";
import { allEdges, type Graph, hasEdge } from "../../lib/spaces/graph.ts";
import { cellGraph, getSpace } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const space = getSpace("nasbench201");
const NODES = 8;
const OPS = 7;
const OUTPUT = space.ops.indexOf("output");
const TEMPLATE = cellGraph(space.cells(), 0);

/**
 * A VQ-VAE made by hand: code `7 p + o` is operation `o` at node `p`.
 *
 * The first 8 numbers of its vector are those of node `p`: row `p` of the Cholesky factor of
 * a matrix that is positive where the template has an edge and negative where it has none
 * (and large on the diagonal, which makes it positive definite). The products of two are
 * then its entries. Operations add 0.01 at most to that, in 7 numbers of their own.
 */
const CONFIG: VqvaeConfig = {
  ...vqvaeConfig(space),
  hidden: 4,
  latentDim: NODES + OPS,
  codebookSize: NODES * OPS,
};

function handMade() {
  const factor = Array.from({ length: NODES }, () => new Array(NODES).fill(0));
  for (let i = 0; i < NODES; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = i === j ? NODES : hasEdge(TEMPLATE, j, i) ? 1 : -1;
      for (let k = 0; k < j; k++) rest -= factor[i][k] * factor[j][k];
      factor[i][j] = i === j ? Math.sqrt(rest) : rest / factor[j][j];
    }
  }
  const codebook: number[] = [];
  for (let node = 0; node < NODES; node++) {
    for (let op = 0; op < OPS; op++) {
      const own = Array.from({ length: OPS }, (_, i) => i === op ? 0.1 : 0);
      codebook.push(...factor[node], ...own);
    }
  }
  const operations = Array.from(
    { length: OPS },
    (_, op) =>
      Array.from({ length: NODES + OPS }, (_, i) => i === NODES + op ? 1 : 0),
  );
  const { parameters, statistics } = initialVqvaeWeights(
    CONFIG,
    Random.fromSeed(0),
  );
  return {
    config: CONFIG,
    weights: {
      parameters: {
        ...parameters,
        [CODEBOOK]: floats([NODES * OPS, NODES + OPS], codebook),
        "decoder.operations.weight": floats(
          [OPS, NODES + OPS],
          operations.flat(),
        ),
      },
      statistics,
    },
  };
}

const executor = onnxExecutor({ provider: "cpu" });
const vqvae = Vqvae.load(handMade(), executor);

/** The codes of a cell of the space. */
function codesOf(graph: Graph): number[] {
  return Array.from(graph.ops, (op, node) => OPS * node + op);
}

const decode = (sentences: string[], options?: { cut?: boolean }) =>
  decodeSentences({ space, vqvae }, sentences, options);

Deno.test("decodeSentences() decodes cells as they were", async () => {
  const cells = [0, 1, 777, 15_624].map((i) => cellGraph(space.cells(), i));
  const samples = await decode(cells.map((cell) => toSentence(codesOf(cell))));
  assert.deepEqual(samples, cells);
});

Deno.test("decodeSentences() decodes each code on its own", async () => {
  // Nodes swapped: operations follow, and the edges are those of the template's
  // nodes, whichever way round.
  const codes = codesOf(TEMPLATE);
  const [swapped] = await decode([
    toSentence(codes.toSpliced(2, 2, codes[3], codes[2])),
  ]) as Graph[];
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

Deno.test("decodeSentences() says what is wrong with a sentence, and keeps the order", async () => {
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
  assert.deepEqual(
    await decode(sentences.map(([sentence]) => sentence)),
    sentences.map(([, sample]) => sample),
  );
  // No sentence at all, and none that can be read.
  assert.deepEqual(await decode([]), []);
  assert.deepEqual(await decode(["x"]), ["not a number"]);
});

Deno.test("decodeSentences() cuts at the first output where told to", async () => {
  const codes = codesOf(TEMPLATE);
  codes[3] = OPS * 3 + OUTPUT;
  const sentence = toSentence(codes);
  const ops = TEMPLATE.ops.with(3, OUTPUT);
  const uncut = { ops, edges: TEMPLATE.edges };
  assert.deepEqual(await decode([sentence], { cut: false }), [uncut]);
  // Rows 0 to 3 stay, with the edges among them.
  const cut = {
    ops: ops.slice(0, 4),
    edges: TEMPLATE.edges & allEdges(4),
  };
  assert.deepEqual(await decode([sentence], { cut: true }), [cut]);
  // By default where cells vary in size: not here.
  assert.deepEqual(await decode([sentence]), [uncut]);
  assert.deepEqual(
    await decodeSentences({
      space: { ...space, variableSize: true },
      vqvae,
    }, [sentence]),
    [cut],
  );
});

/** A tokenizer, and a T5 that has learned a few cells by heart, saved and opened again. */
const LEARNED = [100, 5000, 12_345].map((i) => cellGraph(space.cells(), i));

const model: CellModel & { tokenizer: SentenceTokenizer } = await withFolder(
  async (folder) => {
    const directories = {
      vqvae: join(folder, "vqvae"),
      t5: join(folder, "t5"),
    };
    await writeCodesTokenizer(directories.t5, {
      codebookSize: CONFIG.codebookSize,
    });
    const tokenizer = await loadTokenizer(directories.t5);
    const sequences: CodeSequences = {
      codes: Int32Array.from(
        { length: 96 * NODES },
        (_, i) => codesOf(LEARNED[Math.floor(i / NODES) % 3])[i % NODES],
      ),
      length: NODES,
      codebookSize: CONFIG.codebookSize,
    };
    const trained = await trainT5(
      { train: sequences, validation: sequences },
      {
        ...T5_MINI,
        vocab_size: tokenizer.vocabularySize,
        d_model: 32,
        d_kv: 16,
        d_ff: 64,
        num_layers: 1,
        num_decoder_layers: 1,
        num_heads: 2,
        dropout_rate: 0,
      },
      {
        epochs: 25,
        batchSize: 48,
        fillShare: 0.1,
        learningRate: 1e-2,
        warmupSteps: 5,
        weightDecay: 0,
        clipNorm: 1,
        patience: 25,
        seed: 0,
      },
      { executor, tokenizer },
    );
    await saveT5(directories.t5, trained);
    await saveVqvae(directories.vqvae, handMade());
    return await openCellModel(space, directories, executor);
  },
);

Deno.test("sampleCells() writes the cells that the model has learned", async () => {
  const { sentences, samples } = await sampleCells(model, 60, {
    temperature: 0.5,
    random: Random.fromSeed(0),
  });
  assert.equal(sentences.length, 60);
  assert.deepEqual(samples, await decode([...sentences]));
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
    (await sampleCells(model, 40, {
      temperature: 2,
      ...options,
      random: Random.fromSeed(seed),
    })).sentences;
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

Deno.test("openCellModel() opens what was saved", () => {
  assert.deepEqual(model.vqvae.config, CONFIG);
  assert.ok(model.generator instanceof T5Generator);
  assert.equal(model.generator.config.d_model, 32);
  assert.equal(model.tokenizer.name, "codes");
  assert.equal(model.space, space);
});
