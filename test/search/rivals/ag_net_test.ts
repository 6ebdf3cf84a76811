import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { TableEvaluator } from "../../../lib/evaluation/table_evaluator.ts";
import { initialGenerator } from "../../../lib/models/ag_net/network.ts";
import {
  agNetTraining,
  trainAgNet,
} from "../../../lib/models/ag_net/training.ts";
import { Oracle } from "../../../lib/search/oracle.ts";
import { agNet, rankWeights } from "../../../lib/search/rivals/ag_net.ts";
import { assertClose, SAME_ALGORITHM } from "../../_helpers.ts";
import { SPACE, TABLE } from "../_tables.ts";
import { executor } from "./_fixtures.ts";

Deno.test("rankWeights() are of ranks, the best first", () => {
  assertClose(
    rankWeights([0.5, 0.9, 0.9]),
    [1 / 2.03, 1 / 0.03, 1 / 1.03],
    SAME_ALGORITHM,
  );
});

Deno.test("agNet() searches with a generator, which its key tells", async () => {
  const training = { ...agNetTraining(0, true), steps: 30 };
  const { weights: generator } = await trainAgNet(SPACE, training, {
    executor,
  });
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
    agNet(SPACE, initialGenerator(7, Random.fromSeed(1)), executor).key,
  );
});
