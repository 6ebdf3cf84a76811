/**
 * The exported models in the browser: Transformers.js writes sentences, onnxruntime-web
 * decodes them to cells.
 *
 * Tokens are drawn by the project's own sampler and generators, as outside the browser:
 * from the full distribution at the temperature asked for, reproducibly. What
 * Transformers.js has for that keeps the 50 most probable tokens by default, does not
 * apply its `top_p`, and takes no seed.
 *
 * Browser code. Shapes: `B` cells, `N` codes of a cell.
 *
 * @module
 */

import {
  AutoTokenizer,
  env as libraryEnvironment,
  LogitsProcessor,
  LogitsProcessorList,
  T5ForConditionalGeneration,
  Tensor,
} from "@huggingface/transformers";
import {
  env as runtimeEnvironment,
  InferenceSession,
  Tensor as RuntimeTensor,
} from "onnxruntime-web/wasm";
import type { Random } from "../core/random.ts";
import { type CellDecoder, decodeParsed } from "../generation/cell_decoding.ts";
import { CodeTokens } from "../language/code_tokens.ts";
import { sampleToken, type SamplingOptions } from "../language/decoding.ts";
import type { ParsedSentence } from "../language/sentences.ts";
import { LibraryTokenizer, type TokenBatch } from "../language/tokenizer.ts";
import type { Sample } from "../metrics/generation.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { incomingOfLogits } from "../spaces/tensors.ts";

/** A cell that was written, or what came in its place. */
export interface WrittenCell {
  /** What the language model wrote. */
  readonly text: string;
  /** The codes of the whole sequence, `[N]`, pinned ones included; null if malformed. */
  readonly codes: Int32Array | null;
  readonly sample: Sample;
}

/** How to write cells. */
export interface WritingOptions extends SamplingOptions {
  /** One generator for each cell, `[B]`: a cell does not depend on those beside it. */
  readonly randoms: readonly Random[];
}

/** How far the loading of a model is: bytes of the file that is being loaded. */
export type OnLoading = (
  file: string,
  loadedBytes: number,
  totalBytes: number,
) => void;

libraryEnvironment.allowRemoteModels = false;
libraryEnvironment.allowLocalModels = true; // files of this page's server
libraryEnvironment.useBrowserCache = false; // a new export is seen at once
libraryEnvironment.useWasmCache = false;
runtimeEnvironment.wasm.wasmPaths = {
  mjs: "/vendor/ort-wasm-simd-threaded.mjs",
  wasm: "/vendor/ort-wasm-simd-threaded.wasm",
};

/** The models of one code of a space, opened. */
export class CellWriter {
  readonly space: SearchSpace;
  readonly vqvae: CellDecoder;
  readonly #t5: T5ForConditionalGeneration;
  readonly #tokens: CodeTokens;

  private constructor(
    space: SearchSpace,
    vqvae: CellDecoder,
    t5: T5ForConditionalGeneration,
    tokens: CodeTokens,
  ) {
    this.space = space;
    this.vqvae = vqvae;
    this.#t5 = t5;
    this.#tokens = tokens;
  }

  /**
   * Loads the models of a code from the page's server.
   *
   * @throws {Error} If a file is missing or is no model.
   */
  static async open(
    space: string,
    code: string,
    onLoading: OnLoading,
  ): Promise<CellWriter> {
    const folder = `/models/${space}/${code}`;
    const vqvae = await _openDecoder(`${folder}/vqvae`);
    const library = await AutoTokenizer.from_pretrained(`${folder}/t5`);
    const t5 = await T5ForConditionalGeneration.from_pretrained(
      `${folder}/t5`,
      {
        device: "wasm",
        dtype: "fp32",
        progress_callback: (progress) => {
          if (progress.status === "progress") {
            onLoading(progress.file, progress.loaded, progress.total);
          }
        },
      },
    );
    const { nodes: length, codebookSize } = vqvae.config;
    return new CellWriter(
      getSpace(space),
      vqvae,
      t5 as T5ForConditionalGeneration,
      new CodeTokens(new LibraryTokenizer(library, folder), {
        length,
        codebookSize,
      }),
    );
  }

