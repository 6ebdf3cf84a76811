import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { floats, integers } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  type CodeSequences,
  sequenceRows,
} from "../../../lib/language/code_sequences.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../../lib/language/tokenizer.ts";
import { initialT5Weights } from "../../../lib/models/t5/config.ts";
import {
  compareLikelihoods,
  sequenceLikelihood,
} from "../../../lib/models/t5/likelihood.ts";
import { decodeText, encodeText } from "../../../lib/models/t5/network.ts";
import { ACROSS_BACKENDS, assertClose, withFolder } from "../../_helpers.ts";
import { counting } from "../_counting.ts";
import { tinyT5Config } from "./_tiny_t5.ts";

const CODES = 16;
const LENGTH = 4;
/** Ids of the project's tokenizer. */
const [PAD, END, GENERATE, FIRST_CODE] = [0, 1, 3, 5];

const tokenizer = await withFolder(async (folder) => {
  await writeCodesTokenizer(folder, { codebookSize: CODES });
  return await loadTokenizer(folder);
});

Deno.test("sequenceLikelihood() is −Σ log p of codes and end, by position", async () => {
  const config = tinyT5Config(tokenizer.vocabularySize);
  const weights = initialT5Weights(config, Random.fromSeed(3));
  const random = Random.fromSeed(4);
  // 600 sequences are more than one batch of 512.
  const sequences: CodeSequences = {
    codes: Int32Array.from(
      { length: 600 * LENGTH },
      () => random.integer(CODES),
    ),
    length: LENGTH,
    codebookSize: CODES,
  };
  const { executor, open } = counting(onnxExecutor({ provider: "cpu" }));
  const actual = await sequenceLikelihood(sequences, { config, weights }, {
    executor,
    tokenizer,
  });
  assert.equal(open(), 0);

  const forward = executor.compile((state, { ids, mask, decoderIds }) => {
    const pass = { config, state };
    const hidden = encodeText(pass, ids, mask);
    return {
      outputs: { logits: decodeText(pass, decoderIds, { hidden, mask }) },
    };
  }, { name: "forward" });
  const rows = sequenceRows(sequences, Array(600).keys().toArray());
  const { logits } = await forward.run(executor.state(weights), {
    ids: integers([600, 2], rows.flatMap(() => [GENERATE, END])),
    mask: floats([600, 2], new Array(1200).fill(1)),
    decoderIds: integers(
      [600, LENGTH + 1],
      rows.flatMap((codes) => [PAD, ...codes.map((code) => FIRST_CODE + code)]),
    ),
  });
  const perPosition = new Array<number>(LENGTH + 1).fill(0);
  rows.forEach((codes, row) => {
    const targets = [...codes.map((code) => FIRST_CODE + code), END];
    targets.forEach((target, position) => {
      const at = (row * (LENGTH + 1) + position) * config.vocab_size;
      const values = logits.data.slice(at, at + config.vocab_size);
      let total = 0;
      for (const value of values) total += Math.exp(value);
      perPosition[position] += (Math.log(total) - values[target]) / 600;
    });
  });
  assertClose(actual.perPosition, perPosition, ACROSS_BACKENDS);
  assertClose(
    [actual.perSequence],
    [perPosition.reduce((sum, nats) => sum + nats, 0)],
    ACROSS_BACKENDS,
  );
});

Deno.test("compareLikelihoods() scores validation sequences with chains fitted to the others", async () => {
  const config = tinyT5Config(tokenizer.vocabularySize);
  const model = {
    config,
    weights: initialT5Weights(config, Random.fromSeed(3)),
  };
  const executor = onnxExecutor({ provider: "cpu" });
  const of = (codes: number[]) => ({
    codes: Int32Array.from(codes),
    length: LENGTH,
    codebookSize: CODES,
  });
  const fitting = of(new Array(50).fill([1, 2, 3, 4]).flat());
  const validation = of([1, 2, 3, 4]);
  const options = { executor, tokenizer };
  const compared = await compareLikelihoods(
    { fitting, validation },
    model,
    options,
  );
  assert.deepEqual(compared.map(({ model }) => model), [
    "Markov chain, order 1",
    "Markov chain, order 2",
    "Markov chain, order 3",
    "T5",
  ]);
  const { model: _, ...t5 } = compared[3];
  assert.deepEqual(t5, await sequenceLikelihood(validation, model, options));
  // Fifty times the same codes: a chain is all but sure of them, whatever its order.
  for (const { perSequence, perPosition } of compared.slice(0, 3)) {
    assert.equal(perPosition.length, LENGTH);
    assert.ok(perSequence < 0.5, `${perSequence}`);
  }
  const swapped = await compareLikelihoods(
    { fitting, validation: of([4, 3, 2, 1]) },
    model,
    options,
  );
  assert.ok(swapped[0].perSequence > 10);
});
