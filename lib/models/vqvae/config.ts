/**
 * What a VQ-VAE is: its codes, by their names, and its shape.
 *
 * Nothing here needs TensorFlow.js.
 *
 * Source: the paper, §3.1.
 *
 * @module
 */

import type { SearchSpace } from "../../spaces/space.ts";

/** The codes a VQ-VAE can learn: the paper's, and the one that knows positions. */
export const CODES = ["arch-llm", "arch-llm-plus"] as const;

/** One of {@link CODES}. */
export type CodeKind = typeof CODES[number];

/**
 * Labels by which random draws of a code are told apart: older than its names, and kept
 * because every figure hangs on them.
 */
export const CODE_DRAWS: Readonly<Record<CodeKind, string>> = {
  "arch-llm": "printed",
  "arch-llm-plus": "positional",
};

/** How results name the method that builds on a code. */
export const CODE_METHODS: Readonly<Record<CodeKind, string>> = {
  "arch-llm": "Arch-LLM",
  "arch-llm-plus": "Arch-LLM+",
};

/** One thing for each code. */
export type ByCode<T> = Readonly<Record<CodeKind, T>>;

/** Does something for each code, one after the other. */
export async function eachCode<T>(
  task: (code: CodeKind) => T | Promise<T>,
): Promise<ByCode<T>> {
  const results = {} as Record<CodeKind, T>;
  for (const code of CODES) results[code] = await task(code);
  return results;
}

/** The shape of a VQ-VAE. */
export interface VqvaeConfig {
  readonly code: CodeKind;
  /** `N`: rows of a cell. */
  readonly nodes: number;
  /** `K`: columns of the one-hot operations. */
  readonly operations: number;
  /** Width of the encoder's node embeddings. */
  readonly hidden: number;
  /** `L`: GIN layers. */
  readonly layers: number;
  /** Linear–batchnorm–ReLU triplets in the MLP of a layer. */
  readonly mlpDepth: number;
  /** `D`: width of a codebook vector. */
  readonly latentDim: number;
  readonly codebookSize: number;
  /** β of eq. 6. */
  readonly commitmentCost: number;
  /** Weight of the codebook and commitment terms of eq. 6 together; 1 in the paper. */
  readonly quantizationCost: number;
}

/** The paper's model; where the paper is silent, the origin stands beside the number. */
export const VQVAE_PAPER: Omit<VqvaeConfig, "nodes" | "operations"> = {
  code: "arch-llm",
  hidden: 128, // arch2vec
  layers: 5, // arch2vec's paper; its code has four
  mlpDepth: 2, // arch2vec
  latentDim: 16, // §3.1.2
  codebookSize: 512, // §3.1.2
  commitmentCost: 0.25, // arXiv:1711.00937, §3.2
  quantizationCost: 1, // eq. 6
};

/**
 * The configuration for a space.
 *
 * The paper gives no number of GIN layers; the space's settings say which and why.
 */
export function vqvaeConfig(
  space: SearchSpace,
  code: CodeKind = "arch-llm",
): VqvaeConfig {
  return {
    ...VQVAE_PAPER,
    code,
    ...space.settings.vqvae[code],
    nodes: space.nodeCount,
    operations: space.ops.length,
  };
}