  /** Writes whole cells with the "generate:" prompt, one for each generator. */
  async generate(options: WritingOptions): Promise<WrittenCell[]> {
    const tokens = this.#tokens;
    const written = await this.#write(
      tokens.generatePrompts(options.randoms.length),
      tokens.lengths.generate.target,
      options,
    );
    return await this.#read(written, (ids) => tokens.codesOf(ids));
  }

  /**
   * Writes the masked codes of a cell anew with the "fill:" prompt, once for each generator.
   *
   * @param masked Codes, `MASKED` where one is to be written, `[N]`.
   */
  async fill(
    masked: Int32Array,
    options: WritingOptions,
  ): Promise<WrittenCell[]> {
    const tokens = this.#tokens;
    const written = await this.#write(
      tokens.fillPrompts(options.randoms.map(() => masked)),
      tokens.lengths.fill.target,
      options,
    );
    return await this.#read(
      written,
      (ids) => tokens.filledCodesOf(masked, ids),
    );
  }

  /** What the tokens of each cell say, and what that decodes to. */
  async #read(
    written: readonly (readonly number[])[],
    codesOf: (ids: readonly number[]) => ParsedSentence,
  ): Promise<WrittenCell[]> {
    const parsed = written.map(codesOf);
    const samples = await decodeParsed(this, parsed);
    return written.map((ids, i) => ({
      text: this.#tokens.tokenizer.decode(ids),
      codes: parsed[i].codes,
      sample: samples[i],
    }));
  }

  /** Writes what comes after each of several prompts, as tokens. */
  async #write(
    { ids, mask, rows, length }: TokenBatch,
    maxTokens: number,
    options: WritingOptions,
  ): Promise<number[][]> {
    const processors = new LogitsProcessorList();
    processors.push(new Draw(options, this.#tokens.tokenizer.eosId));
    const tensor = (values: Int32Array) =>
      new Tensor("int64", BigInt64Array.from(values, BigInt), [rows, length]);
    const output = await this.#t5.generate({
      inputs: tensor(ids),
      attention_mask: tensor(mask),
      max_new_tokens: maxTokens,
      do_sample: false, // what is drawn is made the most probable
      logits_processor: processors,
    }) as Tensor;
    // Each row begins with the start token.
    return (output.tolist() as bigint[][])
      .map(([, ...written]) => written.map(Number));
  }
}

/** Draws each row's next token and leaves it as the only one that is possible. */
class Draw extends LogitsProcessor {
  readonly #options: WritingOptions;
  readonly #eosId: number;

  constructor(options: WritingOptions, eosId: number) {
    super();
    this.#options = options;
    this.#eosId = eosId;
  }

  /**
   * @param written Tokens of each row so far.
   * @param logits `[B, V]`; changed in place.
   */
  override _call(written: bigint[][], logits: Tensor): Tensor {
    const values = logits.data as Float32Array;
    const size = values.length / written.length;
    for (const [row, ids] of written.entries()) {
      const scores = values.subarray(row * size, (row + 1) * size);
      // A row that has ended goes on ending until all have.
      const token = ids.includes(BigInt(this.#eosId))
        ? this.#eosId
        : sampleToken(scores, this.#options, this.#options.randoms[row]);
      scores.fill(-Infinity);
      scores[token] = 0;
    }
    return logits;
  }
}

/** Opens the decoder of a folder. */
async function _openDecoder(folder: string): Promise<CellDecoder> {
  const config = await (await _fetch(`${folder}/config.json`))
    .json() as CellDecoder["config"];
  const model = await _fetch(`${folder}/onnx/decoder.onnx`);
  const session = await InferenceSession.create(
    new Uint8Array(await model.arrayBuffer()),
    { executionProviders: ["wasm"] },
  );
  const { nodes } = config;
  return {
    config,
    async decode(codes) {
      const count = codes.length / nodes;
      if (count === 0) {
        return { ops: new Int32Array(), incoming: new Uint32Array() };
      }
      const { operations, adjacency } = await session.run({
        codes: new RuntimeTensor("int32", codes, [count, nodes]),
      });
      return {
        ops: operations.data as Int32Array,
        incoming: incomingOfLogits(adjacency.data as Float32Array, nodes),
      };
    },
  };
}

async function _fetch(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(
      `Cannot load ${path}: the server answered ${response.status} ${response.statusText}`,
    );
  }
  return response;
}
