import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import { Arch2vec } from "../../lib/models/arch2vec/arch2vec.ts";
import { arch2vecConfig } from "../../lib/models/arch2vec/config.ts";
import { initialArch2vecWeights } from "../../lib/models/arch2vec/network.ts";
import { latentGaussianProcessSearch } from "../../lib/search/gaussian_process_search.ts";
import { latentVectors } from "../../lib/search/latents.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { cell, SPACE, TABLE, UNLISTED } from "./_tables.ts";

const config = { ...arch2vecConfig(SPACE), hidden: 16, layers: 1 };
const weights = initialArch2vecWeights(config, Random.fromSeed(0));
const executor = onnxExecutor({ provider: "cpu" });

Deno.test("latentVectors() gives each cell its latent means, once asked or again", async () => {
  const model = new Arch2vec({ config, weights }, executor);
  const { vectors, key } = latentVectors(model, SPACE);
  assert.equal(key, model.key);
  const first = await vectors([7, 3, 7].map(cell));
  assert.deepEqual(first[0], first[2]);
  assert.notDeepEqual(first[0].values, first[1].values);
  const means = await model.encode(SPACE, [3]);
  assert.deepEqual([...(await vectors([cell(3)]))[0].values], [...means]);
  // Cells of a space that does not list them have no index.
  const unlisted = latentVectors(model, UNLISTED).vectors;
  assert.deepEqual(
    (await unlisted([{ ...cell(3), index: null }]))[0].values,
    first[1].values,
  );
  await model.dispose();
});

Deno.test("Gaussian process search works on latent vectors", async () => {
  const model = new Arch2vec({ config, weights }, executor);
  const oracle = new Oracle(SPACE, new TableEvaluator(TABLE), 64);
  const { search } = latentGaussianProcessSearch(latentVectors(model, SPACE), {
    initial: 16,
    round: 16,
    candidates: 200,
    best: 5,
    keep: true,
  });
  await search(oracle, Random.fromSeed(0));
  assert.equal(oracle.history.length, 64);
  const best = (from: number, to: number) =>
    Math.max(
      ...oracle.history.slice(from, to).map(({ validation }) => validation),
    );
  assert.ok(best(16, 64) > best(0, 16));
  await model.dispose();
});

Deno.test("latentGaussianProcessSearch() has the key of the model", () => {
  const vectors = () => [];
  const keys = ["a", "b", "a"].map((key) =>
    latentGaussianProcessSearch({ vectors, key }).key
  );
  assert.equal(keys[0], keys[2]);
  assert.notEqual(keys[0], keys[1]);
});
