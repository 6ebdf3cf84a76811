/**
 * Examples as the inputs of T5's loss: whole batches of both prompts, and parts of them.
 *
 * Shapes: `B` examples, padded to `L` tokens of input and `T` of target.
 * Source: the paper, §3.2.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import { floats, type HostTensors, integers } from "../../core/tensors.ts";
import {
  type CodeSequences,
  sequenceRows,
} from "../../language/code_sequences.ts";
import type { CodeTokens, TokenExamples } from "../../language/code_tokens.ts";
import { randomPlaces } from "../../language/masking.ts";
import type { T5Config } from "./config.ts";
import {
  IGNORED_LABEL,
  noiseSize,
  shiftRight,
  type T5Part,
} from "./network.ts";

/**
 * Examples as the inputs of one part of a loss; see `t5Loss`.
 *
 * Inputs that are all alike, as "generate:" is, become one row for all targets, which spares
 * the encoder most of its work. With dropout each has a row, and so a noise, of its own.
 */
export function exampleTensors(
  config: T5Config,
  { input, target }: TokenExamples,
  part: T5Part,
): HostTensors {
  const labels = target.ids.map((id, i) =>
    target.mask[i] === 1 ? id : IGNORED_LABEL
  );
  const same = config.dropout_rate === 0 &&
    input.ids.every((id, i) => id === input.ids[i % input.length]);
  const inputShape = [same ? 1 : input.rows, input.length];
  const inputSize = inputShape[0] * inputShape[1];
  const targetShape = [target.rows, target.length];
  return {
    [`${part}.ids`]: integers(inputShape, input.ids.slice(0, inputSize)),
    [`${part}.mask`]: floats(
      inputShape,
      Float32Array.from(input.mask.subarray(0, inputSize)),
    ),
    [`${part}.decoderIds`]: integers(
      targetShape,
      shiftRight(labels, target.length, config),
    ),
    [`${part}.labels`]: integers(targetShape, labels),
  };
}

/** Rows of sequences for each prompt. */
export interface PromptRows {
  readonly generate: Uint32Array;
  readonly fill: Uint32Array;
}

/** Makes the inputs of a step, or of a part of it, out of sequences. */
export class T5Batches {
  readonly #config: T5Config;
  readonly #tokens: CodeTokens;
  readonly #sequences: CodeSequences;

  constructor(
    config: T5Config,
    tokens: CodeTokens,
    sequences: CodeSequences,
  ) {
    this.#config = config;
    this.#tokens = tokens;
    this.#sequences = sequences;
  }

  /**
   * A batch of both prompts, or of the one that there are rows for.
   *
   * @param random Draws which codes "fill:" hides.
   */
  whole({ generate, fill }: PromptRows, random: Random): HostTensors {
    const inputs: HostTensors = {};
    if (generate.length > 0) {
      const rows = sequenceRows(this.#sequences, generate);
      const examples = this.#tokens.generateExamples(rows);
      Object.assign(inputs, exampleTensors(this.#config, examples, "generate"));
    }
    if (fill.length > 0) {
      const rows = sequenceRows(this.#sequences, fill);
      const places = rows.map((codes) => randomPlaces(codes.length, random));
      const examples = this.#tokens.fillExamples(rows, places);
      Object.assign(inputs, exampleTensors(this.#config, examples, "fill"));
    }
    return inputs;
  }

  /**
   * A batch in parts, with noise for dropout; the last part can have fewer rows.
   *
   * @param partRows Rows of each prompt in a part.
   * @param random Draws what "fill:" hides and the noise, part by part.
   */
  parts(
    { generate, fill }: PromptRows,
    partRows: { readonly generate: number; readonly fill: number },
    random: Random,
  ): HostTensors[] {
    const count = Math.ceil(
      Math.max(
        generate.length / partRows.generate,
        fill.length / partRows.fill,
      ),
    );
    const { input, target } = this.#tokens.lengths.fill;
    const noise = noiseSize(this.#config, {
      rows: partRows.generate + partRows.fill,
      inputLength: input,
      targetLength: target,
    });
    const cut = (rows: Uint32Array, size: number, part: number) =>
      rows.subarray(part * size, (part + 1) * size);
    return Array.from({ length: count }, (_, part) => ({
      ...this.whole({
        generate: cut(generate, partRows.generate, part),
        fill: cut(fill, partRows.fill, part),
      }, random),
      ...(noise > 0 ? { noise: _noise(noise, random) } : {}),
    }));
  }
}

function _noise(size: number, random: Random) {
  const noise = new Float32Array(size);
  // `Float32Array.from` would take nine times as long.
  for (let i = 0; i < size; i++) noise[i] = random.uniform();
  return floats([size], noise);
}
