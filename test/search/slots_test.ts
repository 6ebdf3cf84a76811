import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import type { Evaluator } from "../../lib/evaluation/evaluator.ts";
import {
  archLlmOptions,
  archLlmSearch,
} from "../../lib/search/arch_llm_search.ts";
import { gaussianProcessSearch } from "../../lib/search/gaussian_process_search.ts";
import {
  FIRST_IMPROVEMENT,
  localSearch,
} from "../../lib/search/local_search.ts";
import type { SearchMethod } from "../../lib/search/method.ts";
import { Oracle } from "../../lib/search/oracle.ts";
import { randomSearch } from "../../lib/search/random_search.ts";
import { regularisedEvolution } from "../../lib/search/regularised_evolution.ts";
import { ROUNDS } from "../../lib/search/rounds.ts";
import { runTrials, type Trial } from "../../lib/search/trials.ts";
import type { Cell } from "../../lib/spaces/cell.ts";
import { withFolder } from "../_helpers.ts";
import { cell, indices, SPACE, TABLE } from "./_tables.ts";
import { keyed, NeighbourWriter } from "./_writers.ts";

const SLOTS = 4;
const BUDGET = 60;

/** A second in which nothing is begun, though there is a slot: a search has left it empty. */
const IDLE_MS = 1000;

/**
 * Judges cells in simulated time: each takes as long as random numbers say, and once all slots
 * are taken the clock is put forward to the first that is ready.
 */
