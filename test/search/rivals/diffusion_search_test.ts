/**
 * The guide of the diffusion against a second implementation in PyTorch; the expected values are
 * from `test/fixtures/make_diffusion_fixtures.py`.
 */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { floats, integers, scalar } from "../../../lib/core/tensors.ts";
import type { Evaluator } from "../../../lib/evaluation/evaluator.ts";
import type { DiffusionConfig } from "../../../lib/models/diffusion/config.ts";
import {
  drawnBefore,
  initialDiffusionWeights,
} from "../../../lib/models/diffusion/network.ts";
import { CellPlaces } from "../../../lib/models/diffusion/places.ts";
import { trainDiffusion } from "../../../lib/models/diffusion/training.ts";
import { Oracle } from "../../../lib/search/oracle.ts";
import {
  guideLoss,
  guideScores,
  guideTilt,
  initialGuide,
} from "../../../lib/search/rivals/diffusion_guide.ts";
import { guidedDiffusion } from "../../../lib/search/rivals/diffusion_search.ts";
import { TableEvaluator } from "../../../lib/evaluation/table_evaluator.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";
import { TOY } from "../../_toy_space.ts";
import { SPACE, TABLE } from "../_tables.ts";
import { assertSameStep, executor, readFixture } from "./_fixtures.ts";

const diffusion = await readFixture<{
  readonly config: DiffusionConfig;
  readonly kept: readonly number[];
  readonly at: number;
}>("diffusion");
const guide = await readFixture<{
  readonly learningRate: number;
  readonly loss: number;
  readonly scale: number;
}>("diffusion_guide");
const { config, kept, at } = diffusion.expected;

Deno.test("guideLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  const shapes = (of: ReturnType<typeof guide.part>) =>
    Object.entries(of).map(([name, { shape }]) => [name, shape]).sort();
  assert.deepEqual(
    shapes(initialGuide(config, 6, Random.fromSeed(0))),
    shapes(guide.part("parameter")),
  );
  await assertSameStep(guide, guideLoss);
});

Deno.test("a step back is tilted by the gradient of the guide, as PyTorch's is", async () => {
  const state = executor.state({
    ...diffusion.part("parameter"),
    ...guide.part("parameter"),
  });
  const step = executor.compile((state, inputs) => ({
    outputs: {
      scores: guideScores(state, inputs.x, inputs.left),
      probabilities: drawnBefore(
        config,
        state,
        inputs,
        guideTilt(state, inputs),
      ),
    },
  }), { name: "guided step" });
  const { x, kept: left } = guide.part("input");
  const [batch, , values] = x.shape;
  const outputs = await step.run(state, {
    x,
    left,
    time: integers([batch], new Array(batch).fill(at)),
    kept: scalar(kept[at] / kept[at - 1]),
    keptBefore: scalar(kept[at - 1]),
    scale: floats([batch], new Array(batch).fill(guide.expected.scale)),
  });
  state.dispose();
  await step.dispose();
  const { scores, probabilities } = guide.part("before");
  assertClose(outputs.scores.data, scores.data, ACROSS_BACKENDS);
  // They are drawn up to a factor of each place.
  const found = Array.from(outputs.probabilities.data, (value, i) => {
    const first = i - i % values;
    let sum = 0;
    for (let j = 0; j < values; j++) {
      sum += outputs.probabilities.data[first + j];
    }
    return value / sum;
  });
  assertClose(found, probabilities.data, ACROSS_BACKENDS);
});

Deno.test("guided diffusion finds better cells than random ones, with a trained model", async () => {
  const model = await trainDiffusion(
    SPACE,
    { steps: 8, hidden: 64, layers: 1 },
    { steps: 60, batchSize: 64, learningRate: 1e-3, cells: 2000, seed: 0 },
    { executor },
  );
  const { search, key } = guidedDiffusion(model, executor);
  const history = async (seed: number) => {
    const oracle = new Oracle(SPACE, new TableEvaluator(TABLE), 64);
    await search(oracle, Random.fromSeed(seed));
    assert.ok(oracle.proposals.covered > 100);
    return oracle.history;
  };
  const queries = await history(1);
  assert.equal(queries.length, 64);
  assert.deepEqual(await history(1), queries);
  const mean = (from: number, to: number) =>
    queries.slice(from, to)
      .reduce((sum, { validation }) => sum + validation, 0) / (to - from);
  // Of all cells the deviation is 0.07: the first 16 are random.
  assert.ok(
    mean(48, 64) > mean(0, 16) + 0.1,
    `${mean(0, 16)}, ${mean(48, 64)}`,
  );
  const { weights, ...rest } = model;
  const others = initialDiffusionWeights(model.config, Random.fromSeed(9));
  assert.notEqual(
    guidedDiffusion({ ...rest, weights: others }, executor).key,
    key,
  );
  assert.deepEqual(Object.keys(weights), Object.keys(others));
});

Deno.test("guided diffusion goes through all of a small space with two inputs, where all evaluations fail at first", async () => {
  const { train } = TOY.split();
  const places = new CellPlaces(TOY, TOY.cells(), train);
  const config = {
    ...{ steps: 4, hidden: 8, layers: 1 },
    marginals: places.marginals,
  };
  const weights = initialDiffusionWeights(config, Random.fromSeed(0));
  let asked = 0;
  const evaluator: Evaluator = {
    name: "made up",
    key: "made up",
    covers: () => true,
    async *evaluate(cells) {
      for (const cell of cells) {
        await Promise.resolve();
        yield asked++ < 16
          ? { cell, error: "lost" }
          : { cell, validation: 0.1 };
      }
    },
  };
  const oracle = new Oracle(TOY, evaluator, 20);
  await guidedDiffusion({ config, places, weights }, executor)
    .search(oracle, Random.fromSeed(0));
  assert.equal(new Set(oracle.history.map(({ cell }) => cell.key)).size, 20);
});
