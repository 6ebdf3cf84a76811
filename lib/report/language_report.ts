/**
 * What notebook 3 shows: cells as sentences, how free each code is, and examples for the
 * language model.
 *
 * Source: the paper, §3.2, eq. 7.
 *
 * @module
 */

import {
  codeEntropies,
  type CodeSequences,
  repeatedSequences,
  sequenceCount,
  sequenceRows,
} from "../language/code_sequences.ts";
import { type Example, toSentence } from "../language/sentences.ts";
import type { SentenceTokenizer } from "../language/tokenizer.ts";
import { cellGraph, type SearchSpace } from "../spaces/space.ts";
import { barChart } from "./charts.ts";
import type { Figure } from "./figure.ts";
import { type ReportTable, table } from "./tables.ts";

/** Sequences of the training cells by the method whose code they are of. */
export type SequencesByMethod = Readonly<Record<string, CodeSequences>>;

/** The first training cells as sentences, in each code. */
export function sentencesTable(
  space: SearchSpace,
  sequences: SequencesByMethod,
  count = 5,
): ReportTable {
  const methods = Object.keys(sequences);
  return table(
    Array.from(space.split().train.subarray(0, count), (cell, row) => ({
      cell,
      nodes: cellGraph(space.cells(), cell).ops.length,
      ...Object.fromEntries(methods.map((method) => [
        method,
        toSentence(sequenceRows(sequences[method], [row])[0]),
      ])),
    })),
    {
      columns: ["nodes", ...methods],
      caption: "The first training cells as sentences",
    },
  );
}

/** Among how many codes one would have to guess at each position, by code. */
export function codeEntropyFigure(
  space: SearchSpace,
  sequences: SequencesByMethod,
): Figure {
  const number = (value: number) => value.toLocaleString("en");
  return barChart(
    Array.from({ length: space.nodeCount }, (_, i) => i),
    Object.entries(sequences).map(([name, codes]) => ({
      name,
      values: codeEntropies(codes).map(Math.exp),
    })),
    {
      title: `Codes in use at each position, ${space.title}`,
      x: "position in the sequence",
      y: "perplexity of the codes (codes)",
      caption: Object.entries(sequences).map(([method, codes]) =>
        `${method}: ${number(repeatedSequences(codes))} of ${
          number(sequenceCount(codes))
        } training cells share their sequence with another.`
      ).join(" "),
    },
  );
}

/** Inputs and targets of a language model. */
export function examplesTable(examples: readonly Example[]): ReportTable {
  return table(
    examples.map(({ input, target }) => ({
      input: input.join(" "),
      target: target.join(" "),
    })),
    { caption: "Inputs and targets made from one cell" },
  );
}

/** The targets of examples in the tokens of each tokenizer. */
export function tokenizersTable(
  tokenizers: readonly SentenceTokenizer[],
  examples: readonly Example[],
): ReportTable {
  return table(
    tokenizers.flatMap((tokenizer) =>
      examples.map(({ target }) => ({
        tokenizer: tokenizer.name,
        vocabulary: tokenizer.vocabularySize,
        target: target.join(" "),
        tokens: tokenizer.encodeWords(target).length,
        ids: tokenizer.encodeWords(target).join(" "),
      }))
    ),
    { caption: "The same targets under each tokenizer" },
  );
}
