/**
 * The weak predictor against a second implementation in PyTorch; the expected values are from
 * `test/fixtures/make_rival_fixtures.py`.
 */
import { perceptronLoss } from "../../../lib/search/rivals/weak_predictors.ts";
import { assertSameStep, readFixture } from "./_fixtures.ts";

Deno.test("perceptronLoss(), its gradients and a step of Adam equal PyTorch's", async () => {
  const fixture = await readFixture<
    { readonly loss: number; readonly learningRate: number }
  >("perceptron");
  await assertSameStep(fixture, perceptronLoss);
});
