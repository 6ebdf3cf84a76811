/**
 * Fine-tuning at the size of T5-small: speed and peak memory of a step.
 *
 * Each side has a process to itself, which is started for its turn and ended after it, so
 * that its peak memory is its own and a machine has to hold one of them at a time.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROJECT_ROOT } from "../core/project.ts";
import { T5_MINI, type T5Config } from "../models/t5/config.ts";
import type { Contender } from "./contender.ts";
import type { Benchmark } from "./measure.ts";
import type { FineTuning } from "./own_process.ts";
import { missingForPyTorch, type PyTorch } from "./pytorch.ts";
import { SideProcess } from "./side_process.ts";

/** T5-small (60 M parameters), with random weights. No side draws dropout masks. */
const T5_SMALL: T5Config = {
  ...T5_MINI,
  vocab_size: 32_128,
  d_model: 512,
  d_kv: 64,
  d_ff: 2048,
  num_layers: 6,
  num_decoder_layers: 6,
  num_heads: 8,
  dropout_rate: 0,
};

/** About what sentences of 512 codes hold of T5's own tokens: pieces of numbers, and masks. */
const TRIMMED = 600;

/**
 * A step on cells of 8 nodes, "generate:" and "fill:". In T5's own tokens a prompt is two, most
 * codes are two, a mask is one, and the end is one: "generate:" is 2 + 1 → 8 · 2 + 1; "fill:"
 * with its 8 masks is at most 2 + 1 + 7 · 2 + 1 → 8 + 8 · 2 + 1.
 */
const PROMPTS: FineTuning["prompts"] = {
  generate: { rows: 64, inputLength: 3, targetLength: 17 },
  fill: { rows: 16, inputLength: 18, targetLength: 25 },
};
const PARTS = 4;

const HUGGING_FACE = "t5-fine-tuning-hugging-face";

/** Arguments of Deno that start our side: it reads, and loads ONNX Runtime. */
export const OWN_PROCESS: readonly string[] = [
  ...["run", "--quiet", "--no-prompt", "--ignore-env", "--allow-read"],
  `--allow-ffi=${join(PROJECT_ROOT, "node_modules")}`,
  fileURLToPath(new URL("./own_process.ts", import.meta.url)),
];

/** A side that has a new process for each turn. */
function isolatedContender(
  { name, perStep, missing }: Pick<Contender, "name" | "perStep" | "missing">,
  start: () => Promise<SideProcess | null>,
  request: { model?: string; settings: FineTuning },
): Contender {
  let peak: number | null = null;
  return {
    name,
    perStep,
    missing,
    prepare: () => Promise.resolve(null),
    async measure({ seconds, leastSteps }) {
      const process = await start();
      if (process === null) {
        throw new Error(`Cannot measure ${name}: its command must be there`);
      }
      try {
        await process.ask({ prepare: name, ...request });
        const answer = await process.ask({
          measure: name,
          seconds,
          least_steps: leastSteps,
        });
        const bytes = await process.peakMemoryBytes();
        if (bytes !== null) peak = Math.max(peak ?? 0, bytes);
        return { steps: answer.steps, seconds: answer.seconds };
      } finally {
        await process.stop();
      }
    },
    peakMemoryBytes: () => peak,
  };
}

function fineTuning(
  pytorch: PyTorch | null,
  vocabulary: string,
  vocab_size: number,
): Benchmark {
  const { generate, fill } = PROMPTS;
  const perStep = generate.rows + fill.rows;
  const settings = (accumulate: number): FineTuning => ({
    config: { ...T5_SMALL, vocab_size },
    prompts: PROMPTS,
    accumulate,
    beta2: 0.999,
    weightDecay: 0.01,
    clipNorm: 1,
  });
  const ours = (name: string, accumulate: number) =>
    isolatedContender(
      { name, perStep },
      () => SideProcess.start(name, Deno.execPath(), OWN_PROCESS),
      { settings: settings(accumulate) },
    );
  const theirs = (name: string, accumulate: number) =>
    isolatedContender(
      { name, perStep, missing: missingForPyTorch(pytorch, HUGGING_FACE) },
      () => pytorch!.another(),
      { model: HUGGING_FACE, settings: settings(accumulate) },
    );
  return {
    title:
      `Fine-tuning step at T5-small's size, ${vocabulary}: d ${T5_SMALL.d_model}, ${T5_SMALL.num_layers}+${T5_SMALL.num_decoder_layers} layers, ${
        vocab_size.toLocaleString("en-US")
      } tokens, batch ${generate.rows} of ${generate.inputLength}+${generate.targetLength} and ${fill.rows} of ${fill.inputLength}+${fill.targetLength} tokens; forward, gradients, clipping, AdamW, no dropout`,
    unit: "examples",
    burst: { seconds: 4, leastSteps: 2 },
    notes: [
      "Peak memory is the largest resident set of a side's own process: runtime, weights, optimizer and step.",
    ],
    contenders: [
      ours("ours, ONNX Runtime", 1),
      ours(`ours, in ${PARTS} parts`, PARTS),
      theirs("PyTorch eager, Hugging Face", 1),
      theirs(`PyTorch eager, Hugging Face, in ${PARTS} parts`, PARTS),
    ],
  };
}

/** Fine-tuning with the whole vocabulary of T5, and with that of sentences alone. */
export function scaleBenchmarks(pytorch: PyTorch | null): Benchmark[] {
  return [
    fineTuning(pytorch, "whole vocabulary", T5_SMALL.vocab_size),
    fineTuning(pytorch, "trimmed vocabulary", TRIMMED),
  ];
}
