/**
 * Cells as vectors by what models and encodings make of them, for a map or a predictor.
 *
 * Shapes: `B` cells of `N` nodes, `D` width of a codebook vector.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { CellModel } from "../generation/cell_model.ts";
import type { Arch2vec } from "../models/arch2vec/arch2vec.ts";
import { CODE_METHODS } from "../models/vqvae/config.ts";
import { cellAt } from "../spaces/cell.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { encodingVectors, rowVectors, type SparseVector } from "./features.ts";

/** Draws some of several cells without repeats. */
export function drawSome(
  cells: Uint32Array,
  count: number,
  random: Random,
): Uint32Array {
  return random.permutation(cells.length).subarray(0, count)
    .map((at) => cells[at]);
}

/**
 * The codebook vectors of codes side by side.
 *
 * @param codes `[M]`.
 * @returns `[M, D]`.
 */
export function codeVectors(
  { codebook, vqvae }: Pick<CellModel, "codebook" | "vqvae">,
  codes: ArrayLike<number>,
): Float32Array {
  const width = vqvae.config.latentDim;
  const matrix = new Float32Array(codes.length * width);
  for (let i = 0; i < codes.length; i++) {
    const from = codes[i] * width;
    matrix.set(codebook.subarray(from, from + width), i * width);
  }
  return matrix;
}

/** Vectors of cells by the name of what makes them, in the order of the cells. */
export type CellVectors = Record<string, SparseVector[]>;

/**
 * Vectors of cells under each representation that predictors are compared on: the codebook
 * vectors of their codes, arch2vec's latent means, operations and edges one-hot, and the
 * paths and subtrees that the Arch-LLM+ search compares cells by.
 *
 * @param models Opened models, one a code.
 * @param cells Indices into the space's cells, `[B]`.
 * @returns By name the vectors of the cells, in their order.
 */
export async function cellRepresentations(
  space: SearchSpace,
  models: readonly CellModel[],
  arch2vec: Arch2vec,
  cells: Uint32Array,
): Promise<CellVectors> {
  const vectors: CellVectors = {};
  for (const model of models) {
    const { codes } = await model.vqvae.encode(space, cells);
    vectors[`${CODE_METHODS[model.vqvae.config.code]} codes`] = rowVectors(
      codeVectors(model, codes),
      cells.length,
    );
  }
  vectors.arch2vec = rowVectors(
    await arch2vec.encode(space, cells),
    cells.length,
  );
  const listed = Array.from(cells, (cell) => cellAt(space, cell));
  for (const kinds of [["one-hot"], ["paths", "subtrees"]] as const) {
    vectors[kinds.join(" and ")] = [...encodingVectors(space, kinds)(listed)];
  }
  return vectors;
}
