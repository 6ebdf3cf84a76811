/**
 * The diffusion against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_diffusion_fixtures.py`.
 */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { eagerExecutor } from "../../../lib/engine/eager_executor.ts";
import type { StepFunction } from "../../../lib/engine/executor.ts";
import { tf } from "../../../lib/engine/tensorflow.ts";
import type { DiffusionConfig } from "../../../lib/models/diffusion/config.ts";
import {
  diffusionLoss,
  drawnBefore,
  initialDiffusionWeights,
  stepBack,
  valuesBefore,
} from "../../../lib/models/diffusion/network.ts";
import {
  keptShares,
  noised,
  oneHotValues,
} from "../../../lib/models/diffusion/noise.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";
import {
  assertSameStep,
  executor,
  readFixture,
} from "../../search/rivals/_fixtures.ts";

const EXECUTORS = { traced: executor, eager: await eagerExecutor("cpu") };

const fixture = await readFixture<{
  readonly config: DiffusionConfig;
  readonly kept: readonly number[];
  readonly at: number;
  readonly learningRate: number;
  readonly loss: number;
}>("diffusion");
const { expected: { config, kept, at }, part } = fixture;

async function outputs(
  step: StepFunction,
  inputs: HostTensors,
  weights: HostTensors = {},
  of = executor,
): Promise<HostTensors> {
  const state = of.state(weights);
  const compiled = of.compile(step, { name: "step" });
  try {
    return await compiled.run(state, inputs);
  } finally {
    state.dispose();
    await compiled.dispose();
  }
}

Deno.test("diffusionLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  const shapes = (of: HostTensors) =>
    Object.entries(of).map(([name, { shape }]) => [name, shape]).sort();
  assert.deepEqual(
    shapes(initialDiffusionWeights(config, Random.fromSeed(0))),
    shapes(part("parameter")),
  );
  await assertSameStep(
    fixture,
    (state, inputs) => diffusionLoss(config, state, inputs),
  );
});

for (const [how, of] of Object.entries(EXECUTORS)) {
  Deno.test(`a step back from noise, ${how}, is drawn as whole transition matrices tell`, async () => {
    const { noise, probabilities, x } = part("before");
    const found = await outputs(
      (state, inputs) => ({
        outputs: {
          probabilities: drawnBefore(config, state, inputs),
          x: stepBack(config, state, inputs).x,
        },
      }),
      {
        x: part("input").x,
        time: integers([noise.shape[0]], new Array(noise.shape[0]).fill(at)),
        kept: scalar(kept[at] / kept[at - 1]),
        keptBefore: scalar(kept[at - 1]),
        noise,
      },
      part("parameter"),
      of,
    );
    assertClose(
      found.probabilities.data,
      probabilities.data,
      ACROSS_BACKENDS,
    );
    assert.deepEqual(found.x.data, x.data);
  });
}

Deno.test("valuesBefore() sums to one and is Bayes' at each step, the last one and the first among them", async () => {
  const shares = [0.125, 0.375, 0.5, 0];
  const schedule = keptShares(6);
  const places = 4 * 3;
  // All pairs of what was and what is: values that can be drawn, one place a row.
  const pairs = Array.from(
    { length: places },
    (_, i) => [Math.floor(i / 3), i % 3],
  );
  for (let time = 1; time <= 6; time++) {
    const last = schedule[time] / schedule[time - 1];
    const before = schedule[time - 1];
    const { p } = await outputs(
      (_, inputs) => ({
        outputs: {
          p: valuesBefore(
            inputs.clean,
            inputs.x,
            tf.tensor([shares]),
            inputs,
          ),
        },
      }),
      {
        clean: oneHotValues(pairs.map(([was]) => [was]), 4),
        x: oneHotValues(pairs.map(([, now]) => [now]), 4),
        kept: scalar(last),
        keptBefore: scalar(before),
      },
    );
    const to = (kept: number, from: number, value: number) =>
      (from === value ? kept : 0) + (1 - kept) * shares[value];
    pairs.forEach(([was, now], row) => {
      const joint = shares.map((_, j) => to(before, was, j) * to(last, j, now));
      const sum = joint.reduce((a, b) => a + b);
      const found = p.data.subarray(row * 4, row * 4 + 4);
      assertClose(found, joint.map((q) => q / sum), ACROSS_BACKENDS);
    });
  }
});

Deno.test("keptShares() fall from 1 to 0", () => {
  const shares = keptShares(32);
  assert.equal(shares.length, 33);
  assert.equal(shares[0], 1);
  assert.equal(shares[32], 0);
  assert.ok(shares.every((share, t) => t === 0 || share < shares[t - 1]));
});

Deno.test("noised() keeps its share of values, and draws the others by marginals", () => {
  const random = Random.fromSeed(0), count = 20_000;
  const marginals = [[0.5, 0, 0.5], [0.1, 0.9, 0]];
  const seen = [[0, 0, 0], [0, 0, 0]];
  for (let i = 0; i < count; i++) {
    noised([2, 0], 0.4, marginals, random)
      .forEach((value, place) => seen[place][value]++);
  }
  const shares = [[0.3, 0, 0.7], [0.4 + 0.06, 0.54, 0]];
  shares.flat().forEach((share, i) =>
    assertClose([seen.flat()[i] / count], [share], {
      relative: 0,
      absolute: 5 * Math.sqrt(share * (1 - share) / count),
    })
  );
});

Deno.test("stepBack() draws values as often as their probabilities say", async () => {
  const random = Random.fromSeed(1), batch = 4000;
  const { x } = part("input");
  const [, places, values] = x.shape;
  const width = places * values;
  const run = await outputs(
    (state, inputs) => ({
      outputs: {
        p: drawnBefore(config, state, inputs),
        x: stepBack(config, state, inputs).x,
      },
    }),
    {
      x: floats(
        [batch, places, values],
        Float32Array.from(
          { length: batch * width },
          (_, i) => x.data[i % width],
        ),
      ),
      time: integers([batch], new Array(batch).fill(at)),
      kept: scalar(kept[at] / kept[at - 1]),
      keptBefore: scalar(kept[at - 1]),
      noise: floats(
        [batch, places, values],
        Float32Array.from(
          { length: batch * width },
          () => 1e-12 - Math.log(1 - random.uniform()),
        ),
      ),
    },
    part("parameter"),
  );
  for (let i = 0; i < width; i++) {
    const share = run.p.data[i];
    let drawn = 0;
    for (let b = 0; b < batch; b++) drawn += run.x.data[b * width + i];
    assertClose([drawn / batch], [share], {
      relative: 0,
      absolute: 5 * Math.sqrt(share * (1 - share) / batch) + 1e-6,
    });
  }
});
