import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { Random } from "../../lib/core/random.ts";
import { floats } from "../../lib/core/tensors.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  arch2vecContenders,
  arch2vecGenerator,
  openArch2vec,
} from "../../lib/generation/arch2vec.ts";
import { measureGenerator } from "../../lib/generation/generator.ts";
import { Arch2vec } from "../../lib/models/arch2vec/arch2vec.ts";
import {
  arch2vecConfig,
  type Arch2vecQuirks,
  AS_PUBLISHED,
  REPAIRED,
} from "../../lib/models/arch2vec/config.ts";
import { initialArch2vecWeights } from "../../lib/models/arch2vec/network.ts";
import type { TrainedArch2vec } from "../../lib/models/arch2vec/training.ts";
import type { Graph } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import type { SearchSpace } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const whole = getSpace("nasbench201");
const few = cellSplit(
  whole.split().train.slice(0, 64),
  whole.split().validation.slice(0, 16),
);
const space = { ...whole, split: () => few };
const config = arch2vecConfig(space);
const trained = (seed: number) => ({
  config,
  weights: initialArch2vecWeights(config, Random.fromSeed(seed)),
});

Deno.test("arch2vecGenerator() samples and reconstructs as the model does", async () => {
  const generator = arch2vecGenerator(space, trained(0), executor, "arch2vec");
  const model = new Arch2vec(trained(0), executor);
  const { samples, draws } = await generator.sample(12, {
    random: Random.fromSeed(3),
  });
  assert.equal(draws, 12);
  assert.deepEqual(
    samples,
    await model.sample(space, 12, { random: Random.fromSeed(3) }),
  );
  assert.deepEqual(
    await generator.reconstruct(few.validation),
    await model.decode(await model.encode(space, few.validation)),
  );
  await assert.rejects(
    generator.sample(1, {
      random: Random.fromSeed(3),
      signal: AbortSignal.abort(new Error("enough")),
    }),
    /enough/,
  );
  await model.dispose();
  await generator[Symbol.asyncDispose]();
});

/**
 * A model without spread that decodes these operations: a node's latent vector is one-hot,
 * and its decoder takes it for the logits. Nodes of one operation are joined.
 */
function writing(
  of: SearchSpace,
  ops: readonly number[],
  quirks: Arch2vecQuirks,
): TrainedArch2vec {
  const width = of.ops.length;
  const config = { ...arch2vecConfig(of, quirks), latentDim: width };
  const { parameters, statistics } = initialArch2vecWeights(
    config,
    Random.fromSeed(0),
  );
  const oneHot = (rows: readonly number[]) =>
    floats(
      [rows.length, width],
      rows.flatMap((op) => of.ops.map((_, column) => column === op ? 1 : 0)),
    );
  return {
    config,
    weights: {
      parameters: {
        ...parameters,
        "decoder.operations.weight": oneHot([...of.ops.keys()]),
        "decoder.operations.bias": floats([width], new Float32Array(width)),
      },
      statistics,
      prior: {
        "prior.mean": oneHot(ops),
        "prior.deviation": floats(
          [ops.length, width],
          new Float32Array(ops.length * width),
        ),
      },
    },
  };
}

/** The rows of a model's samples, in both readings. */
async function rowsOf(of: SearchSpace, model: TrainedArch2vec) {
  await using generator = arch2vecGenerator(of, model, executor, "arch2vec");
  const measured = await measureGenerator(of, generator, {
    samples: 3,
    random: Random.fromSeed(0),
    reconstruction: {
      cells: 1,
      ops: 0,
      edges: 0,
      elementwise: 0,
      wholeGraph: 0,
    },
    known: { paper: new Set(), strict: new Set() },
  });
  assert.ok(measured);
  return { samples: measured.samples as Graph[], ...measured.rows };
}

