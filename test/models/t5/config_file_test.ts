import assert from "node:assert/strict";
import { scalesOutputs } from "../../../lib/models/t5/config.ts";
import { t5ConfigOf } from "../../../lib/models/t5/config_file.ts";

Deno.test("t5ConfigOf() has the defaults of transformers", () => {
  assert.deepEqual(t5ConfigOf({ model_type: "t5" }, "x"), {
    vocab_size: 32_128,
    d_model: 512,
    d_kv: 64,
    d_ff: 2048,
    num_layers: 6,
    num_decoder_layers: 6,
    num_heads: 8,
    relative_attention_num_buckets: 32,
    relative_attention_max_distance: 128,
    dropout_rate: 0.1,
    layer_norm_epsilon: 1e-6,
    feed_forward_proj: "relu",
    tie_word_embeddings: true,
    pad_token_id: 0,
    eos_token_id: 1,
    decoder_start_token_id: 0,
  });
  assert.equal(t5ConfigOf({ num_layers: 4 }, "x").num_decoder_layers, 4);
  assert.equal(
    t5ConfigOf({ num_layers: 4, num_decoder_layers: null }, "x")
      .num_decoder_layers,
    4,
  );
  const { vocab_size, d_ff, num_layers, num_heads, feed_forward_proj } =
    t5ConfigOf({ model_type: "mt5" }, "x");
  assert.deepEqual(
    [vocab_size, d_ff, num_layers, num_heads, feed_forward_proj],
    [250_112, 1024, 8, 6, "gated-gelu"],
  );
});

Deno.test("t5ConfigOf() tells whether the head's input is scaled", () => {
  const cases: [file: Record<string, unknown>, scaled: boolean][] = [
    [{}, true],
    [{ tie_word_embeddings: true }, true],
    [{ tie_word_embeddings: false }, false],
    [{ tie_word_embeddings: true, scale_decoder_outputs: false }, false],
    [{ tie_word_embeddings: false, scale_decoder_outputs: true }, true],
    [{ tie_word_embeddings: true, scale_decoder_outputs: true }, true],
    // An mT5 never is, whatever its file says of its head.
    [{ model_type: "mt5" }, false],
    [{ model_type: "mt5", tie_word_embeddings: true }, false],
    [{ model_type: "mt5", tie_word_embeddings: false }, false],
  ];
  for (const [file, scaled] of cases) {
    const config = t5ConfigOf(file, "x");
    assert.equal(scalesOutputs(config), scaled, JSON.stringify(file));
    assert.equal(
      config.scale_decoder_outputs === undefined,
      scaled === config.tie_word_embeddings,
    );
  }
});

Deno.test("t5ConfigOf() refuses each field that is not as it must be, by name", () => {
  const wrong: [file: unknown, message: string][] = [
    [null, "the file must be an object, got null"],
    [[1], "the file must be an object, got [1]"],
    [{ model_type: "bert" }, "model_type must be t5 or mt5, got bert"],
    [{ model_type: null }, "model_type must be t5 or mt5, got null"],
    [
      { feed_forward_proj: "gated-silu" },
      "feed_forward_proj must be relu or gated-gelu, got gated-silu",
    ],
    [{ dense_act_fn: "gelu" }, "dense_act_fn must be relu, got gelu"],
    [
      { feed_forward_proj: "gated-gelu", dense_act_fn: "gelu" },
      "dense_act_fn must be gelu_new, got gelu",
    ],
    [{ is_gated_act: true }, "is_gated_act must be false, got true"],
    [
      { is_encoder_decoder: false },
      "is_encoder_decoder must be true, got false",
    ],
    [{ is_decoder: true }, "is_decoder must be false, got true"],
    [{ d_model: 0 }, "d_model must be a whole number in [1, 1048576], got 0"],
    [
      { d_model: "8" },
      "d_model must be a whole number in [1, 1048576], got 8",
    ],
    [{ d_kv: 1.5 }, "d_kv must be a whole number in [1, 1048576], got 1.5"],
    [{ d_ff: null }, "d_ff must be a whole number in [1, 1048576], got null"],
    [
      { num_layers: 1_000_000_000 },
      "num_layers must be a whole number in [1, 1024], got 1000000000",
    ],
    [
      { num_decoder_layers: 1025 },
      "num_decoder_layers must be a whole number in [1, 1024], got 1025",
    ],
    [
      { num_heads: -1 },
      "num_heads must be a whole number in [1, 1024], got -1",
    ],
    [
      { vocab_size: 2 ** 31 },
      "vocab_size must be a whole number in [1, 16777216], got 2147483648",
    ],
    [
      { relative_attention_num_buckets: 3 },
      "relative_attention_num_buckets must be a whole number in [4, 4096], got 3",
    ],
    [
      { relative_attention_max_distance: 16 },
      "relative_attention_max_distance must be a whole number in [17, 1048576], got 16",
    ],
    [
      { dropout_rate: "x" },
      "dropout_rate must be a number in [0, 1), got x",
    ],
    [{ dropout_rate: 1 }, "dropout_rate must be a number in [0, 1), got 1"],
    [
      { layer_norm_epsilon: -1 },
      "layer_norm_epsilon must be a number above 0 and at most 1, got -1",
    ],
    [
      { layer_norm_epsilon: 0 },
      "layer_norm_epsilon must be a number above 0 and at most 1, got 0",
    ],
    [
      { vocab_size: 64, eos_token_id: -7 },
      "eos_token_id must be a whole number in [0, 63], got -7",
    ],
    [
      { vocab_size: 64, pad_token_id: 64 },
      "pad_token_id must be a whole number in [0, 63], got 64",
    ],
    [
      { decoder_start_token_id: null },
      "decoder_start_token_id must be a whole number in [0, 32127], got null",
    ],
    [
      { eos_token_id: [1, 2] },
      "eos_token_id must be a whole number in [0, 32127], got [1,2]",
    ],
    [
      { tie_word_embeddings: 1 },
      "tie_word_embeddings must be true or false, got 1",
    ],
    [
      { scale_decoder_outputs: "false" },
      "scale_decoder_outputs must be true or false, got false",
    ],
    [
      { model_type: "x".repeat(1_000_000) },
      `model_type must be t5 or mt5, got ${"x".repeat(80)}…`,
    ],
  ];
  for (const [file, message] of wrong) {
    assert.throws(() => t5ConfigOf(file, "x"), {
      name: "RangeError",
      message: `Cannot use the model of x: ${message}`,
    });
  }
  // One of several faults is named.
  assert.throws(
    () =>
      t5ConfigOf({
        model_type: "t5",
        vocab_size: 64,
        eos_token_id: -7,
        dropout_rate: "x",
        layer_norm_epsilon: -1,
        num_layers: 1_000_000_000,
      }, "x"),
    /^RangeError: Cannot use the model of x: num_layers must be /,
  );
});
