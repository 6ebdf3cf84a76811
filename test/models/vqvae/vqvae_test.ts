import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { floats } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  type VqvaeConfig,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { saveVqvae } from "../../../lib/models/vqvae/files.ts";
import {
  CODEBOOK,
  initialVqvaeWeights,
} from "../../../lib/models/vqvae/network.ts";
import { encodeSplits, Vqvae } from "../../../lib/models/vqvae/vqvae.ts";
import { graphOf } from "../../../lib/spaces/graph.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import {
  cellGraph,
  cellTable,
  type SearchSpace,
} from "../../../lib/spaces/space.ts";
import { cellSplit } from "../../../lib/spaces/split.ts";
import { withFolder } from "../../_helpers.ts";
import { counting } from "../_counting.ts";

/** NAS-Bench-201 with 512 training cells and 96 for validation. */
const whole = getSpace("nasbench201");
const SMALL = cellSplit(
  whole.split().train.slice(0, 512),
  whole.split().validation.slice(0, 96),
);
const SPACE: SearchSpace = { ...whole, split: () => SMALL };

const CONFIG: VqvaeConfig = {
  ...vqvaeConfig(SPACE),
  hidden: 16,
  latentDim: 8,
  codebookSize: 64,
};

/** Random weights, the codebook's as large as the encoder's outputs. */
const MODEL = (() => {
  const random = Random.fromSeed(1);
  const { parameters, statistics } = initialVqvaeWeights(CONFIG, random);
  const { shape, data } = parameters[CODEBOOK];
  parameters[CODEBOOK] = floats(shape, data.map(() => random.normal()));
  return { config: CONFIG, weights: { parameters, statistics } };
})();

const executor = onnxExecutor({ provider: "cpu" });

Deno.test("Vqvae frees what it placed on the device at the end of `await using`", async () => {
  const { executor: counted, open } = counting(executor);
  {
    await using vqvae = Vqvae.load(MODEL, counted);
    await vqvae.reconstruction(SPACE, [1, 2]);
    assert.ok(open() > 0);
  }
  assert.equal(open(), 0);
});

Deno.test("Vqvae encodes to the nearest codes, whatever the batch", async () => {
  const vqvae = Vqvae.load(MODEL, executor);
  // 600 is more than one batch of 512, and the second is a partial one.
  const indices = Uint32Array.from({ length: 600 }, (_, i) => 7 * i);
  const { codes, z } = await vqvae.encode(SPACE, indices);
  const { nodes, latentDim, codebookSize } = CONFIG;
  assert.equal(codes.length, 600 * nodes);
  assert.equal(z.length, 600 * nodes * latentDim);
  const codebook = MODEL.weights.parameters[CODEBOOK].data;
  for (let row = 0; row < codes.length; row += 37) {
    const distance = (code: number) => {
      let sum = 0;
      for (let d = 0; d < latentDim; d++) {
        sum += (z[row * latentDim + d] - codebook[code * latentDim + d]) ** 2;
      }
      return sum;
    };
    for (let code = 0; code < codebookSize; code++) {
      assert.ok(distance(codes[row]) <= distance(code) + 1e-5, `row ${row}`);
    }
  }
  const some = await vqvae.encode(SPACE, [indices[3], indices[599]]);
  assert.deepEqual(
    some.codes,
    Int32Array.of(
      ...codes.subarray(3 * nodes, 4 * nodes),
      ...codes.subarray(599 * nodes),
    ),
  );
  assert.equal((await vqvae.encode(SPACE, [])).codes.length, 0);
  await vqvae.dispose();
});

Deno.test("Vqvae encodes graphs as it does the cells of a table", async () => {
  await using vqvae = Vqvae.load(MODEL, executor);
  const cells = SPACE.cells();
  const graphs = [3, 700, 15].map((index) => cellGraph(cells, index));
  assert.deepEqual(
    await vqvae.encodeGraphs(SPACE, graphs),
    await vqvae.encode(SPACE, [3, 700, 15]),
  );
});