class Cluster implements Evaluator {
  readonly name = "cluster";
  readonly key = "cluster";
  readonly asked: string[] = [];
  /** How often a slot was left empty. */
  idle = 0;
  readonly #random: Random;
  readonly #slots: number;
  readonly #going: { readonly ready: number; readonly end: () => void }[] = [];
  #now = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seed: number, slots = SLOTS) {
    this.#random = Random.fromSeed(seed);
    this.#slots = slots;
  }

  covers(): boolean {
    return true;
  }

  async *evaluate(cells: readonly Cell[]) {
    for (const cell of cells) {
      this.asked.push(cell.key);
      await this.#wait(1 + 9 * this.#random.uniform());
      yield { cell, validation: TABLE.validation[cell.index!] || 0.5 };
    }
  }

  #wait(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#going.push({ ready: this.#now + time, end: resolve });
    assert.ok(
      this.#going.length <= this.#slots,
      "more begun than there are slots",
    );
    this.#forward();
    return promise;
  }

  #forward(): void {
    clearTimeout(this.#timer);
    if (this.#going.length === 0) return;
    const isEnd = this.asked.length === BUDGET;
    if (this.#going.length < this.#slots && !isEnd) {
      this.#timer = setTimeout(() => {
        this.idle++;
        this.#end();
      }, IDLE_MS);
    } else this.#timer = setTimeout(() => this.#end());
  }

  #end(): void {
    const [next] = this.#going.toSorted((a, b) => a.ready - b.ready);
    this.#going.splice(this.#going.indexOf(next), 1);
    this.#now = next.ready;
    next.end();
    this.#forward();
  }

  /** Ends all that goes on. */
  stop(): void {
    clearTimeout(this.#timer);
    for (const { end } of this.#going.splice(0)) end();
  }
}

const METHODS: Record<string, SearchMethod> = {
  "regularised evolution": regularisedEvolution(),
  "Gaussian process search": gaussianProcessSearch(["paths"], {
    ...ROUNDS,
    candidates: 100,
  }),
  "Arch-LLM+ search": archLlmSearch(
    keyed(new NeighbourWriter()),
    { ...archLlmOptions(SPACE), written: 100, fills: 5 },
  ),
};

for (const [name, { search }] of Object.entries(METHODS)) {
  Deno.test(`${name} refills each slot as soon as it is free`, async () => {
    const cluster = new Cluster(0);
    const oracle = new Oracle(SPACE, cluster, BUDGET, { slots: SLOTS });
    await search(oracle, Random.fromSeed(0));
    await oracle.settle();
    assert.equal(oracle.history.length, BUDGET);
    assert.equal(new Set(cluster.asked).size, BUDGET);
    assert.equal(cluster.idle, 0);
  });
}

for (const name of ["regularised evolution", "Arch-LLM+ search"]) {
  Deno.test(`${name} with slots that was killed goes the same way again, whatever comes first`, async () => {
    const method = { name, budget: BUDGET, ...METHODS[name] };
    await withFolder(async (folder) => {
      const run = async (
        cluster: Cluster,
        onQuery?: (cell: Cell) => void,
      ): Promise<Trial> => {
        const [trial] = await runTrials(SPACE, [cluster], [method], {
          ...{ seeds: [0], folder, slots: SLOTS },
          onQuery: onQuery && (({ cell }) => onQuery(cell)),
        });
        return trial;
      };
      const taken: string[] = [];
      const first = new Cluster(0);
      await assert.rejects(
        run(first, ({ key }) => {
          if (taken.push(key) === 40) throw new Error("killed");
        }),
        /killed/,
      );
      first.stop();
      const again: string[] = [];
      const second = new Cluster(1);
      const trial = await run(second, ({ key }) => again.push(key));
      assert.deepEqual(again.slice(0, 40), taken);
      assert.equal(trial.queries.length, BUDGET);
      // What was begun and not answered is asked for again, nothing else is.
      const answered = BUDGET - second.asked.length;
      assert.ok(answered >= 40 && answered < 40 + SLOTS, `${answered}`);
      const begun = first.asked.slice(answered);
      assert.deepEqual(
        second.asked.filter((key) => first.asked.includes(key)).length,
        begun.length,
      );
    });
  });
}

Deno.test("searches that ask in batches have as many going on as they ask for", async () => {
  for (const { search } of [randomSearch(), localSearch(FIRST_IMPROVEMENT)]) {
    const oracle = new Oracle(SPACE, new Cluster(0, 1), 20, { slots: SLOTS });
    await search(oracle, Random.fromSeed(0));
    assert.equal(oracle.history.length, 20);
  }
});

Deno.test("Oracle.next() takes answers in the order of a journal, then as they come", async () => {
  const ends = new Map<number, () => void>();
  const order: string[] = [cell(9).key, cell(3).key, cell(1).key];
  const oracle = new Oracle(
    SPACE,
    {
      ...{ name: "scripted", key: "", covers: () => true },
      async *evaluate([cell]) {
        await new Promise<void>((end) => ends.set(cell.index!, end));
        yield { cell, validation: 0.5 };
      },
    },
    4,
    { slots: 4, order },
  );
  for (const index of [1, 2, 3, 4]) oracle.begin([cell(index)]);
  assert.deepEqual([oracle.pending, oracle.remaining], [4, 0]);
  const next = async () => (await oracle.next())?.cell.index;
  const first = next();
  for (const index of [4, 1]) ends.get(index)!();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(oracle.history, []);
  assert.equal(oracle.answerOf(cell(1)), null);
  ends.get(3)!();
  assert.equal(await first, 3);
  assert.deepEqual([await next(), await next()], [1, 4]);
  ends.get(2)!();
  assert.deepEqual([await next(), await next()], [2, undefined]);
  assert.deepEqual(indices(oracle.history), [1, 2, 3, 4]);
});

Deno.test("Oracle.next() ends with the reason why answers cannot come", async () => {
  const oracle = new Oracle(
    SPACE,
    {
      ...{ name: "broken", key: "", covers: () => true },
      // deno-lint-ignore require-yield
      async *evaluate() {
        await Promise.resolve();
        throw new Error("the queue is gone");
      },
    },
    4,
    { slots: 2 },
  );
  oracle.begin([cell(1)]);
  await assert.rejects(oracle.next(), /the queue is gone/);
});
