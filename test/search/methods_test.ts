import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import type { Evaluator } from "../../lib/evaluation/evaluator.ts";
import { TableEvaluator } from "../../lib/evaluation/table_evaluator.ts";
import {
  archLlmOptions,
  archLlmSearch,
} from "../../lib/search/arch_llm_search.ts";
import { bananas } from "../../lib/search/bananas.ts";
import { gaussianProcessSearch } from "../../lib/search/gaussian_process_search.ts";
import {
  ALL_NEIGHBOURS,
  FIRST_IMPROVEMENT,
  localSearch,
} from "../../lib/search/local_search.ts";
import type { SearchMethod } from "../../lib/search/method.ts";
import { neighbours } from "../../lib/search/neighbours.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { regularisedEvolution } from "../../lib/search/regularised_evolution.ts";
import { rewriteWriter } from "../../lib/search/rewrite_writer.ts";
import { ROUNDS, searchInRounds } from "../../lib/search/rounds.ts";
import { unseenCells } from "../../lib/search/unseen_cells.ts";
import {
  cell,
  CountingEvaluator,
  indices,
  SPACE,
  TABLE,
  UNLISTED,
  unlistedEvaluator,
} from "./_tables.ts";
import { keyed, NeighbourWriter } from "./_writers.ts";

const evaluator = new TableEvaluator(TABLE);
const executor = onnxExecutor({ provider: "cpu" });
const METHODS: Record<string, SearchMethod> = {
  "random search": randomSearch(),
  "regularised evolution": regularisedEvolution(),
  "local search, all neighbours": localSearch(ALL_NEIGHBOURS),
  "local search, first improvement": localSearch(FIRST_IMPROVEMENT),
  "Gaussian process search": gaussianProcessSearch(["subtrees"], {
    ...ROUNDS,
    candidates: 200,
  }),
  BANANAS: bananas(executor),
};

async function history({ search }: SearchMethod, seed: number) {
  const oracle = new Oracle(SPACE, evaluator, 120);
  await search(oracle, Random.fromSeed(seed));
  return oracle.history;
}

for (const [name, method] of Object.entries(METHODS)) {
  Deno.test(`${name} spends its budget on covered cells, by its seed alone`, async () => {
    const queries = await history(method, 1);
    assert.equal(queries.length, 120);
    assert.ok(
      queries.every(({ cell }) => TABLE.covered.includes(cell.index!)),
    );
    assert.deepEqual(await history(method, 1), queries);
    assert.notDeepEqual(await history(method, 2), queries);
  });

  Deno.test(`${name} works on a space that is not listed`, async () => {
    const oracle = new Oracle(UNLISTED, unlistedEvaluator(), 60);
    await method.search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 60);
    assert.equal(new Set(oracle.history.map(({ cell }) => cell.key)).size, 60);
    assert.ok(oracle.history.every(({ cell }) => cell.index === null));
  });

  Deno.test(`${name} goes on where half of the evaluations fail`, async () => {
    const failing: Evaluator = {
      ...unlistedEvaluator(),
      async *evaluate(cells) {
        for await (const answer of unlistedEvaluator().evaluate(cells)) {
          const { cell } = answer;
          yield cell.graph.ops[1] < 3 ? { cell, error: "lost" } : answer;
        }
      },
    };
    const oracle = new Oracle(UNLISTED, failing, 60);
    await method.search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 60);
    assert.ok(oracle.history.some(({ error }) => error === "lost"));
    assert.ok(oracle.history.some(({ error }) => error === undefined));
  });
}

Deno.test("what looks at accuracies finds better cells than random search", async () => {
  const mean = async (method: SearchMethod) => {
    let sum = 0;
    for (let seed = 0; seed < 5; seed++) {
      const queries = await history(method, seed);
      sum += Math.max(...queries.map(({ validation }) => validation)) / 5;
    }
    return sum;
  };
  const { "random search": random, ...others } = METHODS;
  const level = await mean(random);
  for (const [name, method] of Object.entries(others)) {
    assert.ok(await mean(method) > level + 0.02, name);
  }
});

Deno.test("a search can go through every covered cell", async () => {
  const few = TABLE.covered.slice(0, 60);
  const validation = new Float64Array(TABLE.validation.length).fill(NaN);
  for (const cell of few) validation[cell] = TABLE.validation[cell];
  const table = new TableEvaluator({ ...TABLE, validation, covered: few });
  for (const [name, { search }] of Object.entries(METHODS)) {
    const oracle = new Oracle(SPACE, table, 60);
    await search(oracle, Random.fromSeed(0));
    assert.deepEqual(
      indices(oracle.history).sort((a, b) => a - b),
      [...few],
      name,
    );
  }
});

Deno.test("searches ask in batches: random search in one, rounds in one each", async () => {
  const batches = async ({ search }: SearchMethod, budget: number) => {
    const counting = new CountingEvaluator();
    await search(new Oracle(SPACE, counting, budget), Random.fromSeed(0));
    return counting.batches;
  };
  assert.deepEqual(await batches(METHODS["random search"], 100), [100]);
  assert.deepEqual(await batches(METHODS.BANANAS, 40), [16, 16, 8]);
  const [population, ...children] = await batches(
    METHODS["regularised evolution"],
    30,
  );
  assert.equal(population, 10);
  assert.ok(children.every((batch) => batch === 1));
});

