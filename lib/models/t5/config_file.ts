/**
 * A T5's `config.json`: every field that the computation depends on, checked.
 *
 * Source: Hugging Face `transformers`, `models/t5` and `models/mt5`, versions 4 and 5.
 *
 * @module
 */

import { ConfigFields } from "../../core/config_fields.ts";
import type { T5Config } from "./config.ts";

/** Far above every published T5; below it nothing that is made by a size fills the memory. */
const MOST = {
  vocabulary: 2 ** 24,
  width: 2 ** 20,
  layers: 1024,
  buckets: 4096,
};

/**
 * A T5's configuration from its file, with the defaults that transformers has for what a
 * file leaves out.
 *
 * The file alone cannot tell whether the head is the embedding: transformers 5 writes
 * `tie_word_embeddings: true` whatever it is. Here it is what the file says, and
 * `scale_decoder_outputs` is there where it differs.
 *
 * An mT5 is a T5 v1.1 with defaults of its own, whose head's input is never scaled.
 *
 * @param path Of the file, for errors.
 * @throws {RangeError} If it is of no T5, of one that computes in another way, or a field is
 *   not as it must be.
 */
export function t5ConfigOf(file: unknown, path: string): T5Config {
  const fields = new ConfigFields(file, path);
  const multilingual =
    fields.oneOf("model_type", ["t5", "mt5"], "t5") === "mt5";
  const { width, layers, buckets } = MOST;
  const vocab_size = fields.whole(
    "vocab_size",
    [1, MOST.vocabulary],
    multilingual ? 250_112 : 32_128,
  );
  const num_layers = fields.whole(
    "num_layers",
    [1, layers],
    multilingual ? 8 : 6,
  );
  const num_buckets = fields.whole(
    "relative_attention_num_buckets",
    [4, buckets],
    32,
  );
  const feed_forward_proj = fields.oneOf(
    "feed_forward_proj",
    ["relu", "gated-gelu"],
    multilingual ? "gated-gelu" : "relu",
  );
  // What transformers writes beside it may not say otherwise.
  const gated = feed_forward_proj === "gated-gelu";
  fields.oneOf("is_gated_act", [gated], gated);
  fields.oneOf("dense_act_fn", [gated ? "gelu_new" : "relu"], undefined);
  fields.oneOf("is_encoder_decoder", [true], true);
  fields.oneOf("is_decoder", [false], false);
  const tied = fields.oneOf("tie_word_embeddings", [true, false], true);
  const scaled = fields.oneOf("scale_decoder_outputs", [true, false], tied) &&
    !multilingual;
  const token = (name: string, otherwise: number) =>
    fields.whole(name, [0, vocab_size - 1], otherwise);
  return {
    vocab_size,
    d_model: fields.whole("d_model", [1, width], 512),
    d_kv: fields.whole("d_kv", [1, width], 64),
    d_ff: fields.whole("d_ff", [1, width], multilingual ? 1024 : 2048),
    num_layers,
    num_decoder_layers: fields.isNull("num_decoder_layers")
      ? num_layers
      : fields.whole("num_decoder_layers", [1, layers], num_layers),
    num_heads: fields.whole("num_heads", [1, layers], multilingual ? 6 : 8),
    relative_attention_num_buckets: num_buckets,
    // The logarithmic buckets begin at half of the decoder's.
    relative_attention_max_distance: fields.whole(
      "relative_attention_max_distance",
      [Math.floor(num_buckets / 2) + 1, width],
      128,
    ),
    dropout_rate: fields.real(
      "dropout_rate",
      "a number in [0, 1)",
      (rate) => rate >= 0 && rate < 1,
      0.1,
    ),
    layer_norm_epsilon: fields.real(
      "layer_norm_epsilon",
      "a number above 0 and at most 1",
      (epsilon) => epsilon > 0 && epsilon <= 1,
      1e-6,
    ),
    feed_forward_proj,
    tie_word_embeddings: tied,
    pad_token_id: token("pad_token_id", 0),
    eos_token_id: token("eos_token_id", 1),
    decoder_start_token_id: token("decoder_start_token_id", 0),
    ...(scaled === tied ? {} : { scale_decoder_outputs: scaled }),
  };
}
