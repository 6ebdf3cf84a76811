/**
 * SVGe and DGMG against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_svge_fixtures.py`.
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
  type SvgeConfig,
  svgeConfig,
  type SvgeKind,
} from "../../../lib/models/svge/config.ts";
import { reversedGraphs } from "../../../lib/models/svge/graphs.ts";
import {
  encode,
  graphInputs,
  initialSvgeWeights,
  svgeLoss,
  writeGraphs,
} from "../../../lib/models/svge/network.ts";
import { adamWSlots, trainingStep } from "../../../lib/nn/optimizers.ts";
import { getSpace, SPACES } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};
const KINDS: readonly SvgeKind[] = ["svge", "dgmg"];

interface Expected {
  sizes: Omit<SvgeConfig, "kind">;
  learningRate: number;
  kinds: Record<
    SvgeKind,
    {
      loss: number;
      writing: number;
      divergence: number;
      parameters: Record<string, number>;
    }
  >;
}

const FIXTURE = new URL("../../fixtures/svge_tiny", import.meta.url).pathname;
const { sizes, learningRate, kinds } = await readJson<Expected>(
  `${FIXTURE}.json`,
  "fixture",
);
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

const { types, adjacency } = { ...part("") };
const forward = { types, adjacency };
const backward = reversedGraphs(forward);
const graphs: HostTensors = {
  "forward.types": types,
  "forward.adjacency": adjacency,
  "backward.types": backward.types,
  "backward.adjacency": backward.adjacency,
};

function parameters(weights: HostTensors): number {
  return Object.values(weights)
    .reduce((sum, { data }) => sum + data.length, 0);
}

for (const kind of KINDS) {
  const config: SvgeConfig = { kind, ...sizes };
  const weights = part(`${kind}.parameter.`);

  for (const [how, executor] of Object.entries(EXECUTORS)) {
    Deno.test(`${kind}, ${how}, trains as PyTorch's does`, async () => {
      assert.deepEqual(
        Object.keys(weights).sort(),
        Object.keys(initialSvgeWeights(config, Random.fromSeed(0))).sort(),
      );
      const state = executor.state({ ...weights, ...adamWSlots(weights) });
      const encoding = executor.compile((tensors, inputs) => {
        const { mean, logVariance } = encode(
          config,
          tensors,
          graphInputs(inputs, "forward"),
        );
        return { outputs: { mean, logVariance } };
      }, { name: "encode" });
      const step = executor.compile(
        trainingStep(
          (tensors, inputs) => svgeLoss(config, tensors, inputs),
          Object.keys(weights),
          { clipNorm: 0, weightDecay: 0 },
        ),
        { name: "step" },
      );
      try {
        const encoded = await encoding.run(state, graphs);
        for (const name of ["mean", "logVariance"]) {
          const expected = stored.get(`${kind}.${name}`)!;
          assertClose(encoded[name].data, expected.data, ACROSS_BACKENDS, name);
        }
        const { noise } = part(`${kind}.`);
        const outputs = await step.run(state, {
          ...graphs,
          noise,
          learningRate: scalar(learningRate),
          step: scalar(1),
        });
        for (const name of ["loss", "writing", "divergence"] as const) {
          assertClose(
            outputs[name].data,
            [kinds[kind][name]],
            ACROSS_BACKENDS,
            name,
          );
        }
        const after = await state.read();
        for (
          const [name, { data }] of Object.entries(part(`${kind}.updated.`))
        ) {
          // Adam's first step is the sign of a gradient, however small that is.
          assertClose(after[name].data, data, {
            relative: 1e-4,
            absolute: 2e-4,
          }, name);
        }
      } finally {
        state.dispose();
        await encoding.dispose();
        await step.dispose();
      }
    });
  }

  Deno.test(`${kind} has the published number of parameters`, () => {
    for (const space of SPACES) {
      const config = svgeConfig(space, kind);
      const count = kinds[kind].parameters[`${config.types}`];
      if (count === undefined) continue;
      assert.equal(
        parameters(initialSvgeWeights(config, Random.fromSeed(0))),
        count,
        space.name,
      );
    }
    const { parameters: counts } = kinds[kind];
    assert.deepEqual(
      counts,
      kind === "svge"
        ? { 5: 2_245_121, 7: 2_245_985 }
        : { 5: 4_872_746, 7: 4_873_860 },
    );
  });

  Deno.test(`${kind} writes graphs that its loss would expect`, async () => {
    const executor = EXECUTORS.traced;
    const state = executor.state(weights);
    const write = executor.compile(
      (tensors, inputs) => ({
        outputs: writeGraphs(config, tensors, inputs, { first: 1, last: 0 }),
      }),
      { name: "write" },
    );
    try {
      const batch = 400, random = Random.fromSeed(3);
      const filled = (shape: number[], draw: () => number) =>
        floats(
          shape,
          Float32Array.from({ length: shape.reduce((a, b) => a * b) }, draw),
        );
      const outputs = await write.run(state, {
        z: filled([batch, config.latentDim], () => 0.1),
        typeNoise: filled(
          [batch, config.nodes, config.types],
          () => -Math.log(-Math.log(random.uniform() || 1e-12)),
        ),
        edgeNoise: filled(
          [batch, config.nodes, config.nodes],
          () => random.uniform(),
        ),
      });
      const N = config.nodes;
      const edges = outputs.adjacency.data;
      let drawn = 0;
      for (let b = 0; b < batch; b++) {
        assert.equal(outputs.types.data[b * N], 1);
        assert.equal(outputs.types.data[b * N + N - 1], 0);
        assert.equal(edges[b * N * N + 1], 1, "0 → 1");
        for (let u = 0; u < N; u++) {
          for (let v = 0; v <= u; v++) {
            assert.equal(edges[(b * N + u) * N + v], 0);
          }
        }
        drawn += edges[(b * N) * N + 2];
      }
      // Some are drawn and some are not.
      assert.ok(drawn > 0 && drawn < batch, `${drawn}`);
    } finally {
      state.dispose();
      await write.dispose();
    }
  });
}

Deno.test("reversed graphs are read from the output back, each by its own size", () => {
  const again = reversedGraphs(backward);
  assert.deepEqual(again.types.data, types.data);
  assert.deepEqual(again.adjacency.data, adjacency.data);
  const [b, N, T] = types.shape;
  assert.equal(b, 3);
  // The third graph has two nodes, the others' outputs come first.
  for (let graph = 0; graph < 3; graph++) {
    assert.equal(backward.types.data[graph * N * T], 1);
  }
  assert.ok(getSpace("nasbench101").variableSize);
});
