/**
 * A VQ-VAE as two ONNX models, in its folder.
 *
 * `onnx/encoder.onnx`: `operations` (one-hot, `[B, N, K]`, float32; a padding row is all
 * zero), `adjacency` (`[B, N, N]`, float32: 1 at `[i, j]` for the edge `i → j`) → `codes`
 * (`[B, N]`, int32).
 *
 * `onnx/decoder.onnx`: `codes` (`[B, N]`, int32) → `operations` (the most probable of each
 * node, `[B, N]`, int32), `adjacency` (logits, `[B, N, N]`, float32: there is an edge
 * `i → j` with `i < j` where the one at `[i, j]` is above 0).
 *
 * Shapes: `B` cells, `N` nodes, `K` operations.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.ts";
import { exportOnnx } from "../../engine/onnx_export.ts";
import { tf } from "../../engine/tensorflow.ts";
import type { VqvaeConfig } from "./config.ts";
import { loadVqvae } from "./files.ts";
import { decodeStep, encodeStep, type VqvaeWeights } from "./network.ts";

/** Files of an exported VQ-VAE, in its folder. */
export const VQVAE_ONNX_FILES = {
  encoder: "onnx/encoder.onnx",
  decoder: "onnx/decoder.onnx",
} as const;

/** A VQ-VAE to export. */
interface Model {
  readonly config: VqvaeConfig;
  readonly weights: VqvaeWeights;
}

/**
 * Exports the VQ-VAE of a folder into the same folder.
 *
 * @returns Paths of the files written.
 * @throws {RangeError} If the folder's model is none that can be used.
 * @throws {Error} If a file cannot be read or written.
 */
export async function exportVqvae(directory: string): Promise<string[]> {
  const model = await loadVqvae(directory);
  const files = [
    [VQVAE_ONNX_FILES.encoder, vqvaeEncoderOnnx(model)],
    [VQVAE_ONNX_FILES.decoder, vqvaeDecoderOnnx(model)],
  ] as const;
  const written: string[] = [];
  for (const [name, bytes] of files) {
    written.push(join(directory, name));
    await writeFileAtomic(written.at(-1)!, bytes);
  }
  return written;
}

/** The encoder, quantizer included, as an ONNX model file. */
export function vqvaeEncoderOnnx({ config, weights }: Model): Uint8Array {
  const { nodes, operations } = config;
  return exportOnnx({
    name: "vqvae encoder",
    weights: { ...weights.parameters, ...weights.statistics },
    inputs: {
      operations: { type: "float32", shape: ["batch_size", nodes, operations] },
      adjacency: { type: "float32", shape: ["batch_size", nodes, nodes] },
    },
    run: (state, inputs) => {
      const { codes } = encodeStep(config)(state, inputs).outputs;
      return { codes: tf.reshape(codes, [-1, nodes]) };
    },
  });
}

/** The decoder, codebook included, as an ONNX model file. */
export function vqvaeDecoderOnnx({ config, weights }: Model): Uint8Array {
  const { nodes } = config;
  return exportOnnx({
    name: "vqvae decoder",
    weights: { ...weights.parameters, ...weights.statistics },
    inputs: { codes: { type: "int32", shape: ["batch_size", nodes] } },
    run: (state, { codes }) => {
      const decoded = decodeStep(config)(state, {
        codes: tf.reshape(codes, [-1]),
      }).outputs;
      return {
        operations: tf.reshape(decoded.operations, [-1, nodes]),
        adjacency: decoded.adjacency,
      };
    },
  });
}
