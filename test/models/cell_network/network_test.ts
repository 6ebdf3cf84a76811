/**
 * Networks of cells beside the same in PyTorch; the expected values are from
 * `test/fixtures/make_cell_network_fixtures.py`.
 */
import assert from "node:assert/strict";
import { readJson } from "../../../lib/core/files.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { Executor } from "../../../lib/engine/executor.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  inferenceLogits,
  initialNetworkWeights,
} from "../../../lib/models/cell_network/network.ts";
import {
  networkOptimizer,
  networkStep,
} from "../../../lib/models/cell_network/training.ts";
import { Random } from "../../../lib/core/random.ts";
import {
  type NetworkPlan,
  planParameters,
} from "../../../lib/spaces/network.ts";
import { notationsOf, readCell } from "../../../lib/spaces/notations.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const EXECUTORS: Record<string, Executor> = {
  traced: onnxExecutor({ provider: "cpu", threads: 1 }),
  eager: await eagerExecutor("cpu"),
};

interface Expected {
  settings: {
    rate: number;
    learningRate: number;
    weightDecay: number;
    imageChannels: number;
    classes: number;
  };
  spaces: Record<
    string,
    {
      channels: number;
      cells: number;
      cell: Record<string, unknown>;
      parameters: number;
      losses: number[];
    }
  >;
}

const FIXTURE =
  new URL("../../fixtures/cell_network_tiny", import.meta.url).pathname;
const { settings, spaces } = await readJson<Expected>(
  `${FIXTURE}.json`,
  "fixture",
);
const stored = (await readSafetensors(`${FIXTURE}.safetensors`)).tensors;

function tensor(name: string) {
  const found = stored.get(name);
  assert.ok(found, name);
  return found;
}

/** Names of what a plan's layers have, in order: parameters, then statistics. */
function names(
  plan: NetworkPlan,
): { parameters: string[]; statistics: string[] } {
  const parameters: string[] = [], statistics: string[] = [];
  const normalised = (at: number) => {
    parameters.push(`${at}.gamma`, `${at}.beta`);
    statistics.push(`${at}.mean`, `${at}.variance`);
  };
  for (const [at, layer] of plan.entries()) {
    if (layer.kind === "convolution") {
      parameters.push(`${at}.weight`);
      if (layer.normalised) normalised(at);
    } else if (layer.kind === "normalisation") normalised(at);
    else if (layer.kind === "classifier") {
      parameters.push(`${at}.weight`, `${at}.bias`);
    }
  }
  return { parameters, statistics };
}

function named(group: string, names: readonly string[]): HostTensors {
  return Object.fromEntries(names.map((name, i) => {
    const { shape, data } = tensor(`${group}.${i}`);
    return [name, floats(shape, data)];
  }));
}

for (
  const [spaceName, { cell, channels, cells, parameters, losses }] of Object
    .entries(spaces)
) {
  const space = getSpace(spaceName);
  const { imageChannels, classes, rate, learningRate, weightDecay } = settings;
  const value = "arch" in cell ? cell.arch : cell;
  const plan = space.network!(readCell(value, notationsOf(space)), {
    ...{ imageChannels, classes, channels, cells },
  });
  const { parameters: trained, statistics } = names(plan);
  const weights = named(`${spaceName}.parameter`, trained);
  const { optimizer, slots } = networkOptimizer({
    optimizer: space.networkTraining!.optimizer,
    weightDecay,
  });
  const images = tensor(`${spaceName}.images`);
  const labels = tensor(`${spaceName}.labels`);
  const [steps, batch, ...shape] = images.shape;
  const values = images.data.length / steps;
  const inputs = (step: number): HostTensors => ({
    images: floats(
      [batch, ...shape],
      images.data.slice(step * values, (step + 1) * values),
    ),
    labels: integers(
      [batch],
      labels.data.slice(step * batch, (step + 1) * batch),
    ),
  });

  for (const [how, executor] of Object.entries(EXECUTORS)) {
    Deno.test(`the network of a cell of ${space.title}, ${how}, trains as PyTorch's does`, async () => {
      assert.equal(planParameters(plan), parameters);
      const state = executor.state({
        ...weights,
        ...named(`${spaceName}.statistic`, statistics),
        ...slots(weights),
      });
      const step = executor.compile(networkStep(plan, trained, optimizer), {
        name: "step",
      });
      const inference = executor.compile(
        (tensors, { images }) => ({
          outputs: { logits: inferenceLogits(plan, tensors, images) },
        }),
        { name: "inference" },
      );
      try {
        for (let i = 0; i < steps; i++) {
          const { loss, right } = await step.run(state, {
            ...inputs(i),
            learningRate: scalar(learningRate),
            step: scalar(i + 1),
            statisticsRate: scalar(rate),
          });
          assertClose(loss.data, [losses[i]], ACROSS_BACKENDS, `loss ${i}`);
          assert.ok(right.data[0] <= batch);
        }
        const after = await state.read();
        for (
          const [group, list] of [["updated", trained], [
            "kept",
            statistics,
          ]] as const
        ) {
          for (
            const [name, { data }] of Object.entries(
              named(`${spaceName}.${group}`, list),
            )
          ) {
            assertClose(after[name].data, data, ACROSS_BACKENDS, name);
          }
        }
        const { logits } = await inference.run(state, {
          images: inputs(0).images,
        });
        assertClose(
          logits.data,
          tensor(`${spaceName}.logits`).data,
          ACROSS_BACKENDS,
          "logits",
        );
      } finally {
        state.dispose();
        await step.dispose();
        await inference.dispose();
      }
    });
  }

  Deno.test(`a network of ${space.title} starts from weights of the published spread`, () => {
    const { parameters, statistics } = initialNetworkWeights(
      space.network!(readCell(value, notationsOf(space)), { channels: 32 }),
      space.networkTraining!.initial,
      Random.fromSeed(1),
    );
    for (const [name, { data, shape }] of Object.entries(parameters)) {
      if (name.endsWith(".gamma")) {
        assert.ok(data.every((value) => value === 1));
      }
      if (!name.endsWith(".weight") || data.length < 2000) continue;
      const fanIn = shape[0] < 20 ? shape[1] : shape[0];
      const deviation = Math.sqrt(
        Array.from(data).reduce((sum, value) => sum + value * value, 0) /
          data.length,
      );
      const expected = space.networkTraining!.initial === "uniform"
        ? 1 / Math.sqrt(3 * fanIn)
        : 1 / Math.sqrt(fanIn);
      assert.ok(Math.abs(deviation / expected - 1) < 0.06, name);
    }
    for (const [name, { data }] of Object.entries(statistics)) {
      const start = name.endsWith(".variance") ? 1 : 0;
      assert.ok(data.every((value) => value === start));
    }
  });
}
