/**
 * A run of one trial that kills itself hard, without a chance to tidy up, when its evaluator
 * has given so many answers: `_killed.ts <folder> <answers>`.
 */

import { gaussianProcessSearch } from "../../lib/search/gaussian_process_search.ts";
import { runTrials } from "../../lib/search/trials.ts";
import { CountingEvaluator, SPACE } from "./_tables.ts";

/** 192 queries in rounds of 16. */
export const KILLED_METHOD = {
  name: "Gaussian process",
  budget: 192,
  ...gaussianProcessSearch(["one-hot"], {
    initial: 16,
    round: 16,
    candidates: 100,
    best: 5,
    keep: true,
  }),
};

/** Kills the process with the answer after the last one. */
class DeadlyEvaluator extends CountingEvaluator {
  #left: number;

  constructor(answers: number) {
    super();
    this.#left = answers;
  }

  override async *evaluate(
    ...args: Parameters<CountingEvaluator["evaluate"]>
  ) {
    for await (const answer of super.evaluate(...args)) {
      if (this.#left-- === 0) Deno.kill(Deno.pid, "SIGKILL");
      yield answer;
    }
  }
}

if (import.meta.main) {
  const [folder, answers] = Deno.args;
  await runTrials(
    SPACE,
    [new DeadlyEvaluator(Number(answers))],
    [KILLED_METHOD],
    { seeds: [0], folder },
  );
}
