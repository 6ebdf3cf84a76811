/**
 * How well the cells of a space come back from their codes, split by split.
 *
 * Source: the paper, §4.2.
 *
 * @module
 */

import { type CodeSequences, codeUses } from "../../language/code_sequences.ts";
import { usagePerplexity, usedCodes } from "../../metrics/codebook_usage.ts";
import type { ReconstructionReport } from "../../metrics/reconstruction.ts";
import type { SearchSpace } from "../../spaces/space.ts";
import { CODE_METHODS } from "./config.ts";
import type { Vqvae } from "./vqvae.ts";

/** What a code brings back of a split. */
export interface ReconstructionRow extends ReconstructionReport {
  /** The method that builds on the code. */
  readonly code: string;
  readonly split: "train" | "validation";
  /** Codes that the training cells are written with, and their perplexity. */
  readonly usedCodes: number;
  readonly perplexity: number;
}

/**
 * Reconstructs both splits of a space.
 *
 * @param train What the VQ-VAE encodes the training cells to.
 */
export async function reconstructionRows(
  space: SearchSpace,
  vqvae: Vqvae,
  train: CodeSequences,
): Promise<ReconstructionRow[]> {
  const uses = codeUses(train);
  const rows: ReconstructionRow[] = [];
  for (const split of ["train", "validation"] as const) {
    rows.push({
      code: CODE_METHODS[vqvae.config.code],
      split,
      ...await vqvae.reconstruction(space, space.split()[split]),
      usedCodes: usedCodes(uses),
      perplexity: usagePerplexity(uses),
    });
  }
  return rows;
}
