import assert from "node:assert/strict";
import { MOST_DIFFERENT_CELLS } from "../../lib/generation/sampling_sweep.ts";
import { PAPER_TABLE_1 } from "../../lib/paper/generation_tables.ts";
import { PAPER_TABLE_3 } from "../../lib/paper/search_tables.ts";
import {
  beyondProse,
  bulletList,
  differenceProse,
  divergenceProse,
  generationProse,
  meaningProse,
  permutationProse,
  predictorProse,
  rivalProse,
  searchProse,
  seedsProse,
} from "../../lib/report/prose.ts";
import type { Row } from "../../lib/report/tables.ts";

Deno.test("bulletList() writes a line a sentence", () => {
  assert.equal(bulletList(["One.", "Two."]), "- One.\n- Two.");
});

/** A measured row of Table 1. */
function generated(
  method: string,
  mode: "paper" | "strict",
  [validity, absoluteUniqueness, absoluteNovelty]: number[],
  settings: Row = {},
): Row {
  return {
    method,
    source: "measured",
    mode,
    validity,
    absoluteUniqueness,
    absoluteNovelty,
    ...settings,
  };
}

Deno.test("generationProse() sets the paper's rows beside those at the same temperature", () => {
  const sentences = generationProse([
    ...PAPER_TABLE_1.map((row) => ({ ...row })),
    generated("Arch-LLM t=0.7", "paper", [97, 95, 9], { temperature: 0.7 }),
    generated("Arch-LLM+ t=1.8", "paper", [90, 87, 12], { temperature: 1.8 }),
  ]);
  // Nothing of the paper's code is at 1.8 here, and Arch-LLM+ is not the paper's code.
  assert.deepEqual(sentences, [
    "At t = 0.7 the paper reports 88.58 % valid, 85.10 % absolute uniqueness and 10.65 % absolute novelty; its code run here has 97.00, 95.00 and 9.00 in the published reading.",
  ]);
});

Deno.test("generationProse() tells what came at the temperature that was chosen, counted strictly", () => {
  const uniqueness = { chosenFor: `as published; ${MOST_DIFFERENT_CELLS}` };
  assert.deepEqual(
    generationProse([
      generated("Arch-LLM+ t=0.8", "strict", [99, 90, 8], {
        temperature: 0.8,
        chosenFor: "absolute novelty (strict)",
      }),
      generated("Arch-LLM+ t=0.9", "strict", [98, 71, 7], {
        temperature: 0.9,
        ...uniqueness,
      }),
      generated("Arch-LLM+ t=0.9", "paper", [99, 99, 9], {
        temperature: 0.9,
        ...uniqueness,
      }),
    ]),
    [
      "Counted strictly, 98.00 % of Arch-LLM+'s samples at t = 0.9 are cells of the space as they stand, 71.00 % valid and different, 7.00 % novel; the temperature was chosen on other samples.",
    ],
  );
});

Deno.test("beyondProse() tells what comes of 100 sentences, with and without an aim", () => {
  const row = (
    method: string,
    [validPer100, uniquePer100, novelPer100]: number[],
    [samples, draws]: number[],
  ): Row => ({
    ...{ method, validPer100, uniquePer100, novelPer100, samples, draws },
  });
  assert.deepEqual(
    beyondProse([
      row("Arch-LLM+ t=0.9", [98, 71, 7], [10_000, 10_000]),
      row("Arch-LLM+, unique, t=0.9", [50, 50, 5], [10_000, 20_000]),
      row("Arch-LLM+, novel, t=0.9", [0.9, 0.9, 0.9], [1558, 171_000]),
    ]),
    [
      "Of 100 sentences that Arch-LLM+ draws independently come 98.00 valid, 71.00 different and 7.00 novel cells; with an aim, unique 50.00 valid, 50.00 different and 5.00 novel cells (10,000 of 20,000); novel 0.90 valid, 0.90 different and 0.90 novel cells (1,558 of 171,000).",
    ],
  );
});

