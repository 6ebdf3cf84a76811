import assert from "node:assert/strict";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { initialArch2vecWeights } from "../../lib/models/arch2vec/network.ts";
import { arch2vecConfig } from "../../lib/models/arch2vec/config.ts";

import { Arch2vec } from "../../lib/models/arch2vec/arch2vec.ts";
import { Random } from "../../lib/core/random.ts";
import { bayesianOptimisation } from "../../lib/search/bayesian.ts";
import { latentVectors } from "../../lib/search/latents.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { madeUpTable, SPACE } from "./_tables.ts";

const config = { ...arch2vecConfig(SPACE), hidden: 16, layers: 1 };
const weights = initialArch2vecWeights(config, Random.fromSeed(0));
const executor = onnxExecutor({ provider: "cpu" });

Deno.test("latentVectors() gives each cell its latent means, once asked or again", async () => {
  const model = new Arch2vec({ config, weights }, executor);
  const vectors = latentVectors(model, SPACE);
  const first = await vectors([7, 3, 7]);
  assert.deepEqual(first[0], first[2]);
  assert.notDeepEqual(first[0].values, first[1].values);
  const means = await model.encode(SPACE, [3]);
  assert.deepEqual([...(await vectors([3]))[0].values], [...means]);
  await model.dispose();
});

Deno.test("Bayesian optimisation works on latent vectors", async () => {
  const model = new Arch2vec({ config, weights }, executor);
  const oracle = new Oracle(SPACE, madeUpTable(), 64);
  await bayesianOptimisation(
    oracle,
    Random.fromSeed(0),
    latentVectors(model, SPACE),
    { initial: 16, round: 16, candidates: 200, best: 5 },
  );
  assert.equal(oracle.history.length, 64);
  const best = (from: number, to: number) =>
    Math.max(
      ...oracle.history.slice(from, to).map(({ validation }) => validation),
    );
  assert.ok(best(16, 64) > best(0, 16));
  await model.dispose();
});
