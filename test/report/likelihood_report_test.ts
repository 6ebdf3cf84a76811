import assert from "node:assert/strict";
import type { NamedLikelihood } from "../../lib/models/t5/likelihood.ts";
import {
  likelihoodFound,
  likelihoodTable,
  perplexityFigure,
} from "../../lib/report/likelihood_report.ts";
import { TOY } from "../_toy_space.ts";

/** 20 cells of 4 nodes: the bound is ln 20 = 3.00 nats. */
const space = TOY;

/** A model by its perplexities at 4 positions, and at the end where it has one. */
function likelihood(
  model: string,
  ...perplexities: number[]
): NamedLikelihood {
  const perPosition = perplexities.map(Math.log);
  return {
    model,
    perPosition,
    perSequence: perPosition.reduce((sum, nats) => sum + nats, 0),
  };
}

const COMPARED = {
  "arch-llm": [
    likelihood("Markov chain, order 1", 2, 4, 4, 4),
    likelihood("Markov chain, order 2", 2, 4, 3, 8),
    likelihood("T5", 2.001, 4.5, 2.5, 1, 2),
  ],
  "arch-llm-plus": [
    likelihood("Markov chain, order 1", 3, 3, 3, 3),
    likelihood("T5", 2, 2, 2, 3, 1),
  ],
};

Deno.test("perplexityFigure() has a bar for each code of a sequence, none for its end", () => {
  const { data } = perplexityFigure(space, "arch-llm", COMPARED["arch-llm"]);
  assert.deepEqual(data.map(({ name }) => name), [
    "Markov chain, order 1",
    "Markov chain, order 2",
    "T5",
  ]);
  assert.deepEqual(data[2].y, [2.001, 4.5, 2.5, 1]);
});

Deno.test("likelihoodTable() has both codes and the bound", () => {
  const { rows, columns } = likelihoodTable(space, COMPARED);
  assert.deepEqual(rows.map(({ code, model }) => [code, model]), [
    ["Arch-LLM", "Markov chain, order 1"],
    ["Arch-LLM", "Markov chain, order 2"],
    ["Arch-LLM", "T5"],
    ["Arch-LLM+", "Markov chain, order 1"],
    ["Arch-LLM+", "T5"],
    ["any", "uniform over all cells of the space"],
  ]);
  assert.equal(rows[5].perSequence, Math.log(20));
  assert.deepEqual(columns.at(-1)!.texts, [
    "4.00",
    "8.00",
    "1.00",
    "3.00",
    "3.00",
    "–",
  ]);
});

Deno.test("likelihoodFound() compares the T5 with the bound and the best chain", () => {
  // Arch-LLM: 2.001 · 4.5 · 2.5 · 1 · 2 = 45.02, ln 3.81; chains 2 · 4 · 4 · 4 = 128, ln 4.85,
  // and 2 · 4 · 3 · 8 = 192. At position 0 2.001 and 2 look the same in the table.
  // Arch-LLM+: 2 · 2 · 2 · 3 = 24, ln 3.18; the chain 81, ln 4.39.
  assert.equal(
    likelihoodFound(space, COMPARED),
    "- **Arch-LLM**: the T5 needs 3.81 nats for a validation cell, 0.81 more than the bound of 3.00; " +
      "the best chain (order 1) needs 4.85. A chain has a lower perplexity than the T5 at position 1.\n" +
      "- **Arch-LLM+**: the T5 needs 3.18 nats for a validation cell, 0.18 more than the bound of 3.00; " +
      "the best chain (order 1) needs 4.39. No chain has a lower perplexity than the T5 at any position.",
  );
});

Deno.test("no bound stands where the cells of a space are a sample", () => {
  const { indexOf: _, ...sampled } = space;
  const { rows } = likelihoodTable(sampled, COMPARED);
  assert.ok(rows.every(({ code }) => code !== "any"));
  assert.doesNotMatch(likelihoodFound(sampled, COMPARED), /bound/);
});
