/**
 * Keys: what a result depends on, as one digest.
 *
 * They are made of data alone: settings, digests of inputs, and the `VERSION` that each part
 * declares and raises with every change of what comes out for the same settings and inputs.
 * A saved result under another key belongs to another run.
 *
 * @module
 */

import { sha256 } from "./files.ts";
import { storable } from "./safetensors.ts";
import type { HostTensors } from "./tensors.ts";

/** The identity of a run: its settings, its inputs and the versions of what computes. */
export function runKey(parts: Readonly<Record<string, unknown>>): string {
  return sha256(JSON.stringify(parts));
}

/** A digest of numbers, as a part of a run's identity. */
export function digest(
  numbers: Float32Array | Int32Array | Uint32Array,
): string {
  const { buffer, byteOffset, byteLength } = numbers;
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

/** A digest of weights, their names and shapes, as a part of a run's identity. */
export function weightsDigest(weights: HostTensors): string {
  return sha256(JSON.stringify(
    Array.from(
      storable(weights),
      ([name, { shape, data }]) => [name, shape, digest(data)],
    ),
  ));
}