Deno.test("Vqvae decodes each sequence of codes to operations and edges", async () => {
  // Latent width 2; codes 0, 1 and 2 are (1, 0), (0, 1) and (−1, 0): the product of two is
  // above 0 for 0 with 0, 1 with 1, 2 with 2 alone. Operation: the code's number.
  const config: VqvaeConfig = {
    ...CONFIG,
    nodes: 4,
    latentDim: 2,
    codebookSize: 3,
    operations: 3,
  };
  const { weights } = MODEL;
  const vqvae = Vqvae.load({
    config,
    weights: {
      ...weights,
      parameters: {
        [CODEBOOK]: floats([3, 2], [1, 0, 0, 1, -1, 0]),
        "decoder.operations.weight": floats([3, 2], [1, 0, 0, 1, -1, 0]),
        "decoder.operations.bias": floats([3], [0, 0, 0]),
      },
    },
  }, executor);
  const sequences = [[0, 1, 2, 0], [1, 1, 1, 2], [2, 0, 2, 2], [0, 1, 2, 1]];
  // Bit i of entry j is the edge i → j.
  const incoming = [
    [0, 0, 0, 0b0001],
    [0, 0b0001, 0b0011, 0],
    [0, 0, 0b0001, 0b0101],
    [0, 0, 0, 0b0010],
  ];
  // Over and over, so that there is more than one batch.
  const rows = Array.from({ length: 515 }, (_, i) => i % 4);
  const decoded = await vqvae.decode(
    Int32Array.from(rows.flatMap((row) => sequences[row])),
  );
  assert.deepEqual(
    [...decoded.ops],
    rows.flatMap((row) => sequences[row]),
  );
  assert.deepEqual(
    [...decoded.incoming],
    rows.flatMap((row) => incoming[row]),
  );
  const nothing = await vqvae.decode(new Int32Array());
  assert.deepEqual(nothing.incoming, new Uint32Array());
  await vqvae.dispose();
});

Deno.test("encodeSplits() encodes all parts of the split, up to a limit", async () => {
  const vqvae = Vqvae.load(MODEL, executor);
  const { train, fitting, tuning, validation } = await encodeSplits(
    vqvae,
    SPACE,
  );
  for (const sequences of [train, fitting, tuning, validation]) {
    assert.equal(sequences.length, 8);
    assert.equal(sequences.codebookSize, 64);
  }
  assert.equal(train.codes.length, 512 * 8);
  assert.equal(validation.codes.length, 96 * 8);
  assert.deepEqual(
    train.codes,
    (await vqvae.encode(SPACE, SMALL.train)).codes,
  );
  // ⌊512 / 10⌋ = 51 of the training cells are for tuning, the last.
  assert.deepEqual(fitting.codes, train.codes.slice(0, 461 * 8));
  assert.deepEqual(tuning.codes, train.codes.slice(461 * 8));
  assert.deepEqual(
    tuning.codes,
    (await vqvae.encode(SPACE, SMALL.tuning)).codes,
  );

  const few = await encodeSplits(vqvae, SPACE, 100);
  assert.deepEqual(few.train.codes, train.codes.slice(0, 800));
  assert.deepEqual(few.fitting.codes, train.codes.slice(0, 720));
  assert.deepEqual(few.tuning.codes, train.codes.slice(720, 800));
  assert.deepEqual(few.validation.codes, validation.codes);
  await vqvae.dispose();
});

Deno.test("Vqvae.open() reads what was saved", async () => {
  await withFolder(async (folder) => {
    await saveVqvae(folder, MODEL);
    await using saved = Vqvae.load(MODEL, executor);
    await using opened = await Vqvae.open(folder, executor);
    assert.deepEqual(opened.config, CONFIG);
    assert.deepEqual(
      await opened.encode(SPACE, [3, 8]),
      await saved.encode(SPACE, [3, 8]),
    );
  });
});

Deno.test("Vqvae.roundTrip() decodes a cell's own codes, to as many nodes as it has", async () => {
  await using vqvae = Vqvae.load(MODEL, executor);
  const cells = cellTable([
    graphOf([0, 1, 6], [[0, 1], [1, 2]]),
    cellGraph(SPACE.cells(), 9),
  ], 8);
  const space: SearchSpace = { ...SPACE, cells: () => cells };
  for (const [cell, nodes] of [3, 8].entries()) {
    const { codes, graph } = await vqvae.roundTrip(space, cell);
    assert.deepEqual(codes, (await vqvae.encode(space, [cell])).codes);
    const { ops, incoming } = await vqvae.decode(codes);
    assert.deepEqual(graph, {
      ops: Uint8Array.from(ops.subarray(0, nodes)),
      incoming: incoming.slice(0, nodes),
    });
  }
});
