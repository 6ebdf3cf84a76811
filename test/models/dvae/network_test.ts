/**
 * D-VAE against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_dvae_fixtures.py`.
 */
import assert from "node:assert/strict";
import { readJson } from "../../../lib/core/files.ts";
import { Random } from "../../../lib/core/random.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import { floats, type HostTensors, scalar } from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  writingInputs,
  writtenGraphs,
} from "../../../lib/models/graph_autoencoder.ts";
import {
  type DvaeConfig,
  dvaeConfig,
} from "../../../lib/models/dvae/config.ts";
import {
  dvaeLoss,
  encode,
  forcedLogits,
  graphInputs,
  initialDvaeWeights,
  isTrained,
  writeGraphs,
} from "../../../lib/models/dvae/network.ts";
import {
  adamWSlots,
  lossGradients,
  trainingStep,
} from "../../../lib/nn/optimizers.ts";
import { cutAtOutput, hasEdge } from "../../../lib/spaces/graph.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

interface Expected {
  sizes: DvaeConfig;
  learningRate: number;
  loss: number;
  writing: number;
  divergence: number;
  parameters: Record<string, number>;
}

const FIXTURE = new URL("../../fixtures/dvae_tiny", import.meta.url).pathname;
const expected = await readJson<Expected>(`${FIXTURE}.json`, "fixture");
const { sizes: config } = expected;
const stored = (await readSafetensors(`${FIXTURE}.safetensors`)).tensors;

function part(prefix: string): HostTensors {
  return Object.fromEntries(
    [...stored].filter(([name]) => name.startsWith(prefix))
      .map(([name, { shape, data }]) => [
        name.slice(prefix.length),
        floats(shape, data),
      ]),
  );
}

const fixture = part("");
const graphs = { operations: fixture.types, adjacency: fixture.adjacency };
const weights = part("parameter.");
const [batch] = fixture.types.shape;
const { nodes: N, types: T } = config;

for (const [how, executor] of Object.entries(EXECUTORS)) {
  Deno.test(`D-VAE, ${how}, encodes, decides and trains as PyTorch's does`, async () => {
    const initial = initialDvaeWeights(config, Random.fromSeed(0));
    assert.deepEqual(
      Object.entries(weights).map(([name, { shape }]) => [name, [...shape]])
        .sort(),
      Object.entries(initial).map(([name, { shape }]) => [name, [...shape]])
        .sort(),
    );
    const trained = Object.keys(weights).filter(isTrained);
    const state = executor.state({ ...weights, ...adamWSlots(weights) });
    const forward = executor.compile((tensors, inputs) => {
      const graph = graphInputs(inputs);
      const { mean, logVariance } = encode(config, tensors, graph);
      const { types, edges } = forcedLogits(config, tensors, graph, inputs.z);
      return {
        outputs: { mean, logVariance, typeLogits: types, edgeLogits: edges },
      };
    }, { name: "forward" });
    const gradients = executor.compile((tensors, inputs) => ({
      outputs: lossGradients(
        (tensors, inputs) => dvaeLoss(config, tensors, inputs),
        trained,
        tensors,
        inputs,
      ).gradients,
    }), { name: "gradients" });
    const step = executor.compile(
      trainingStep(
        (tensors, inputs) => dvaeLoss(config, tensors, inputs),
        trained,
        { clipNorm: 0, weightDecay: 0 },
      ),
      { name: "step" },
    );
    try {
      const outputs = await forward.run(state, { ...graphs, z: fixture.z });
      for (const name of Object.keys(outputs)) {
        assertClose(
          outputs[name].data,
          fixture[name].data,
          ACROSS_BACKENDS,
          name,
        );
      }
      const { noise } = fixture;
      const slopes = await gradients.run(state, { ...graphs, noise });
      const wanted = part("gradient.");
      assert.deepEqual(Object.keys(slopes).sort(), Object.keys(wanted).sort());
      for (const [name, { data }] of Object.entries(wanted)) {
        assertClose(
          slopes[name].data,
          data,
          ACROSS_BACKENDS,
          `gradient of ${name}`,
        );
      }
      const found = await step.run(state, {
        ...{ ...graphs, noise },
        learningRate: scalar(expected.learningRate),
        step: scalar(1),
      });
      for (const name of ["loss", "writing", "divergence"] as const) {
        assertClose(
          found[name].data,
          [expected[name]],
          ACROSS_BACKENDS,
          name,
        );
      }
      const after = await state.read();
      for (const [name, { data }] of Object.entries(part("updated."))) {
        // Adam's first step is the sign of a gradient, however small that is.
        assertClose(after[name].data, data, {
          relative: 1e-4,
          absolute: 2e-4,
        }, name);
      }
    } finally {
      state.dispose();
      for (const compiled of [forward, gradients, step]) {
        await compiled.dispose();
      }
    }
  });
}

Deno.test("D-VAE has the published number of parameters", () => {
  assert.deepEqual(expected.parameters, {
    nasbench101: 6_919_429,
    nasbench201: 6_932_457,
  });
  for (const [name, count] of Object.entries(expected.parameters)) {
    const initial = initialDvaeWeights(
      dvaeConfig(getSpace(name)),
      Random.fromSeed(0),
    );
    const sizes = Object.values(initial).map(({ data }) => data.length);
    assert.equal(sizes.reduce((sum, size) => sum + size), count, name);
  }
});