Deno.test("seedsProse() tells of several trainings alone", () => {
  const row = {
    ...{ method: "Arch-LLM+", mode: "strict", seeds: "0, 1, 2", trainings: 3 },
    chosenFor: MOST_DIFFERENT_CELLS,
    ...{ validity: 98, validityDeviation: 0.5 },
    ...{ absoluteUniqueness: 71, absoluteUniquenessDeviation: 0.25 },
    ...{ absoluteNovelty: 9, absoluteNoveltyDeviation: 1 },
  };
  assert.deepEqual(
    seedsProse([
      row,
      { ...row, mode: "paper" },
      { ...row, trainings: 1 },
      { ...row, chosenFor: "as published" },
    ]),
    [
      "Over 3 trainings (seeds 0, 1, 2), each at the temperature chosen for it, Arch-LLM+ has, counted strictly, a validity of 98.00 ± 0.50 %, an absolute uniqueness of 71.00 ± 0.25 % and an absolute novelty of 9.00 ± 1.00 %.",
    ],
  );
});

Deno.test("generationProse() takes the mean of a rival's seeds", () => {
  assert.deepEqual(
    generationProse([
      generated("arch2vec, run here", "strict", [10, 9, 1]),
      generated("arch2vec, run here", "strict", [12, 9, 1]),
      generated("arch2vec, run here", "paper", [50, 49, 40]),
      generated("arch2vec, repaired", "strict", [60, 50, 6]),
    ]),
    [
      "Of rivals' samples, cells of the space as they stand are 11.00 % of arch2vec, run here (the mean of 2 seeds) and 60.00 % of arch2vec, repaired.",
    ],
  );
  assert.deepEqual(generationProse([]), []);
});

function searched(
  method: string,
  queries: number,
  [validation, test, found]: number[],
): Row {
  return {
    source: "measured",
    method,
    queries,
    "cifar10 validation": validation,
    "cifar10 test": test,
    "cifar10 optimum found": found,
    "cifar10 trials": 10,
  };
}

Deno.test("searchProse() compares methods after as many queries, Algorithm 1 with the paper", () => {
  const published = PAPER_TABLE_3.map((
    { method, queries, accuracies },
  ): Row => ({
    source: "paper",
    method,
    queries,
    "cifar10 validation": accuracies.cifar10.validation,
    "cifar10 test": accuracies.cifar10.test,
  }));
  const measured = [
    searched("Random search", 192, [94.3, 93.6, 0]),
    searched("Local search", 192, [94.6, 93.9, 1]),
    searched("Arch-LLM, Algorithm 1, any masks", 192, [94.1, 93.3, 0]),
    searched("Arch-LLM+ search", 192, [94.9, 94.1, 6]),
    searched("Local search", 400, [95, 94.2, 9]),
    searched("Arch-LLM, Algorithm 1, any masks", 400, [94.5, 93.7, 0]),
    searched("Arch-LLM, Algorithm 1, 2 masks at most", 400, [94.7, 93.98, 0]),
  ];
  const titles = [{ dataset: "cifar10", title: "CIFAR-10" }];
  assert.deepEqual(searchProse([...published, ...measured], titles), [
    "CIFAR-10, validation / test accuracy: with 192 queries the Arch-LLM+ search returns 94.90 / 94.10 and the best cell there is in 6 of 10 trials; the best other method run here, Local search, 94.60 / 93.90 and 1 of 10; AG-Net's published row (192 queries, on all cells of the space) is 94.90 / 94.18. Arch-LLM, Algorithm 1, any masks, returns 94.50 / 93.70 after 400 queries, −0.17 / −0.28 from the paper's 94.67 / 93.98 after 400. Arch-LLM, Algorithm 1, 2 masks at most, returns 94.70 / 93.98 after 400 queries, +0.03 / +0.00 from the paper's 94.67 / 93.98 after 400.",
  ]);
  // A space that the paper does not have, and no method but one.
  assert.deepEqual(searchProse([measured[3]]), [
    "cifar10, validation / test accuracy: with 192 queries the Arch-LLM+ search returns 94.90 / 94.10 and the best cell there is in 6 of 10 trials.",
  ]);
  assert.deepEqual(searchProse(published), []);
});

