/**
 * From codes to cells: decoding, and cutting where cells vary in size.
 *
 * Of the decoder only its inputs and outputs are known here, so the same lines decode
 * wherever it runs; nothing of a training or a device is imported.
 *
 * Shapes: `B` sequences of `N` codes.
 *
 * @module
 */

import type { MalformedReason, ParsedSentence } from "../language/sentences.ts";
import type { MalformedKind, Sample } from "../metrics/generation.ts";
import { cutAtOutput, type Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { type DecodedCells, decodedGraph } from "../spaces/tensors.ts";

/** The decoder of a VQ-VAE. */
export interface CellDecoder {
  /** `nodes`: codes in a sequence, `N`. */
  readonly config: { readonly nodes: number; readonly codebookSize: number };
  /** Decodes code sequences, `[B·N]`. */
  decode(codes: Int32Array): Promise<DecodedCells>;
}

/** The space that cells are of, and the decoder of its codes. */
export interface DecodingModel {
  readonly space: SearchSpace;
  readonly vqvae: CellDecoder;
}

const MALFORMED: Record<MalformedReason, MalformedKind> = {
  "not a number": "not a number",
  "number outside the codebook": "outside the codebook",
  "wrong length": "wrong length",
  "missing sentinel": "not a number",
  "surplus sentinel": "not a number",
};

/**
 * Decodes code sequences to cells, in their order.
 *
 * Where cells vary in size a decode ends at its first output row.
 *
 * @param codes `[B·N]`.
 */
export async function decodeCodes(
  { space, vqvae }: DecodingModel,
  codes: Int32Array,
): Promise<Graph[]> {
  const { nodes } = vqvae.config;
  const decoded = await vqvae.decode(codes);
  const output = space.ops.indexOf("output");
  return Array.from({ length: codes.length / nodes }, (_, b) => {
    const graph = decodedGraph(decoded, b, nodes);
    return space.variableSize ? cutAtOutput(graph, output) : graph;
  });
}

/** Decodes what was read to cells; what is malformed stays so, and the order is kept. */
export async function decodeParsed(
  model: DecodingModel,
  parsed: readonly ParsedSentence[],
): Promise<Sample[]> {
  const sequences = parsed.flatMap(({ codes }) =>
    codes === null ? [] : [codes]
  );
  const graphs = await decodeCodes(
    model,
    joinSequences(sequences, model.vqvae.config.nodes),
  );
  let next = 0;
  return parsed.map(({ codes, malformed }) =>
    codes === null ? MALFORMED[malformed] : graphs[next++]
  );
}

/** Sequences of `N` codes one after the other, `[B·N]`. */
export function joinSequences(
  sequences: readonly ArrayLike<number>[],
  nodes: number,
): Int32Array {
  const codes = new Int32Array(sequences.length * nodes);
  sequences.forEach((sequence, b) => codes.set(sequence, b * nodes));
  return codes;
}
