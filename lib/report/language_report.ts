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
import { type ByCode, CODE_METHODS, CODES } from "../models/vqvae/config.ts";
import { cellGraph, type SearchSpace } from "../spaces/space.ts";
import { barChart } from "./charts.ts";
import type { Figure } from "./figure.ts";
import { type ReportTable, table } from "./tables.ts";

/** The first training cells as sentences, in each code. */
export function sentencesTable(
  space: SearchSpace,
  sequences: ByCode<CodeSequences>,
  count = 5,
): ReportTable {
  return table(
    Array.from(space.split().train.subarray(0, count), (cell, row) => ({
      cell,
      nodes: cellGraph(space.cells(), cell).ops.length,
      ...Object.fromEntries(CODES.map((code) => [
        CODE_METHODS[code],
        toSentence(sequenceRows(sequences[code], [row])[0]),
      ])),
    })),
    {
      columns: ["nodes", ...CODES.map((code) => CODE_METHODS[code])],
      caption: "The first training cells as sentences",
    },
  );
}

/**
 * Among how many codes one would have to guess at each position, by code.
 *
 * @param sequences Of the training cells.
 */
export function codeEntropyFigure(
  space: SearchSpace,
  sequences: ByCode<CodeSequences>,
): Figure {
  const number = (value: number) => value.toLocaleString("en");
  return barChart(
    Array.from({ length: space.nodeCount }, (_, i) => i),
    CODES.map((code) => ({
      name: CODE_METHODS[code],
      values: codeEntropies(sequences[code]).map(Math.exp),
    })),
    {
      title: `Codes in use at each position, ${space.title}`,
      x: "position in the sequence",
      y: "perplexity of the codes (codes)",
      caption: CODES.map((code) =>
        `${CODE_METHODS[code]}: ${
          number(repeatedSequences(sequences[code]))
        } of ${
          number(sequenceCount(sequences[code]))
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

/**
 * What sequences leave to be learned: codes that are free of one another would carry the sum
 * of the entropies of their positions, cells that are equally frequent carry log(cells).
 *
 * @param sequences Of the training cells.
 */
export function sequencesTable(
  sequences: ByCode<CodeSequences>,
): ReportTable {
  return table(
    CODES.map((code) => ({
      code: CODE_METHODS[code],
      repeated: repeatedSequences(sequences[code]),
      positions: codeEntropies(sequences[code])
        .reduce((sum, nats) => sum + nats, 0),
      cells: Math.log(sequenceCount(sequences[code])),
    })),
    {
      columns: [
        "code",
        { key: "repeated", title: "training cells that share a sequence" },
        { key: "positions", title: "entropy of all positions, alone (nats)" },
        { key: "cells", title: "log(training cells) (nats)" },
      ],
      caption: "What the sequences leave to be learned",
    },
  );
}
