/**
 * A pretrained T5 in, fine-tuned, out: made by Python's transformers, trained here on codes of
 * a VQ-VAE, and run by Python's transformers and by Transformers.js.
 */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import { CodeTokens } from "../../lib/language/code_tokens.ts";
import { fillExample, GENERATE_PROMPT } from "../../lib/language/sentences.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { openT5Base, openTunedT5 } from "../../lib/models/t5/base.ts";
import { exportT5 } from "../../lib/models/t5/export.ts";
import { loadT5 } from "../../lib/models/t5/files.ts";
import { T5Generator } from "../../lib/models/t5/generator.ts";
import { sequenceLikelihood } from "../../lib/models/t5/likelihood.ts";
import { trainT5 } from "../../lib/models/t5/training.ts";
import { vqvaeConfig } from "../../lib/models/vqvae/config.ts";
import { trainVqvae, vqvaeTraining } from "../../lib/models/vqvae/training.ts";
import { encodeSplits, Vqvae } from "../../lib/models/vqvae/vqvae.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellSplit } from "../../lib/spaces/split.ts";
import { assertClose, sharedData, withFolder } from "../_helpers.ts";
import { askPython, hasPackages } from "../_python.ts";
import { libraryIds, ourIds } from "../models/_greedy.ts";

const executor = onnxExecutor({ provider: "cpu" });
const space = getSpace("nasbench201");

/** Makes a T5 with random weights and so many tokens in a folder. */
const MAKE = `
import sys, torch
from transformers import T5Config, T5ForConditionalGeneration
folder, tokens = sys.argv[1:]
torch.manual_seed(0)
T5ForConditionalGeneration(T5Config(
    vocab_size=int(tokens), d_model=48, d_kv=12, d_ff=96, num_layers=2,
    num_heads=4, dropout_rate=0.0, decoder_start_token_id=0,
)).save_pretrained(folder)
print("{}")
`;

/**
 * Tokenizes sentences and writes what comes after them, greedily; prints both as JSON, and
 * logits of the first token.
 */
const GENERATE = `
import json, sys, torch
from transformers import AutoTokenizer, T5ForConditionalGeneration
folder, sentences, length = sys.argv[1:]
model, info = T5ForConditionalGeneration.from_pretrained(
    folder, dtype=torch.float32, output_loading_info=True)
assert not info["missing_keys"] and not info["unexpected_keys"], info
tokenizer = AutoTokenizer.from_pretrained(folder)
batch = tokenizer(json.loads(sentences), padding=True, return_tensors="pt")
rows = model.eval().generate(
    input_ids=batch.input_ids, attention_mask=batch.attention_mask,
    do_sample=False, num_beams=1, max_new_tokens=int(length)).tolist()
rows = [row[1:] for row in rows]
with torch.no_grad():
    first = model(
        input_ids=batch.input_ids, attention_mask=batch.attention_mask,
        decoder_input_ids=torch.zeros(len(rows), 1, dtype=torch.long)).logits
print(json.dumps({
    "ids": batch.input_ids.flatten().tolist(),
    "logits": first[:, 0].tolist(),
    "generated": [row[:row.index(1) + 1] if 1 in row else row for row in rows],
}))
`;

/** Codes of NAS-Bench-201 by a VQ-VAE after one epoch. */
async function someCodes() {
  const { train, validation } = space.split();
  const few = cellSplit(train.slice(0, 2048), validation.slice(0, 128));
  const small = { ...space, split: () => few };
  const config = {
    ...vqvaeConfig(space, "arch-llm-plus"),
    hidden: 32,
    codebookSize: 64,
  };
  const { weights } = await trainVqvae(small, config, {
    ...vqvaeTraining(space, true),
    epochs: 1,
  }, { executor });
  const vqvae = Vqvae.load({ config, weights }, executor);
  const codes = await encodeSplits(vqvae, small);
  await vqvae.dispose();
  return codes;
}

const TOKENIZERS = {
  "one token a code": (folder: string) =>
    writeCodesTokenizer(folder, { codebookSize: 64 }),
  "T5's own tokens": async (folder: string) => {
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      await copyFile(sharedData(`t5/${name}`)!, join(folder, name));
    }
  },
};

for (const [kind, writeTokenizer] of Object.entries(TOKENIZERS)) {
  Deno.test({
    name:
      `a pretrained T5 is fine-tuned and goes on as it is in Python and in Transformers.js, ${kind}`,
    ignore: !await hasPackages("torch", "transformers") ||
      kind === "T5's own tokens" && sharedData("t5/tokenizer.json") === null,
    fn: () =>
      withFolder(async (folder) => {
        const source = join(folder, "pretrained");
        await Deno.mkdir(source);
        await writeTokenizer(source);
        const { vocabularySize } = await loadTokenizer(source);
        await askPython(MAKE, source, String(vocabularySize));

        const sequences = await someCodes();
        const { train, validation } = sequences;
        const base = await openT5Base(source, space, train, {
          scratch: join(folder, "scratch"),
        });
        const before = await sequenceLikelihood(
          validation,
          { config: base.config, weights: base.weights! },
          { executor, tokenizer: base.tokenizer },
        );
        const trained = await trainT5(sequences, base.config, {
          epochs: 1,
          batchSize: 32,
          fillShare: 0.25,
          learningRate: 1e-2,
          warmupSteps: 10,
          weightDecay: 0,
          clipNorm: 1,
          patience: 1,
          seed: 0,
        }, { executor, tokenizer: base.tokenizer, weights: base.weights });
        const tuned = join(folder, "tuned");
        await base.save(tuned, trained);
        await exportT5(tuned);
        const { t5, tokenizer } = await openTunedT5(tuned, train);
        const after = await sequenceLikelihood(validation, t5, {
          executor,
          tokenizer,
        });
        assert.ok(
          after.perSequence < 0.8 * before.perSequence,
          `${after.perSequence} nats, ${before.perSequence} before`,
        );

        // Prompts of both kinds: of different lengths, so that there is padding.
        const sentences = [
          [GENERATE_PROMPT],
          ...[1, 3, 6].map((masks, row) =>
            fillExample(
              validation.codes.subarray(8 * row, 8 * row + 8),
              Array.from({ length: masks }, (_, place) => place),
            ).input
          ),
        ];
        const whole = await loadTokenizer(tuned);
        const batch = whole.encodeBatch(sentences);
        const maxTokens = new CodeTokens(whole, train).lengths.fill.target;
        const model = await loadT5(tuned);
        const ours = await ourIds(model, batch, maxTokens);
        assert.ok(new Set(ours.map(String)).size > 1, "all rows are alike");
        const theirs = await askPython<
          { ids: number[]; generated: number[][]; logits: number[][] }
        >(
          GENERATE,
          tuned,
          JSON.stringify(sentences.map((words) => words.join(" "))),
          String(maxTokens),
        );
        assert.deepEqual(theirs.ids, [...batch.ids]);
        assert.deepEqual(theirs.generated, ours);
        const generator = new T5Generator(model, executor);
        const { length } = batch;
        for (const [row, logits] of theirs.logits.entries()) {
          const part = (all: Int32Array) =>
            all.slice(row * length, (row + 1) * length);
          const prompt = {
            ids: part(batch.ids),
            mask: part(batch.mask),
            rows: 1,
            length,
          };
          assertClose(
            await generator.nextLogits(prompt, new Int32Array(0), 1),
            logits,
            { relative: 1e-4, absolute: 1e-4 },
            `logits of row ${row}`,
          );
        }
        await generator.dispose();
        assert.deepEqual(await libraryIds(tuned, batch, maxTokens), ours);
      }),
  });
}