Deno.test("all searches of a seed begin with the same random cells", async () => {
  const first = async ({ search }: SearchMethod) => {
    const oracle = new Oracle(SPACE, evaluator, 16);
    await search(oracle, Random.fromSeed(7));
    return indices(oracle.history);
  };
  const random = await first(METHODS["random search"]);
  const byRounds = [
    METHODS["Gaussian process search"],
    METHODS.BANANAS,
    archLlmSearch(rewriteWriter(SPACE), archLlmOptions(SPACE)),
    archLlmSearch(keyed(new NeighbourWriter()), archLlmOptions(SPACE)),
  ];
  for (const method of byRounds) assert.deepEqual(await first(method), random);
  const evolved = await first(METHODS["regularised evolution"]);
  const climbed = await first(METHODS["local search, first improvement"]);
  assert.deepEqual(evolved.slice(0, 10), random.slice(0, 10));
  assert.deepEqual(climbed.slice(0, 10), random.slice(0, 10));
  const all = await first(METHODS["local search, all neighbours"]);
  assert.equal(all[0], random[0]);
});

Deno.test("localSearch() asks for all neighbours, or for none after the first better one", async () => {
  const counting = async (method: SearchMethod) => {
    const counted = new CountingEvaluator();
    await method.search(new Oracle(SPACE, counted, 60), Random.fromSeed(0));
    return counted.batches;
  };
  // A cell has 6 edges with 4 other operations each; one cell in ten is not covered.
  const [start, near] = await counting(localSearch(ALL_NEIGHBOURS));
  assert.equal(start, 1);
  assert.ok(near > 15 && near <= 24, `${near}`);
  const batches = await counting(localSearch(FIRST_IMPROVEMENT));
  assert.deepEqual(batches.slice(0, 11), [10, ...new Array(10).fill(1)]);
  // A start anew is of ten random cells, less those that were asked for before.
  assert.ok(batches.every((size) => size === 1 || size > 5 && size <= 10));

  // From the best of ten it walks up: each move is to the first neighbour that is better.
  const oracle = new Oracle(SPACE, evaluator, 60);
  await localSearch(FIRST_IMPROVEMENT).search(oracle, Random.fromSeed(0));
  const { history } = oracle;
  let best = Math.max(
    ...history.slice(0, 10).map(({ validation }) => validation),
  );
  let at = history.find(({ validation }) => validation === best)!;
  for (const query of history.slice(10, 20)) {
    const near = neighbours(SPACE, at.cell).map(({ index }) => index);
    assert.ok(near.includes(query.cell.index));
    if (query.validation > best) [best, at] = [query.validation, query];
  }
});

Deno.test("candidates of earlier rounds stay, where they are kept", async () => {
  const pools = async (keep: boolean) => {
    const sizes: number[] = [];
    const oracle = new Oracle(SPACE, evaluator, 8);
    const random = Random.fromSeed(0);
    let next = 100;
    await searchInRounds(oracle, { initial: 2, round: 2, best: 1, keep }, {
      random: () => unseenCells(oracle, random),
      // Four new cells a round, of which 103, 113 and so on are not covered.
      candidates: () => Array.from({ length: 4 }, () => cell(next++)),
      rank: (candidates) => {
        sizes.push(candidates.length);
        return candidates;
      },
    });
    assert.deepEqual(oracle.proposals, { covered: 11, outside: 1 });
    return sizes;
  };
  // 3, 4, 4 candidates that are covered; two of them are queried in each round.
  assert.deepEqual(await pools(false), [3, 4, 4]);
  assert.deepEqual(await pools(true), [3, 5, 7]);
});

Deno.test("searches end where a space has no more cells", async () => {
  // Its random cells are two, and neither has neighbours.
  let draws = 0;
  const two = {
    ...UNLISTED,
    neighbours: () => [],
    randomCell: () => cell(draws++ % 2).graph,
  };
  for (const [name, { search }] of Object.entries(METHODS)) {
    const oracle = new Oracle(two, unlistedEvaluator(), 10);
    await search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 2, name);
  }
});

Deno.test("keys of methods differ by method and settings, and by nothing else", () => {
  const methods = [
    randomSearch(),
    localSearch(ALL_NEIGHBOURS),
    localSearch(FIRST_IMPROVEMENT),
    regularisedEvolution(),
    regularisedEvolution({ population: 20, sample: 3 }),
    gaussianProcessSearch(["paths"]),
    gaussianProcessSearch(["paths", "subtrees"]),
    gaussianProcessSearch(["paths"], { ...ROUNDS, round: 8 }),
    gaussianProcessSearch(["paths"], { ...ROUNDS, keep: false }),
    bananas(executor),
    bananas(executor, { ...ROUNDS, best: 5 }),
  ];
  assert.equal(new Set(methods.map(({ key }) => key)).size, methods.length);
  assert.equal(
    gaussianProcessSearch(["paths"]).key,
    gaussianProcessSearch(["paths"], { ...ROUNDS }).key,
  );
});
