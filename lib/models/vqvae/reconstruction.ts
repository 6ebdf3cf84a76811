/**
 * How well the cells of a space come back from their codes, split by split.
 *
 * Source: the paper, §4.2.
 *
 * @module
 */

import type { ReconstructionReport } from "../../metrics/reconstruction.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { CODE_METHODS } from "./config.ts";
import type { TrainedVqvae } from "./training.ts";
import type { Vqvae } from "./vqvae.ts";

/** What a code brings back of a split. */
export interface ReconstructionRow extends ReconstructionReport {
  /** The method that builds on the code. */
  readonly code: string;
  readonly split: "train" | "validation";
  /** Codes used in the last epoch of the training, and their perplexity. */
  readonly usedCodes: number;
  readonly perplexity: number;
}

/** Reconstructs both splits of a space. */
export async function reconstructionRows(
  space: SearchSpace,
  vqvae: Vqvae,
  { config, history }: Pick<TrainedVqvae, "config" | "history">,
): Promise<ReconstructionRow[]> {
  const { usedCodes, perplexity } = history.at(-1)!;
  const rows: ReconstructionRow[] = [];
  for (const split of ["train", "validation"] as const) {
    rows.push({
      code: CODE_METHODS[config.code],
      split,
      ...await vqvae.reconstruction(space, space.split()[split]),
      usedCodes,
      perplexity,
    });
  }
  return rows;
}
