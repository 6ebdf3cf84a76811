import assert from "node:assert/strict";
import { eagerExecutor } from "../../lib/engine/eager_executor.ts";
import { algorithm1Queries, ALGORITHM_1 } from "../../lib/search/algorithm1.ts";
import {
  algorithm1Name,
  algorithm1Variants,
  ALGORITHM_1_SETTINGS,
  comparedMethods,
  DRAWN_METHODS,
  METHOD_MODELS,
  SCATTERED_METHODS,
  searchStudy,
} from "../../lib/search/compared.ts";
import { limitBudgets } from "../../lib/search/method.ts";
import { SPACE } from "./_tables.ts";

const executor = await eagerExecutor("cpu");

/** A model that methods are made with but nobody asks. */
function model(key: string) {
  const config = { nodes: SPACE.nodeCount, codebookSize: 512 };
  return { space: SPACE, vqvae: { config }, key } as unknown as Parameters<
    typeof algorithm1Variants
  >[0];
}

const methods = (paper = "a", plus = "b", latents = "c") =>
  comparedMethods(SPACE, {
    models: { "arch-llm": model(paper), "arch-llm-plus": model(plus) },
    latents: { vectors: () => [], key: latents },
  }, executor);
/** The names of the methods whose keys differ. */
const changed = (others: ReturnType<typeof methods>) =>
  methods().filter(({ key }, i) => key !== others[i].key)
    .map(({ name }) => name);

Deno.test("comparedMethods() lists rivals first, each once, with budget and source", () => {
  assert.deepEqual(methods().map(({ name, budget }) => [name, budget]), [
    ["Random search", 400],
    ["Regularised evolution", 400],
    ["Local search, all neighbours", 400],
    ["Local search, first improvement", 400],
    ["Gaussian process, one-hot", 192],
    ["Gaussian process, paths", 192],
    ["Gaussian process, paths and subtrees", 400],
    ["Gaussian process, arch2vec", 192],
    ["BANANAS", 192],
    ["Arch-LLM, Algorithm 1, any masks", 400],
    ["Arch-LLM, Algorithm 1, 2 masks at most", 400],
    ["Arch-LLM+, Algorithm 1, any masks", 400],
    ["Arch-LLM+, Algorithm 1, 2 masks at most", 400],
    ["Control without a language model", 400],
    ["Arch-LLM+ search", 400],
  ]);
  for (const { name, source } of methods()) assert.ok(source !== "", name);
  const names = methods().map(({ name }) => name);
  for (const drawn of [...DRAWN_METHODS, ...SCATTERED_METHODS]) {
    assert.ok(names.includes(drawn), drawn);
  }
});

Deno.test("comparedMethods() have keys of their own: another model changes those that use it", () => {
  const keys = methods().map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  assert.deepEqual(changed(methods()), []);
  assert.deepEqual(changed(methods("other")), [
    "Arch-LLM, Algorithm 1, any masks",
    "Arch-LLM, Algorithm 1, 2 masks at most",
  ]);
  assert.deepEqual(changed(methods("a", "other")), [
    "Arch-LLM+, Algorithm 1, any masks",
    "Arch-LLM+, Algorithm 1, 2 masks at most",
    "Arch-LLM+ search",
  ]);
  assert.deepEqual(changed(methods("a", "b", "other")), [
    "Gaussian process, arch2vec",
  ]);
});

Deno.test("comparedMethods() without models are those that need none", () => {
  const alone = comparedMethods(
    SPACE,
    { models: {}, latents: null },
    executor,
  );
  assert.deepEqual(
    [...METHOD_MODELS.keys()],
    methods().filter(({ trained }) => trained).map(({ name }) => name),
  );
  assert.deepEqual(
    alone.map(({ name, key }) => [name, key]),
    methods().filter(({ trained }) => !trained)
      .map(({ name, key }) => [name, key]),
  );
});

Deno.test("algorithm1Variants() begin with the default, as it is compared", () => {
  const variants = algorithm1Variants(model("a"), executor);
  const [compared] = methods()
    .filter(({ name }) => name === algorithm1Name("arch-llm"));
  assert.deepEqual(
    [variants[0].name, variants[0].key],
    [compared.name, compared.key],
  );
  assert.deepEqual(
    variants.map(({ budget }) => budget),
    ALGORITHM_1_SETTINGS.map(algorithm1Queries),
  );
  assert.deepEqual(
    variants.slice(0, 4).map(({ budget }) => budget),
    [400, 400, 400, 400],
  );
  assert.equal(new Set(variants.map(({ name }) => name)).size, 10);
});

Deno.test("algorithm1Name() tells settings that are not the default", () => {
  assert.equal(
    algorithm1Name("arch-llm-plus"),
    "Arch-LLM+, Algorithm 1, any masks",
  );
  assert.equal(
    algorithm1Name("arch-llm", { ...ALGORITHM_1, kept: 10, masked: 3 }),
    "Arch-LLM, Algorithm 1 (100, 10, 4), 3 masks at most",
  );
});

Deno.test("limitBudgets() lowers budgets, and raises none", () => {
  assert.deepEqual(
    new Set(limitBudgets(methods(), 300).map(({ budget }) => budget)),
    new Set([300, 192]),
  );
});

Deno.test("searchStudy() has seeds that nothing was chosen with; a quick one few queries", () => {
  const { seeds, mostQueries } = searchStudy({ trials: 30, quick: false });
  assert.deepEqual([seeds.length, seeds[0], seeds.at(-1)], [30, 1000, 1029]);
  assert.equal(mostQueries, Infinity);
  assert.deepEqual(searchStudy({ trials: 2, quick: true }), {
    seeds: [1000, 1001],
    tuningSeeds: [0, 1],
    mostQueries: 48,
  });
  const { tuningSeeds } = searchStudy({ trials: 30, quick: false });
  assert.deepEqual(tuningSeeds, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(
    limitBudgets(methods(), mostQueries).map(({ budget }) => budget),
    methods().map(({ budget }) => budget),
  );
});
