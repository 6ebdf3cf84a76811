import assert from "node:assert/strict";
import { fillExample, generateExample } from "../../lib/language/sentences.ts";
import type { SentenceTokenizer } from "../../lib/language/tokenizer.ts";
import {
  codeEntropyFigure,
  examplesTable,
  sentencesTable,
  sequencesTable,
  tokenizersTable,
} from "../../lib/report/language_report.ts";
import { graphOf } from "../../lib/spaces/graph.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellTable } from "../../lib/spaces/space.ts";
import { cellSplit } from "../../lib/spaces/split.ts";

/** Cells of two and of three nodes; the second stands first in the training split. */
const cells = cellTable([
  graphOf([0, 6], [[0, 1]]),
  graphOf([0, 1, 6], [[0, 1], [1, 2]]),
], 3);
const space = {
  ...getSpace("nasbench201"),
  nodeCount: 3,
  cells: () => cells,
  split: () => cellSplit(Uint32Array.of(1, 0), new Uint32Array()),
};
const SEQUENCES = {
  "arch-llm": {
    codes: Int32Array.of(0, 2, 1, 0, 3, 1),
    length: 3,
    codebookSize: 4,
  },
  "arch-llm-plus": {
    codes: Int32Array.of(1, 1, 1, 1, 1, 1),
    length: 3,
    codebookSize: 4,
  },
};

Deno.test("sentencesTable() has the training cells in their order", () => {
  const { rows } = sentencesTable(space, SEQUENCES);
  assert.deepEqual(rows, [
    { cell: 1, nodes: 3, "Arch-LLM": "0 2 1", "Arch-LLM+": "1 1 1" },
    { cell: 0, nodes: 2, "Arch-LLM": "0 3 1", "Arch-LLM+": "1 1 1" },
  ]);
  assert.equal(sentencesTable(space, SEQUENCES, 1).rows.length, 1);
});

Deno.test("codeEntropyFigure() tells how free each position is, and who shares a sequence", () => {
  const { data, caption } = codeEntropyFigure(space, SEQUENCES);
  // Two codes in equal use carry as much as two.
  assert.deepEqual(
    data.map(({ name, y }) => [name, (y as number[]).map(Math.round)]),
    [["Arch-LLM", [1, 2, 1]], ["Arch-LLM+", [1, 1, 1]]],
  );
  assert.equal(
    caption,
    "Arch-LLM: 0 of 2 training cells share their sequence with another. " +
      "Arch-LLM+: 2 of 2 training cells share their sequence with another.",
  );
});

Deno.test("examples are shown as text, and as tokens of each tokenizer", () => {
  const examples = [generateExample([8, 15]), fillExample([8, 15], [1])];
  assert.deepEqual(examplesTable(examples).rows, [
    { input: "generate:", target: "8 15" },
    { input: "fill: 8 <extra_id_0>", target: "<extra_id_0> 15" },
  ]);
  const tokenizer = {
    name: "lengths",
    vocabularySize: 64,
    encodeWords: (words: readonly string[]) =>
      Int32Array.from([...words.map((word) => word.length), 1]),
  } as SentenceTokenizer;
  assert.deepEqual(tokenizersTable([tokenizer], examples).rows, [
    {
      tokenizer: "lengths",
      vocabulary: 64,
      target: "8 15",
      tokens: 3,
      ids: "1 2 1",
    },
    {
      tokenizer: "lengths",
      vocabulary: 64,
      target: "<extra_id_0> 15",
      tokens: 3,
      ids: "12 2 1",
    },
  ]);
});

Deno.test("sequencesTable() sums the entropies of positions", () => {
  // One position of two with a free choice between two codes: ln 2 of a possible ln 2.
  assert.deepEqual(sequencesTable(SEQUENCES).rows, [
    {
      code: "Arch-LLM",
      repeated: 0,
      positions: Math.log(2),
      cells: Math.log(2),
    },
    { code: "Arch-LLM+", repeated: 2, positions: 0, cells: Math.log(2) },
  ]);
});
