/**
 * AG-Net's networks against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_rival_fixtures.py`.
 */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  agNetLoss,
  generatedScores,
  generatorLoss,
  initialGenerator,
  initialPredictor,
} from "../../../lib/models/ag_net/network.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";
import {
  assertSameStep,
  executor,
  readFixture,
} from "../../search/rivals/_fixtures.ts";

const fixture = await readFixture<{
  readonly nodes: number;
  readonly inputType: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly generatorLoss: number;
}>("agnet");
const { expected, part } = fixture;
const shapeOf = (mixedContext: boolean) => ({ ...expected, mixedContext });

/** How many numbers there are. */
const size = (of: ReturnType<typeof part>) =>
  Object.values(of).reduce((sum, { data }) => sum + data.length, 0);

Deno.test("a generator has as many weights as the published ones", () => {
  const random = Random.fromSeed(0);
  assert.equal(size(initialGenerator(5, random)), 42_344);
  assert.equal(size(initialGenerator(7, random)), 42_474);
  assert.equal(Object.keys(initialGenerator(5, random)).length, 52);
  assert.equal(size(initialPredictor(56, random)), 4 * 56 * 57 + 57);
});

Deno.test("agNetLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  const shapes = (of: ReturnType<typeof part>) =>
    Object.entries(of).map(([name, { shape }]) => [name, shape]).sort();
  assert.deepEqual(
    shapes({
      ...initialGenerator(4, Random.fromSeed(0), { state: 6, noise: 5 }),
      ...initialPredictor(22, Random.fromSeed(0)),
    }),
    shapes(part("parameter")),
  );
  await assertSameStep(
    fixture,
    (state, inputs) => agNetLoss(state, inputs, shapeOf(true)),
  );
});

Deno.test("generatedScores() and generatorLoss() equal PyTorch's, with the published context and with the cell's own", async () => {
  const state = executor.state(part("parameter"));
  const inputs = part("input");
  for (const [name, mixed] of [["mixed", true], ["plain", false]] as const) {
    const step = executor.compile((state, inputs) => {
      const { types, edges } = generatedScores(
        state,
        inputs.z,
        shapeOf(mixed),
      );
      const { loss } = generatorLoss(state, inputs, shapeOf(mixed));
      return { outputs: { types, edges, loss } };
    }, { name });
    const outputs = await step.run(state, inputs);
    const scores = part(name);
    assertClose(outputs.types.data, scores.types.data, ACROSS_BACKENDS, name);
    assertClose(outputs.edges.data, scores.edges.data, ACROSS_BACKENDS, name);
    if (mixed) {
      assertClose(
        outputs.loss.data,
        [expected.generatorLoss],
        ACROSS_BACKENDS,
      );
    }
    await step.dispose();
  }
  state.dispose();
  assert.notDeepEqual(part("mixed").edges.data, part("plain").edges.data);
});
