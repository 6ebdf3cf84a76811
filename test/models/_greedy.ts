/**
 * Greedy generation with one T5 in two programs: ours, and Transformers.js on what we export.
 *
 * @module
 */

import {
  AutoModelForSeq2SeqLM,
  env,
  type PreTrainedModel,
  Tensor,
} from "@huggingface/transformers";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import type { TokenBatch } from "../../lib/language/tokenizer.ts";
import type { T5Model } from "../../lib/models/t5/config.ts";
import { T5Generator } from "../../lib/models/t5/generator.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

/** Ids up to the first end token, which all T5s number 1. */
export function untilEnd(ids: readonly number[]): number[] {
  const end = ids.indexOf(1);
  return ids.slice(0, end < 0 ? ids.length : end + 1);
}

/** What our generator writes at temperature 0, each row up to its end. */
export async function ourIds(
  model: T5Model,
  batch: TokenBatch,
  maxTokens: number,
): Promise<number[][]> {
  const generator = new T5Generator(model, executor);
  const ids = await generator.generate(batch, {
    temperature: 0,
    maxTokens,
    random: Random.fromSeed(0),
  });
  await generator.dispose();
  return Array.from(
    { length: batch.rows },
    (_, row) =>
      untilEnd([...ids.subarray(row * maxTokens, (row + 1) * maxTokens)]),
  );
}

/** What Transformers.js writes greedily with the exported model of a folder, likewise. */
export async function libraryIds(
  folder: string,
  { ids, mask, rows, length }: TokenBatch,
  maxTokens: number,
): Promise<number[][]> {
  env.allowRemoteModels = false;
  env.useFSCache = false;
  const model = await AutoModelForSeq2SeqLM.from_pretrained(folder, {
    dtype: "fp32",
    device: "cpu",
    local_files_only: true,
  });
  const tensor = (values: Int32Array) =>
    new Tensor("int64", BigInt64Array.from(values, BigInt), [rows, length]);
  const sequences = await model.generate(
    {
      inputs: tensor(ids),
      attention_mask: tensor(mask),
      max_new_tokens: maxTokens,
      do_sample: false,
    } as Parameters<PreTrainedModel["generate"]>[0],
  ) as Tensor;
  await model.dispose();
  // The start token comes first.
  return (sequences.tolist() as bigint[][]).map((row) =>
    untilEnd(row.slice(1).map(Number))
  );
}
