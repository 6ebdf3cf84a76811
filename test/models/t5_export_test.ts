/**
 * The exported T5 against Hugging Face's values, against our own generator, and in
 * Transformers.js.
 */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AutoModelForSeq2SeqLM,
  env,
  type PreTrainedModel,
  Tensor as LibraryTensor,
} from "@huggingface/transformers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { onnxExecutor } from "../../lib/compile/onnx_executor.ts";
import { readJson } from "../../lib/files.ts";
import type { TokenBatch } from "../../lib/language/tokenizer.ts";
import { loadT5 } from "../../lib/models/model_files.ts";
import { readSafetensors } from "../../lib/models/safetensors.ts";
import {
  exportT5,
  T5_ONNX_FILES,
  t5DecoderOnnx,
  t5EncoderOnnx,
} from "../../lib/models/t5_export.ts";
import { type T5Config } from "../../lib/models/t5_config.ts";
import { T5Generator } from "../../lib/models/t5_generation.ts";
import { Random } from "../../lib/random.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });
const FIXTURES = new URL("../fixtures/", import.meta.url).pathname;

interface Expected {
  readonly inputIds: number[][];
  readonly attentionMask: number[][];
  readonly decoderInputIds: number[][];
  readonly generated: number[][];
}

const long = (rows: readonly (readonly number[])[]) =>
  new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [
    rows.length,
    rows[0].length,
  ]);

/** Empty keys and values for every past entry of a decoder. */
function noPast(
  { num_decoder_layers, num_heads, d_kv }: T5Config,
  batch: number,
): Record<string, Tensor> {
  const past: Record<string, Tensor> = {};
  for (let block = 0; block < num_decoder_layers; block++) {
    for (
      const entry of [
        "decoder.key",
        "decoder.value",
        "encoder.key",
        "encoder.value",
      ]
    ) {
      past[`past_key_values.${block}.${entry}`] = new Tensor(
        "float32",
        new Float32Array(0),
        [batch, num_heads, 0, d_kv],
      );
    }
  }
  return past;
}

/** The past entries that a decoder's outputs are to the next step. */
function asPast(
  outputs: InferenceSession.OnnxValueMapType,
  entries = /decoder|encoder/,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs)
      .filter(([name]) => name.startsWith("present.") && entries.test(name))
      .map(([name, value]) => [
        name.replace("present", "past_key_values"),
        value as Tensor,
      ]),
  );
}

for (const name of ["t5_tiny", "t5_tiny_gated"]) {
  const directory = join(FIXTURES, name);
  const model = await loadT5(directory);
  const expected = await readJson<Expected>(
    join(FIXTURES, `${name}_expected.json`),
    "fixture",
  );
  const { tensors } = await readSafetensors(
    join(FIXTURES, `${name}_expected.safetensors`),
  );

  Deno.test(`the exported encoder and decoder equal Hugging Face's, ${name}`, async () => {
    const encoder = await InferenceSession.create(t5EncoderOnnx(model));
    const decoder = await InferenceSession.create(t5DecoderOnnx(model));
    const mask = long(expected.attentionMask);
    const { last_hidden_state: hidden } = await encoder.run({
      input_ids: long(expected.inputIds),
      attention_mask: mask,
    });
    assert.deepEqual(hidden.dims, tensors.get("encoder")!.shape);
    assertClose(
      hidden.data as Float32Array,
      tensors.get("encoder")!.data,
      ACROSS_BACKENDS,
      "encoder",
    );
    const wanted = tensors.get("logits")!;
    const [batch, length, vocabulary] = wanted.shape;
    const encoded = {
      encoder_attention_mask: mask,
      encoder_hidden_states: hidden as Tensor,
    };
    // Whole targets at once, and in parts of every kind: one token after the other, many
    // behind one, one behind many. Keys and values of the encoder are given or made anew.
    for (
      const [parts, entries] of [
        [[6], /./],
        [[1, 1, 1, 1, 1, 1], /./],
        [[2, 4], /./],
        [[5, 1], /./],
        [[3, 3], /decoder/],
      ] as const
    ) {
      let past = noPast(model.config, batch);
      let start = 0;
      for (const count of parts) {
        const outputs = await decoder.run({
          input_ids: long(
            expected.decoderInputIds.map((row) =>
              row.slice(start, start + count)
            ),
          ),
          ...encoded,
          ...past,
        });
        assert.deepEqual(outputs.logits.dims, [batch, count, vocabulary]);
        const rows = Array.from({ length: batch }, (_, row) =>
          Array.from(
            wanted.data.subarray(
              (row * length + start) * vocabulary,
              (row * length + start + count) * vocabulary,
            ),
          )).flat();
        assertClose(
          outputs.logits.data as Float32Array,
          rows,
          ACROSS_BACKENDS,
          `logits of ${parts} from ${start}`,
        );
        past = { ...noPast(model.config, batch), ...asPast(outputs, entries) };
        start += count;
      }
      const { num_heads, d_kv } = model.config;
      assert.deepEqual(past["past_key_values.1.decoder.key"].dims, [
        batch,
        num_heads,
        length,
        d_kv,
      ]);
    }
    await encoder.release();
    await decoder.release();
  });

  Deno.test(`Transformers.js generates what our generator does, ${name}`, async () => {
    await withFolder(async (folder) => {
      for (
        const file of [
          "config.json",
          "generation_config.json",
          "model.safetensors",
        ]
      ) {
        await copyFile(join(directory, file), join(folder, file));
      }
      const written = await exportT5(folder);
      assert.deepEqual(
        written,
        Object.values(T5_ONNX_FILES).map((file) => join(folder, file)),
      );
      const { inputIds, attentionMask } = expected;
      const batch = {
        ids: Int32Array.from(inputIds.flat()),
        mask: Int32Array.from(attentionMask.flat()),
        rows: inputIds.length,
        length: inputIds[0].length,
      };
      const theirs = await libraryIds(folder, batch, 8);
      assert.deepEqual(theirs, await ourIds(model, batch, 8));
      // Hugging Face's begin with the start token.
      assert.deepEqual(
        theirs,
        expected.generated.map((row) => untilEnd(row.slice(1))),
      );
    });
  });
}

/** Ids up to the first end token. */
function untilEnd(ids: readonly number[]): number[] {
  const end = ids.indexOf(1);
  return ids.slice(0, end < 0 ? ids.length : end + 1);
}

/** What our generator writes at temperature 0. */
async function ourIds(
  model: Awaited<ReturnType<typeof loadT5>>,
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

/** What Transformers.js writes, greedily, with the model of a folder. */
async function libraryIds(
  folder: string,
  { ids, mask, rows, length }: TokenBatch,
  maxTokens: number,
): Promise<number[][]> {
  env.allowRemoteModels = false;
  env.useFSCache = false;
  const model: PreTrainedModel = await AutoModelForSeq2SeqLM.from_pretrained(
    folder,
    { dtype: "fp32", device: "cpu", local_files_only: true },
  );
  const tensor = (values: Int32Array) =>
    new LibraryTensor("int64", BigInt64Array.from(values, BigInt), [
      rows,
      length,
    ]);
  const sequences = await model.generate(
    {
      inputs: tensor(ids),
      attention_mask: tensor(mask),
      max_new_tokens: maxTokens,
      do_sample: false,
    } as Parameters<PreTrainedModel["generate"]>[0],
  ) as LibraryTensor;
  await model.dispose();
  return (sequences.tolist() as bigint[][]).map((row) =>
    untilEnd(row.slice(1).map(Number))
  );
}
