/**
 * The trained models of a code of a space, opened together: the VQ-VAE and the language
 * model that writes its codes.
 *
 * @module
 */

import { runKey, weightsDigest } from "../core/keys.ts";
import type { Executor } from "../engine/executor.ts";
import { CodeTokens } from "../language/code_tokens.ts";
import { openTunedT5 } from "../models/t5/base.ts";
import { T5Generator } from "../models/t5/generator.ts";
import { type CodeKind, CODES } from "../models/vqvae/config.ts";
import { loadVqvae } from "../models/vqvae/files.ts";
import { CODEBOOK } from "../models/vqvae/network.ts";
import { Vqvae } from "../models/vqvae/vqvae.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** A language model, the VQ-VAE whose codes it writes, and the space they are of. */
export interface WritingModel {
  readonly space: SearchSpace;
  readonly vqvae: Vqvae;
  readonly generator: T5Generator;
  /** Its sentences as the tokens that it reads and writes. */
  readonly tokens: CodeTokens;
}

/** A {@link WritingModel} from disk, which owns what it holds on a device. */
export interface CellModel extends WritingModel, AsyncDisposable {
  /** Identity of the weights: two models with one key write and decode the same. */
  readonly key: string;
  /** Vectors of the codes, `[K, D]`. */
  readonly codebook: Float32Array;
  /** Frees weights and compiled graphs; the model is of no use after it. */
  dispose(): Promise<void>;
}

/**
 * Opens the two trained models of a code.
 *
 * @throws {Error} If a file is missing or is no model.
 */
export async function openCellModel(
  space: SearchSpace,
  directories: { readonly vqvae: string; readonly t5: string },
  executor: Executor,
): Promise<CellModel> {
  const { config, weights } = await loadVqvae(directories.vqvae);
  const shape = { length: config.nodes, codebookSize: config.codebookSize };
  const { t5, tokenizer } = await openTunedT5(directories.t5, shape);
  const vqvae = Vqvae.load({ config, weights }, executor);
  const generator = new T5Generator(t5, executor);
  const dispose = async () => {
    await generator.dispose();
    await vqvae.dispose();
  };
  return {
    space,
    vqvae,
    generator,
    tokens: new CodeTokens(tokenizer, shape),
    key: runKey({
      vqvae: [
        config,
        weightsDigest(weights.parameters),
        weightsDigest(weights.statistics),
      ],
      t5: [t5.config, weightsDigest(t5.weights)],
      tokenizer: tokenizer.name,
    }),
    codebook: weights.parameters[CODEBOOK].data as Float32Array,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * Opens the trained models of every code.
 *
 * @param folder Where a trained model is, by its name, such as `arch-llm/t5`.
 * @returns By code; each owns what it holds on the device.
 * @throws {Error} If a file is missing or is no model; none is left open.
 */
export async function openCellModels(
  space: SearchSpace,
  folder: (name: string) => string,
  executor: Executor,
): Promise<Record<CodeKind, CellModel>> {
  await using opened = new AsyncDisposableStack();
  const models = {} as Record<CodeKind, CellModel>;
  for (const code of CODES) {
    models[code] = opened.use(
      await openCellModel(space, {
        vqvae: folder(`${code}/vqvae`),
        t5: folder(`${code}/t5`),
      }, executor),
    );
  }
  opened.move();
  return models;
}
