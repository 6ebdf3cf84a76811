import assert from "node:assert/strict";
import { T5_MINI } from "../../lib/models/t5/config.ts";
import {
  plainProductRate,
  t5ProductOperations,
} from "../../lib/speed/products.ts";

Deno.test("t5ProductOperations() counts each weight, row and score", () => {
  const config = {
    ...T5_MINI,
    d_model: 2,
    d_kv: 3,
    num_heads: 1,
    d_ff: 5,
    vocab_size: 7,
    num_layers: 1,
    num_decoder_layers: 1,
  };
  // Projections have 2 · 3 weights, a feed-forward layer 2 · 2 · 5.
  // Encoder, 4 rows: 4 · (4 · 6 + 20) + scores 2 · 4 · 2 · 3.
  // Decoder, 6 rows: 6 · (6 · 6 + 20) + keys and values of the 4 rows 2 · 4 · 6
  //   + scores 2 · 6 · 3 · 3 and 2 · 6 · 2 · 3; head 6 · 2 · 7.
  const multiplications = 176 + 48 + 336 + 48 + 108 + 72 + 84;
  assert.equal(
    t5ProductOperations(config, { rows: 2, inputLength: 2, targetLength: 3 }),
    6 * multiplications,
  );
});

Deno.test("plainProductRate() is a rate that some machine could have", async () => {
  const rate = await plainProductRate();
  assert.ok(rate > 1e8 && rate < 1e15, `${rate}`);
});