Deno.test("differenceProse() rests on the paired difference of the search to its control", () => {
  const row = {
    dataset: "CIFAR-10",
    method: "Arch-LLM+ search",
    queries: 192,
    trials: 30,
    difference: 0.1264,
    error: 0.0512,
    better: 18,
    worse: 7,
    p: 0.0433,
  };
  const start = "CIFAR-10, after 192 queries: the Arch-LLM+ search differs by";
  const control =
    "points of validation accuracy from the same search with random rewrites in the place of the language model";
  assert.deepEqual(
    differenceProse([
      row,
      { ...row, method: "Random search" },
      { ...row, difference: -0.002, better: 8, p: 1 },
    ]),
    [
      `${start} +0.126 ± 0.051 ${control} (better in 18 and worse in 7 of 30 trials, sign test p = 0.0433), a difference at the level of 5 %.`,
      `${start} −0.002 ± 0.051 ${control} (better in 8 and worse in 7 of 30 trials, sign test p = 1.0000), no difference at the level of 5 %.`,
    ],
  );
});

Deno.test("permutationProse() has a sentence a row", () => {
  assert.deepEqual(
    permutationProse([
      { method: "Arch-LLM", sequences: 1000, duplicated: 27 },
      { code: "Arch-LLM+", sequences: 50, duplicated: 1 },
    ]),
    [
      "Arch-LLM: 27 of 1,000 sequences have a permutation that is the same cell.",
      "Arch-LLM+: 1 of 50 sequences have a permutation that is the same cell.",
    ],
  );
});

Deno.test("divergenceProse() tells the largest divergence beside the control's", () => {
  assert.deepEqual(
    divergenceProse([{
      method: "Arch-LLM",
      cells: 2,
      draws: 3,
      training: [],
      novel: [],
      divergence: [0.01, 0.05, 0.02],
      control: [0.03, 0.01, 0],
    }]),
    [
      "Arch-LLM: the codes of novel cells diverge from those of training cells by 0.050 bits at most, those of as many training cells by 0.030.",
    ],
  );
});

Deno.test("meaningProse() weighs the purity of codes by their use", () => {
  const code = { operation: "skip", incoming: 1, outgoing: 1, from: "input" };
  // 0.9 · 100 + 0.1 · 50 = 95.
  assert.equal(
    meaningProse("Arch-LLM+", [
      { ...code, code: 3, share: 90, purity: 100 },
      { ...code, code: 1, share: 10, purity: 50 },
    ]),
    "Arch-LLM+: 2 codes are in use, and a node's code tells its operation in 95.00 % of all cases.",
  );
});

Deno.test("predictorProse() ranks representations from the fewest and from the most labels", () => {
  const row = (representation: string, few: number, most: number) => ({
    representation,
    "50": few,
    "50 error": 0.9,
    "200": 0.5,
    "1000": most,
  });
  assert.deepEqual(
    predictorProse([row("one-hot", 0.4, 0.6), row("arch2vec", 0.3, 0.7)]),
    [
      "Kendall's τ from 50 labelled cells: one-hot 0.400, arch2vec 0.300.",
      "Kendall's τ from 1,000 labelled cells: arch2vec 0.700, one-hot 0.600.",
    ],
  );
  assert.deepEqual(predictorProse([]), []);
});

Deno.test("rivalProse() sets a method beside its printed row at the nearest number of queries", () => {
  const row = (method: string, queries: number, accuracies: number[]) => ({
    method,
    queries,
    "cifar10 validation": accuracies[0],
    "cifar10 test": accuracies[1],
  });
  assert.deepEqual(
    rivalProse([
      { source: "paper", ...row("Arch2vec + BO*", 100, [91.41, 94.18]) },
      { source: "paper", ...row("BO*", 192, [91.54, 94.22]) },
      { source: "paper", ...row("Arch-LLM", 400, [91.32, 94.08]) },
      { source: "measured", ...row("arch2vec-BO", 400, [91.6, 94.3]) },
      { source: "measured", ...row("arch2vec-BO", 192, [91.5, 94.2]) },
      { source: "measured", ...row("BO (DNGO)", 192, [91.54, 94]) },
    ]),
    [
      "arch2vec-BO, validation / test accuracy as printed (100 queries) and run here (192): cifar10 91.41 / 94.18 and 91.50 / 94.20 (+0.09 / +0.02).",
      "BO (DNGO), validation / test accuracy as printed (192 queries) and run here (192): cifar10 91.54 / 94.22 and 91.54 / 94.00 (+0.00 / −0.22).",
    ],
  );
});
