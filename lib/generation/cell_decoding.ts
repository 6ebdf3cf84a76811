/**
 * From the text that a language model wrote to cells: reading, decoding, cutting.
 *
 * Of the decoder only its inputs and outputs are known here, so the same lines read
 * sentences wherever it runs; nothing of a training or a device is imported.
 *
 * @module
 */

import {
  type MalformedReason,
  type ParsedSentence,
  parseSentence,
} from "../language/sentences.ts";
import type { MalformedKind, Sample } from "../metrics/generation.ts";
import { cutAtOutput } from "../spaces/graph.ts";
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

/** How to decode. */
export interface DecodingOptions {
  /** Whether a decode ends at its first output row; by default where cells vary in size. */
  readonly cut?: boolean;
}

const MALFORMED: Record<MalformedReason, MalformedKind> = {
  "not a number": "not a number",
  "number outside the codebook": "outside the codebook",
  "wrong length": "wrong length",
  "missing sentinel": "not a number",
  "surplus sentinel": "not a number",
};

/** Reads sentences and decodes them to cells. */
export function decodeSentences(
  model: DecodingModel,
  sentences: readonly string[],
  options: DecodingOptions = {},
): Promise<Sample[]> {
  const { nodes, codebookSize } = model.vqvae.config;
  const parsed = sentences.map((sentence) =>
    parseSentence(sentence, { lengths: [nodes], codebookSize })
  );
  return decodeParsed(model, parsed, options);
}

/** Decodes what was read to cells; what is malformed stays so, and the order is kept. */
export async function decodeParsed(
  { space, vqvae }: DecodingModel,
  parsed: readonly ParsedSentence[],
  { cut = space.variableSize }: DecodingOptions = {},
): Promise<Sample[]> {
  const { nodes } = vqvae.config;
  const codes = parsed.flatMap((sentence) => sentence.codes ?? []);
  const flat = new Int32Array(codes.length * nodes);
  codes.forEach((sequence, i) => flat.set(sequence, i * nodes));
  const decoded = await vqvae.decode(flat);
  const output = space.ops.indexOf("output");
  let row = 0;
  return parsed.map((sentence) => {
    if (sentence.codes === null) return MALFORMED[sentence.malformed];
    const graph = decodedGraph(decoded, row++, nodes);
    return cut ? cutAtOutput(graph, output) : graph;
  });
}
