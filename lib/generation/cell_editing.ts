/**
 * Editing a cell: some nodes stay, the language model writes the others anew.
 *
 * Source: the paper, §3.2 ("fill" prompts), used as an editor.
 *
 * @module
 */

import {
  applyFill,
  fillInput,
  maskCodes,
  toSentence,
} from "../language/sentences.ts";
import { longestExamples } from "../language/tokenizer.ts";
import { cellKey } from "../metrics/generation.ts";
import type { Random } from "../core/random.ts";
import type { Graph } from "../spaces/graph.ts";
import { cellGraph } from "../spaces/space.ts";
import { type CellModel, decodeSentences } from "./cell_sampling.ts";
import { repeatedPrompt } from "../models/t5/generator.ts";

/** A cell of the space that an edit led to. */
export interface Variant {
  readonly graph: Graph;
  /** Its nodes whose operation or incoming edges are not those of the cell before. */
  readonly changed: readonly number[];
}

/** Variants of a cell. */
export interface EditedCell {
  /** Different cells of the space, none of them the cell before, in the order written. */
  readonly variants: readonly Variant[];
  /** Sentences written. */
  readonly draws: number;
}

const BATCH = 100;
/** Sentences written at most. */
const MOST_DRAWS = 2000;

/**
 * Keeps the codes of chosen nodes of a cell and lets the model fill in the others.
 *
 * @param cell Index into the cells of the space.
 * @param keep Rows whose codes stay.
 * @param count How many variants; fewer come back where 2,000 sentences hold no more.
 * @throws {RangeError} If all rows are kept, or one of them is none of a sequence's.
 */
export async function editCell(
  model: CellModel,
  cell: number,
  keep: readonly number[],
  { count, temperature, random }: {
    count: number;
    temperature: number;
    random: Random;
  },
): Promise<EditedCell> {
  const { space, vqvae, tokenizer, generator } = model;
  const { nodes: length, codebookSize } = vqvae.config;
  const places = Array.from({ length }, (_, node) => node)
    .filter((node) => !keep.includes(node));
  const known = keep.every((node) =>
    Number.isInteger(node) && node >= 0 && node < length
  );
  if (places.length === 0 || !known) {
    throw new RangeError(
      `Cannot edit a cell: rows to keep must be some of 0 to ${
        length - 1
      }, but not all, got [${keep.join(", ")}]`,
    );
  }
  const before = cellGraph(space.cells(), cell);
  const { codes } = await vqvae.encode(space, [cell]);
  const masked = maskCodes(codes, places);
  const { input, target: maxTokens } = longestExamples(tokenizer, {
    length,
    codebookSize,
  }).fill;
  const prompt = repeatedPrompt(tokenizer, fillInput(masked), BATCH, input);
  const seen = new Set([space.key(before)]);
  const variants: Variant[] = [];
  let draws = 0;
  while (variants.length < count && draws < MOST_DRAWS) {
    const ids = await generator.generate(prompt, {
      temperature,
      random,
      maxTokens,
    });
    draws += BATCH;
    const sentences = tokenizer.decodeBatch(ids, maxTokens).flatMap((text) => {
      const filled = applyFill(masked, text, { codebookSize });
      return filled.codes === null ? [] : [toSentence(filled.codes)];
    });
    for (const graph of await decodeSentences(model, sentences)) {
      if (variants.length === count || typeof graph === "string") continue;
      const key = cellKey(space, graph);
      if (key === null || seen.has(key)) continue;
      seen.add(key);
      variants.push({ graph, changed: changedNodes(before, graph) });
    }
  }
  return { variants, draws };
}

/** Nodes of `after` whose operation or incoming edges are not those of `before`. */
export function changedNodes(before: Graph, after: Graph): number[] {
  return Array.from(after.ops.keys()).filter((node) =>
    after.ops[node] !== before.ops[node] ||
    after.incoming[node] !== before.incoming[node]
  );
}
