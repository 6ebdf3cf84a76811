/**
 * Editing a cell: some nodes stay, the language model writes the others anew.
 *
 * Source: the paper, §3.2 ("fill" prompts), used as an editor.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import { maskCodes } from "../language/sentences.ts";
import { cellKey } from "../metrics/generation.ts";
import type { Graph } from "../spaces/graph.ts";
import { cellGraph, type SearchSpace } from "../spaces/space.ts";
import { decodeParsed } from "./cell_decoding.ts";
import type { WritingModel } from "./cell_model.ts";
import { fillSequences } from "./code_writing.ts";

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
 * @param before The cell.
 * @param keep Rows whose codes stay.
 * @param count How many variants; fewer come back where 2,000 sentences hold no more.
 * @throws {RangeError} If all rows are kept, or one of them is none of a sequence's.
 */
export async function editCell(
  model: WritingModel,
  before: Graph,
  keep: readonly number[],
  { count, temperature, random }: {
    count: number;
    temperature: number;
    random: Random;
  },
): Promise<EditedCell> {
  const { space, vqvae } = model;
  const length = vqvae.config.nodes;
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
  const { codes } = await vqvae.encodeGraphs(space, [before]);
  const masked = new Array(BATCH).fill(maskCodes(codes, places));
  const seen = new Set([space.key(before)]);
  const variants: Variant[] = [];
  let draws = 0;
  while (variants.length < count && draws < MOST_DRAWS) {
    const filled = await fillSequences(model, masked, { temperature, random });
    draws += BATCH;
    for (const graph of await decodeParsed(model, filled)) {
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

/** The last validation cell that has all nodes a cell can have: an example to edit. */
export function lastFullCell(space: SearchSpace): Graph {
  const table = space.cells();
  const index = space.split().validation.findLast((cell) =>
    cellGraph(table, cell).ops.length === table.nodeCount
  );
  if (index === undefined) {
    throw new RangeError(
      `Cannot choose a cell: one of the validation cells of ${space.title} must have ${table.nodeCount} nodes, got none`,
    );
  }
  return cellGraph(table, index);
}
