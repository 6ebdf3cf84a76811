/** What holds for every search of another paper. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import type { Evaluator } from "../../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../../lib/evaluation/table_evaluator.ts";
import type { ComparedMethod } from "../../../lib/search/compared.ts";
import type { NamedMethod, Search } from "../../../lib/search/method.ts";
import { Oracle } from "../../../lib/search/oracle.ts";
import { rivalSearches } from "../../../lib/search/rivals/rivals.ts";
import { unseenCells } from "../../../lib/search/unseen_cells.ts";
import { withFolder } from "../../_helpers.ts";
import { SPACE, TABLE, UNLISTED, unlistedEvaluator } from "../_tables.ts";
import { executor } from "./_fixtures.ts";

const searches = rivalSearches(SPACE);
const owner = new AsyncDisposableStack();
const { methods, trainedFor } = await withFolder(async (folder) => {
  const methods: (NamedMethod & Pick<ComparedMethod, "trained">)[] = [];
  /** By each search, the models that its opening trained. */
  const trainedFor: Record<string, string[]> = {};
  for (const search of searches) {
    const models = new Set<string>();
    const opened = await search.open({
      ...{ executor, seed: 0, quick: true },
      newModel: (name) => {
        models.add(name);
        return join(folder, name);
      },
    }, owner);
    methods.push({ ...search, ...opened });
    trainedFor[search.name] = [...models];
  }
  return { methods, trainedFor };
});
/** A part of the covered cells: the best of the table is not among the first. */
const covered = TABLE.covered.filter((_, i) => i % 7 === 0);
const validation = TABLE.validation.map((value, i) =>
  covered.includes(i) ? value : NaN
);
const evaluator = new TableEvaluator({ ...TABLE, validation, covered });
const BUDGET = 24;

async function history(search: Search, seed: number) {
  const oracle = new Oracle(SPACE, evaluator, BUDGET);
  await search(oracle, Random.fromSeed(seed));
  return oracle.history;
}

Deno.test("rivalSearches() have names and keys of their own, a source, and only the models that they need", () => {
  const names = methods.map(({ name }) => name);
  assert.equal(new Set(names).size, methods.length);
  assert.equal(new Set(methods.map(({ key }) => key)).size, methods.length);
  assert.ok(searches.every(({ source }) => source !== ""));
  for (const { name, trained = false } of searches) {
    assert.equal(trainedFor[name].length > 0, trained, name);
  }
});

for (const { name, search } of methods) {
  Deno.test(`${name} spends its budget on covered cells, by its seed alone, and begins as all do`, async () => {
    const queries = await history(search, 1);
    assert.equal(queries.length, BUDGET);
    assert.ok(queries.every(({ cell }) => covered.includes(cell.index!)));
    assert.deepEqual(await history(search, 1), queries);
    assert.notDeepEqual(await history(search, 2), queries);
    const oracle = new Oracle(SPACE, evaluator, 1);
    const [first] = unseenCells(oracle, Random.fromSeed(1));
    assert.equal(queries[0].cell.index, first.index);
  });

  Deno.test(`${name} works on a space that is not listed, where half of the evaluations fail`, async () => {
    const failing: Evaluator = {
      ...unlistedEvaluator(),
      async *evaluate(cells) {
        for await (const answer of unlistedEvaluator().evaluate(cells)) {
          const { cell } = answer;
          yield cell.graph.ops[1] < 3 ? { cell, error: "lost" } : answer;
        }
      },
    };
    const oracle = new Oracle(UNLISTED, failing, BUDGET);
    await search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, BUDGET);
    assert.ok(oracle.history.some(({ error }) => error === "lost"));
    assert.ok(oracle.history.some(({ error }) => error === undefined));
  });

  Deno.test(`${name} can go through every covered cell`, async () => {
    const few = covered.slice(0, BUDGET);
    const values = TABLE.validation.map((value, i) =>
      few.includes(i) ? value : NaN
    );
    const oracle = new Oracle(
      SPACE,
      new TableEvaluator({ ...TABLE, validation: values, covered: few }),
      BUDGET,
    );
    await search(oracle, Random.fromSeed(0));
    assert.deepEqual(
      oracle.history.map(({ cell }) => cell.index!).sort((a, b) => a - b),
      [...few],
    );
  });
}