Deno.test("uncheckedNodes: arch2vec's own check of NAS-Bench-201 never looks at node 1", async () => {
  const validity = async (ops: readonly number[], quirks: Arch2vecQuirks) => {
    const { paper, strict } = await rowsOf(space, writing(space, ops, quirks));
    assert.equal(strict.validity, 0);
    assert.equal(
      /node 1 is not looked at/.test(paper.note ?? ""),
      quirks.uncheckedNodes,
    );
    return paper.validity;
  };
  const off = { ...AS_PUBLISHED, uncheckedNodes: false };
  // An input (0) at node 1: only the published check lets it pass.
  const first = [0, 0, 1, 2, 3, 4, 5, 6];
  assert.equal(await validity(first, AS_PUBLISHED), 100);
  assert.equal(await validity(first, off), 0);
  assert.equal(await validity(first, REPAIRED), 0);
  // The same at node 2, and an output at the last node but one.
  for (const ops of [[0, 1, 0, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6, 6]]) {
    assert.equal(await validity(ops, AS_PUBLISHED), 0);
  }
});

Deno.test("wholeDecodes: nothing is cut at the first output row", async () => {
  const cells = getSpace("nasbench101");
  // Input, conv1x1, output, and four rows that a cell of three nodes has as padding.
  const ops = [0, 1, 4, 1, 1, 1, 4];
  const published = await rowsOf(cells, writing(cells, ops, AS_PUBLISHED));
  assert.deepEqual(published.samples.map(({ ops }) => [...ops]), [
    ops,
    ops,
    ops,
  ]);
  const off = { ...AS_PUBLISHED, wholeDecodes: false };
  for (const quirks of [off, REPAIRED]) {
    const { samples, paper, strict } = await rowsOf(
      cells,
      writing(cells, ops, quirks),
    );
    assert.deepEqual(samples.map(({ ops }) => [...ops]), [
      [0, 1, 4],
      [0, 1, 4],
      [0, 1, 4],
    ]);
    assert.equal(paper.cut, true);
    assert.equal(strict.cut, true);
  }
  assert.equal(published.paper.cut, false);
  assert.equal(published.strict.cut, false);
  assert.equal(published.paper.note, undefined);
  // Where all cells have one size, there is nothing to say.
  const { paper } = await rowsOf(
    space,
    writing(space, [0, 1, 2, 3, 4, 5, 1, 6], AS_PUBLISHED),
  );
  assert.equal(paper.cut, undefined);
  assert.equal(paper.validity, 100);
});

Deno.test("arch2vecGenerator() has a key of its weights", async () => {
  const key = async (seed: number) => {
    await using generator = arch2vecGenerator(
      space,
      trained(seed),
      executor,
      "arch2vec",
    );
    return generator.key;
  };
  assert.equal(await key(0), await key(0));
  assert.notEqual(await key(0), await key(1));
});

Deno.test("arch2vecContenders() are the published model and the repaired one", () => {
  assert.deepEqual(arch2vecContenders(space, 4), [
    {
      name: "arch2vec, as published",
      config,
      folder: "arch2vec/published",
      seed: 4,
    },
    {
      name: "arch2vec, repaired",
      config: arch2vecConfig(space, REPAIRED),
      folder: "arch2vec/repaired",
      seed: 4,
    },
  ]);
});

Deno.test("openArch2vec() trains the first contender once, then finds it again", async () => {
  await withFolder(async (folder) => {
    const open = () =>
      openArch2vec(space, {
        seed: 4,
        quick: true,
        executor,
        newModel: (name) => join(folder, name),
      });
    await using first = await open();
    const checkpoint = join(
      folder,
      "arch2vec/published/checkpoint.safetensors",
    );
    assert.ok(await exists(checkpoint));
    const { mtime } = await Deno.stat(checkpoint);
    await using again = await open();
    assert.equal(again.key, first.key);
    assert.deepEqual((await Deno.stat(checkpoint)).mtime, mtime);
  });
});
