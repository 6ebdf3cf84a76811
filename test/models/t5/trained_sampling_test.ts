import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import type { WritingModel } from "../../../lib/generation/cell_model.ts";
import { sampleToken } from "../../../lib/language/decoding.ts";
import { hasModel, OUTPUTS, recordFolder } from "../../../lib/run/folders.ts";
import { openModel } from "../../../lib/run/open_model.ts";

const SPACE = "nasbench101";
const CODE = "arch-llm-plus";
const ROWS = 3000;
const executor = onnxExecutor({ provider: "cpu", threads: 1 });

/** Draws one token after the other, the whole of each beginning computed anew. */
async function drawnPlainly(
  { generator, tokens }: WritingModel,
  temperature: number,
): Promise<Int32Array> {
  const { vocab_size: width, eos_token_id: end } = generator.config;
  const length = tokens.lengths.generate.target;
  const random = Random.fromSeed(1);
  const ids = new Int32Array(ROWS * length);
  const ended = new Uint8Array(ROWS);
  for (let position = 0; position < length; position++) {
    const begun = Int32Array.from(
      { length: ROWS * position },
      (_, i) => ids[Math.floor(i / position) * length + i % position],
    );
    const logits = await generator.nextLogits(
      tokens.generatePrompts(1),
      begun,
      ROWS,
    );
    for (let row = 0; row < ROWS; row++) {
      if (ended[row] === 1) continue;
      const token = sampleToken(
        logits.subarray(row * width, (row + 1) * width),
        { temperature },
        random,
      );
      ids[row * length + position] = token;
      if (token === end) ended[row] = 1;
    }
  }
  return ids;
}

/**
 * How far two samples of as many rows are apart in their first `length` tokens: χ² over the
 * beginnings that come ten times and all others together, in standard deviations of it.
 */
function apart(
  a: Int32Array,
  b: Int32Array,
  rowLength: number,
  length: number,
): number {
  const counts = new Map<string, [number, number]>();
  [a, b].forEach((ids, side) => {
    for (let at = 0; at < ids.length; at += rowLength) {
      const name = `${ids.subarray(at, at + length)}`;
      const count = counts.get(name) ?? [0, 0];
      count[side]++;
      counts.set(name, count);
    }
  });
  const rest: [number, number] = [0, 0];
  const cells = [rest];
  for (const count of counts.values()) {
    if (count[0] + count[1] >= 10) cells.push(count);
    else count.forEach((n, side) => rest[side] += n);
  }
  const filled = cells.filter(([left, right]) => left + right > 0);
  const squares = filled.reduce(
    (sum, [left, right]) => sum + (left - right) ** 2 / (left + right),
    0,
  );
  const freedom = filled.length - 1;
  return (squares - freedom) / Math.sqrt(2 * freedom);
}

Deno.test({
  name:
    "T5Generator with a trained model draws as one token after the other is drawn, without cache or tree",
  ignore: !["vqvae", "t5"].every((kind) =>
    hasModel(recordFolder(OUTPUTS, SPACE), `${CODE}/${kind}`)
  ),
  fn: async () => {
    await using model = await openModel(SPACE, CODE, { executor });
    const rowLength = model.tokens.lengths.generate.target;
    const plain = await drawnPlainly(model, 1);
    // Both in one pass; the second is another distribution, which must show.
    const [same, other] = await model.generator.generateEach(
      model.tokens.generatePrompts(ROWS),
      [1, 1.3].map((temperature) => ({
        temperature,
        random: Random.fromSeed(2),
      })),
      { maxTokens: rowLength },
    );
    for (const length of [2, 3, 4, 5]) {
      const distance = apart(plain, same, rowLength, length);
      assert.ok(distance < 5, `${length} tokens: ${distance}`);
    }
    assert.ok(apart(plain, other, rowLength, 4) > 5);
    // What comes after the last code is the end, as often.
    const whole = (ids: Int32Array) =>
      ids.filter((id) => id === model.generator.config.eos_token_id).length;
    const [p, q] = [whole(plain), whole(same)];
    const allowed = 5 * Math.sqrt(ROWS - Math.min(p, q) + 1);
    assert.ok(Math.abs(p - q) <= allowed, `${p} and ${q}`);
  },
});
