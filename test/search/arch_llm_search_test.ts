import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import {
  archLlmOptions,
  archLlmSearch,
} from "../../lib/search/arch_llm_search.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { SPACE, TABLE } from "./_tables.ts";
import { keyed, NeighbourWriter, silentWriter } from "./_writers.ts";

const evaluator = new TableEvaluator(TABLE);
const options = { ...archLlmOptions(SPACE), written: 200 };

Deno.test("archLlmSearch() spends its budget and beats a search without accuracies", async () => {
  const run = async (seed: number) => {
    const oracle = new Oracle(SPACE, evaluator, 96);
    const writer = new NeighbourWriter();
    await archLlmSearch(keyed(writer), options)
      .search(oracle, Random.fromSeed(seed));
    assert.deepEqual([...writer.masked], [2]);
    return oracle.history;
  };
  const history = await run(0);
  assert.equal(history.length, 96);
  assert.deepEqual(await run(0), history);
  const best = (from: number, to: number) =>
    Math.max(...history.slice(from, to).map(({ validation }) => validation));
  // The first 16 were written knowing nothing.
  assert.ok(best(16, 96) > best(0, 16) + 0.05);
});

Deno.test("archLlmSearch() goes on where the writer has nothing to say", async () => {
  const oracle = new Oracle(SPACE, evaluator, 40);
  await archLlmSearch(keyed(silentWriter), options)
    .search(oracle, Random.fromSeed(0));
  assert.equal(oracle.history.length, 40);
});

Deno.test("archLlmSearch() has the key of its settings and its writer", () => {
  const { key } = archLlmSearch(keyed(silentWriter), options);
  assert.equal(archLlmSearch(keyed(new NeighbourWriter()), options).key, key);
  for (
    const other of [
      archLlmSearch({ writer: silentWriter, key: "another" }, options),
      archLlmSearch(keyed(silentWriter), { ...options, fills: 1 }),
      archLlmSearch(keyed(silentWriter), { ...options, features: ["paths"] }),
    ]
  ) assert.notEqual(other.key, key);
});
