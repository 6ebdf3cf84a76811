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
} from "../../../lib/search/rivals/ag_net_network.ts";
import { TableEvaluator } from "../../../lib/evaluation/table_evaluator.ts";
import { Oracle } from "../../../lib/search/oracle.ts";
import {
  agNet,
  rankWeights,
  trainGenerator,
} from "../../../lib/search/rivals/ag_net.ts";
import {
  ACROSS_BACKENDS,
  assertClose,
  SAME_ALGORITHM,
} from "../../_helpers.ts";
import { SPACE, TABLE } from "../_tables.ts";
import { assertSameStep, executor, readFixture } from "./_fixtures.ts";

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

Deno.test("rankWeights() are of ranks, the best first", () => {
  assertClose(
    rankWeights([0.5, 0.9, 0.9]),
    [1 / 2.03, 1 / 0.03, 1 / 1.03],
    SAME_ALGORITHM,
  );
});

Deno.test("AG-Net learns cells, then searches with them", async () => {
  const losses: string[] = [];
  const generator = await trainGenerator(SPACE, {
    executor,
    random: Random.fromSeed(0),
    steps: 60,
    onProgress: ({ message }) => losses.push(message!),
  });
  const loss = (at: number) => Number(losses.at(at)!.replace("loss ", ""));
  assert.ok(loss(-1) < 0.8 * loss(0), `${losses[0]}, ${losses.at(-1)}`);
  const history = async (seed: number) => {
    const oracle = new Oracle(SPACE, new TableEvaluator(TABLE), 40);
    const { search } = agNet(SPACE, generator, executor);
    await search(oracle, Random.fromSeed(seed));
    return oracle;
  };
  const oracle = await history(1);
  assert.equal(oracle.history.length, 40);
  assert.ok(oracle.proposals.covered > 0);
  assert.deepEqual((await history(1)).history, oracle.history);
  assert.notEqual(
    agNet(SPACE, generator, executor).key,
    agNet(SPACE, initialGenerator(7, Random.fromSeed(0)), executor).key,
  );
});
