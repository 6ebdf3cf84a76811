/**
 * Codes and cells on a plane: UMAP of their vectors.
 *
 * Source: McInnes et al. 2018, arXiv:1802.03426; the library is umap-js.
 *
 * @module
 */

import { UMAP } from "umap-js";
import type { Random } from "../core/random.ts";
import type { CellModel } from "../generation/cell_model.ts";
import { CODE_DRAWS } from "../models/vqvae/config.ts";
import type { CodeMeaning } from "./code_usage.ts";
import { codeVectors } from "./representations.ts";

/**
 * Projects vectors to two dimensions.
 *
 * @param matrix `[M, D]`, `M` at least 3.
 * @returns `[M, 2]`, one pair a row.
 * @throws {RangeError} If there are fewer than 3 rows.
 */
export function project(
  matrix: Float32Array,
  width: number,
  random: Random,
): [number, number][] {
  const rows = Array.from(
    { length: matrix.length / width },
    (_, row) => Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
  if (rows.length < 3) {
    throw new RangeError(
      `Cannot project vectors: there must be 3 or more, got ${rows.length}`,
    );
  }
  const umap = new UMAP({
    nNeighbors: Math.min(15, rows.length - 1),
    minDist: 0.1,
    random: () => random.uniform(),
  });
  return umap.fit(rows).map(([x, y]) => [x, y]);
}

/** Points of one kind on a plane. */
export interface MappedPoints {
  readonly name: string;
  /** `[M]` pairs. */
  readonly points: readonly (readonly [number, number])[];
  /** A value of each point, `[M]`. */
  readonly values?: readonly number[];
}

/**
 * The codebook vectors in use, by the operation that they stand for most often.
 *
 * @returns None if fewer than 3 are in use.
 */
export function codebookMap(
  model: CellModel,
  meanings: readonly CodeMeaning[],
  random: Random,
): MappedPoints[] {
  if (meanings.length < 3) return [];
  const { code, latentDim } = model.vqvae.config;
  const points = project(
    codeVectors(model, meanings.map(({ code }) => code)),
    latentDim,
    random.split(`codebook ${CODE_DRAWS[code]}`),
  );
  return [...Map.groupBy(meanings.keys(), (i) => meanings[i].operation)]
    .map(([name, members]) => ({
      name,
      points: members.map((i) => points[i]),
    }));
}

/**
 * Cells by the codebook vectors of their codes side by side, with their accuracies.
 *
 * @param cells Indices into the space's cells, 3 or more.
 * @param accuracies By cell, from 0 to 1.
 * @returns One kind; its values are percent, those of the lowest tenth raised to what the
 *   tenth ends with, so that a few bad cells do not take all the shades.
 */
export async function cellMap(
  model: CellModel,
  cells: Uint32Array,
  accuracies: ArrayLike<number>,
  random: Random,
): Promise<MappedPoints[]> {
  const { code, latentDim, nodes } = model.vqvae.config;
  const { codes } = await model.vqvae.encode(model.space, cells);
  const percent = Array.from(cells, (cell) => 100 * accuracies[cell]);
  const lowest = percent.toSorted((a, b) => a - b)[
    Math.floor(0.1 * percent.length)
  ];
  return [{
    name: "cells",
    points: project(
      codeVectors(model, codes),
      latentDim * nodes,
      random.split(`map ${CODE_DRAWS[code]}`),
    ),
    values: percent.map((value) => Math.max(lowest, value)),
  }];
}