/** What the decoder writes from the latents of the fixture, and decides by. */
async function written(inputs: HostTensors): Promise<HostTensors> {
  const executor = EXECUTORS.traced;
  const state = executor.state(weights);
  const write = executor.compile((tensors, inputs) => {
    const { logits, ...graph } = writeGraphs(config, tensors, inputs);
    const { types: typeLogits, edges: edgeLogits } = logits;
    return { outputs: { ...graph, typeLogits, edgeLogits } };
  }, { name: "write" });
  try {
    return await write.run(state, inputs);
  } finally {
    state.dispose();
    await write.dispose();
  }
}

Deno.test("D-VAE decides in writing a graph as it does with the graph given", async () => {
  // Noise that makes it write the fixture's graphs: nothing but their types and edges is drawn.
  const outputs = await written({
    z: fixture.z,
    typeNoise: floats(
      fixture.types.shape,
      fixture.types.data.map((bit) => 1e4 * bit),
    ),
    edgeNoise: floats(
      [batch, N, N],
      // At [target, source], where the adjacency matrix has [source, target].
      Float32Array.from({ length: batch * N * N }, (_, i) => {
        const [b, target, source] = [
          ...[Math.floor(i / N / N), Math.floor(i / N) % N, i % N],
        ];
        return 1 - fixture.adjacency.data[(b * N + source) * N + target];
      }),
    ),
  });
  const found = writtenGraphs(outputs)
    .map((graph) => cutAtOutput(graph, config.last));
  const P = N * (N - 1) / 2;
  for (const [b, { ops, incoming }] of found.entries()) {
    const size = ops.length;
    const ofGraph = fixture.types.data.subarray(b * N * T, (b + 1) * N * T);
    assert.equal(Array.from(ofGraph).filter((bit) => bit === 1).length, size);
    ops.forEach((op, v) => assert.equal(ofGraph[v * T + op], 1));
    // The second graph's output has an edge from 0, which has led elsewhere.
    const isSame = incoming.every((sources, v) =>
      Array.from({ length: v }, (_, u) => u).every((u) =>
        fixture.adjacency.data[(b * N + u) * N + v] === (sources >>> u & 1)
      )
    );
    assert.equal(isSame, b !== 1, `graph ${b}`);
    // Up to its last edge, that of the second from 0, nothing differs.
    const types = (size - 1) * T, edges = size * (size - 1) / 2;
    for (
      const [name, each, count] of [
        ["typeLogits", (N - 1) * T, types],
        ["edgeLogits", P, edges],
      ] as const
    ) {
      assertClose(
        outputs[name].data.subarray(b * each, b * each + count),
        fixture[name].data.subarray(b * each, b * each + count),
        ACROSS_BACKENDS,
        `${name} of graph ${b}`,
      );
    }
  }
});

Deno.test("D-VAE links to the last vertex those that have led nowhere, and no others", async () => {
  const latents = new Float32Array(512 * config.latentDim).fill(0.3);
  const draw = (seed: number) =>
    written(writingInputs(config, latents, Random.fromSeed(seed)))
      .then((outputs) => ({ outputs, graphs: writtenGraphs(outputs) }));
  const { outputs, graphs } = await draw(3);
  assert.deepEqual((await draw(3)).graphs, graphs);
  assert.notDeepEqual((await draw(4)).graphs, graphs);
  const cut = graphs.map((graph) => cutAtOutput(graph, config.last));
  for (const graph of cut) {
    const last = graph.ops.length - 1;
    assert.equal(graph.ops[0], config.first);
    assert.equal(graph.ops[last], config.last);
    for (let u = 0; u < last; u++) {
      let out = 0;
      for (let v = u + 1; v < last; v++) out += Number(hasEdge(graph, u, v));
      assert.equal(hasEdge(graph, u, last), out === 0);
    }
  }
  // The type of the second vertex, and its edge, are drawn from their logits, all the same here.
  const second = Array.from(outputs.typeLogits.data.subarray(0, T), Math.exp);
  const total = second.reduce((sum, value) => sum + value);
  second.forEach((value, type) => {
    const p = value / total;
    const count = cut.filter(({ ops }) => ops[1] === type).length;
    const deviation = Math.sqrt(512 * p * (1 - p));
    assert.ok(Math.abs(count - 512 * p) < 5 * deviation, `${type}: ${count}`);
  });
  let mean = 0, variance = 0, edges = 0;
  const P = N * (N - 1) / 2;
  for (const [b, graph] of graphs.entries()) {
    if (graph.ops[1] === config.last) continue;
    const p = 1 / (1 + Math.exp(-outputs.edgeLogits.data[b * P]));
    mean += p;
    variance += p * (1 - p);
    edges += Number(hasEdge(graph, 0, 1));
  }
  assert.ok(Math.abs(edges - mean) < 5 * Math.sqrt(variance), `${edges}`);
  assert.ok(edges > 0 && variance > 1);
});
