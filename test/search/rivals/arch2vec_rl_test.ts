/**
 * arch2vec-RL against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_rival_fixtures.py`.
 */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  initialPolicy,
  policyLoss,
  policyMeans,
} from "../../../lib/search/rivals/arch2vec_rl.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";
import { assertSameStep, executor, readFixture } from "./_fixtures.ts";

const fixture = await readFixture<
  { readonly loss: number; readonly learningRate: number }
>("policy");

Deno.test("policyLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  await assertSameStep(fixture, policyLoss);
});

Deno.test("policyMeans() equal PyTorch's, and look at no later state", async () => {
  const means = executor.compile(
    (state, { states }) => ({ outputs: { means: policyMeans(state, states) } }),
    { name: "policy" },
  );
  const state = executor.state(fixture.part("parameter"));
  const { states } = fixture.part("input");
  const { data } = fixture.tensors.get("means")!;
  const all = await means.run(state, { states });
  assertClose(all.means.data, data, ACROSS_BACKENDS);
  const later = (states.data as Float32Array).map((value, i) =>
    i < 8 ? value : -value
  );
  const other = await means.run(state, { states: { ...states, data: later } });
  assertClose(other.means.data.slice(0, 8), data.slice(0, 8), ACROSS_BACKENDS);
  assert.notDeepEqual(other.means.data.slice(8), data.slice(8));
  state.dispose();
  await means.dispose();
});

Deno.test("initialPolicy() has the weights of an LSTM of 128 and of a mean", () => {
  const count = Object.values(initialPolicy(16, Random.fromSeed(0)))
    .reduce((sum, { data }) => sum + data.length, 0);
  assert.equal(count, 4 * 128 * (16 + 128 + 2) + 16 * (128 + 1));
});
