/**
 * The exported T5 against Hugging Face's values, against our own generator, and in
 * Transformers.js.
 */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readJson } from "../../../lib/core/files.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import { floats } from "../../../lib/core/tensors.ts";
import { exportOnnx } from "../../../lib/engine/onnx_export.ts";
import { tf } from "../../../lib/engine/tensorflow.ts";
import { T5_MINI, type T5Config } from "../../../lib/models/t5/config.ts";
import {
  exportT5,
  placeBias,
  placesUpTo,
  T5_ONNX_FILES,
  t5DecoderOnnx,
  t5EncoderOnnx,
} from "../../../lib/models/t5/export.ts";
import { loadT5 } from "../../../lib/models/t5/files.ts";
import { relativePositionBuckets } from "../../../lib/models/t5/network.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { assertPasses, hasPackages } from "../../_python.ts";
import { libraryIds, ourIds, untilEnd } from "../_greedy.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;

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

  Deno.test({
    name: `ONNX's reference checker passes the exported T5, ${name}`,
    ignore: !await hasPackages("onnx"),
    fn: () =>
      assertPasses({
        encoder: t5EncoderOnnx(model),
        decoder: t5DecoderOnnx(model),
      }),
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

for (const stack of ["encoder", "decoder"] as const) {
  Deno.test(`placeBias() looks up the buckets of relativePositionBuckets() at every length, ${stack}`, async () => {
    const config = { ...T5_MINI, num_heads: 2 };
    const { relative_attention_num_buckets: buckets } = config;
    const session = await InferenceSession.create(exportOnnx({
      name: "buckets",
      // Row b holds b and −b: the bias is the bucket.
      weights: {
        [`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`]:
          floats(
            [buckets, 2],
            Array.from({ length: buckets }, (_, b) => [b, -b]).flat(),
          ),
      },
      inputs: {
        fresh: { type: "float32", shape: ["new"] },
        past: { type: "float32", shape: ["past"] },
      },
      sums: { total: { new: 1, past: 1 } },
      run: (state, { fresh, past }) => {
        const total = placesUpTo(fresh.size + past.size);
        const here = tf.slice(total, [past.size], [fresh.size]);
        const bias = placeBias({ config, state }, stack, here, total);
        // So that both inputs are used.
        const zero = tf.mul(tf.add(tf.sum(fresh), tf.sum(past)), 0);
        return { bias: tf.add(bias, zero) };
      },
    }));
    const zeros = (length: number) =>
      new Tensor("float32", new Float32Array(length), [length]);
    const lengths = Array.from({ length: 64 }, (_, i) => i + 1);
    for (const total of [...lengths, 200, 300]) {
      // All queries at once, and behind a past.
      for (const past of [0, total - 1, total >> 1]) {
        const { bias } = await session.run({
          fresh: zeros(total - past),
          past: zeros(past),
        });
        assert.deepEqual(bias.dims, [1, 2, total - past, total]);
        const wanted = relativePositionBuckets(
          config,
          total,
          total,
          stack === "encoder",
        ).subarray(past * total);
        const values = bias.data as Float32Array;
        assert.deepEqual(
          Int32Array.from(values.subarray(0, wanted.length)),
          wanted,
        );
        assert.deepEqual(
          Int32Array.from(values.subarray(wanted.length), (value) => -value),
          wanted,
        );
      }
    }
    await session.release();
  });
}
