/** The configuration of a T5 that trains in seconds. */
import { T5_MINI, type T5Config } from "../../../lib/models/t5/config.ts";

/** One layer a stack, two heads, no dropout; `width` is that of the model. */
export function tinyT5Config(vocabularySize: number, width = 16): T5Config {
  return {
    ...T5_MINI,
    vocab_size: vocabularySize,
    d_model: width,
    d_kv: width / 2,
    d_ff: 2 * width,
    num_layers: 1,
    num_decoder_layers: 1,
    num_heads: 2,
    dropout_rate: 0,
  };
}
