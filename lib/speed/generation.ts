/**
 * What is measured of generation: sequences per second beside Hugging Face's `generate`, with
 * the same model, prompt and length.
 *
 * A trained model says much of what it says over and over, which ours computes once; one with
 * random weights says nothing twice, which is the worst case.
 *
 * @module
 */

import { Random } from "../core/random.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { SWEEP_TEMPERATURES } from "../generation/sampling_sweep.ts";
import type { TokenBatch } from "../language/tokenizer.ts";
import {
  initialT5Weights,
  T5_MINI,
  type T5Config,
} from "../models/t5/config.ts";
import { T5Generator } from "../models/t5/generator.ts";
import { CODE_METHODS } from "../models/vqvae/config.ts";
import {
  hasModel,
  modelFolder,
  OUTPUTS,
  recordFolder,
} from "../run/folders.ts";
import { openModel } from "../run/open_model.ts";
import { SPACES } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { type Contender, ownContender, type OwnStep } from "./contender.ts";
import type { Benchmark } from "./measure.ts";
import { type PyTorch, pytorchContender } from "./pytorch.ts";

const EXECUTOR = onnxExecutor({ provider: "cpu" });
const CODE = "arch-llm-plus";

/** Sequences that ours draws at a temperature. */
const DRAWS = 10_000;
/** Sequences of a batch of Hugging Face's, where it is fastest. */
const ROWS = 1000;
/** Seconds that a side is measured in a round, after a step that is not counted. */
const BURST = { seconds: 2, leastSteps: 1 };

/** What both sides write. */
interface Task {
  readonly maxTokens: number;
  readonly temperatures: readonly number[];
  /** One row, the same for all. */
  readonly prompt: TokenBatch;
}

/** A step of ours: all draws at all temperatures in one pass. */
function ownStep(
  generator: T5Generator,
  { maxTokens, temperatures, prompt }: Task,
  dispose: () => Promise<void>,
): OwnStep {
  const random = Random.fromSeed(0);
  const { length } = prompt;
  const prompts: TokenBatch = {
    ids: _repeated(prompt.ids, DRAWS),
    mask: _repeated(prompt.mask, DRAWS),
    rows: DRAWS,
    length,
  };
  const settings = temperatures.map((temperature) => ({ temperature, random }));
  return {
    run: () => generator.generateEach(prompts, settings, { maxTokens }),
    dispose,
  };
}

/** The sides of Hugging Face: as it comes, and with a static cache and `torch.compile`. */
function rivals(
  pytorch: PyTorch | null,
  model: { readonly config: T5Config } | { readonly folder: string },
  { maxTokens, temperatures, prompt }: Task,
): Contender[] {
  const settings = {
    ...model,
    maxTokens,
    temperatures,
    rows: ROWS,
    prompt: [...prompt.ids],
  };
  const perStep = ROWS * temperatures.length;
  const rival = (name: string, model: string) =>
    pytorchContender(pytorch, name, perStep, model, settings);
  return [
    rival("Hugging Face generate, PyTorch eager", "generation-hugging-face"),
    rival(
      "Hugging Face generate, static cache, torch.compile",
      "generation-hugging-face-compiled",
    ),
  ];
}

/** Sampling from the trained model of a space: at temperature 1, and in a sweep. */
async function trainedBenchmarks(
  pytorch: PyTorch | null,
  space: SearchSpace,
): Promise<Benchmark[]> {
  const folder = modelFolder(recordFolder(OUTPUTS, space.name), `${CODE}/t5`);
  const { maxTokens, prompt } = await (async () => {
    await using model = await openModel(space.name, CODE, {
      executor: EXECUTOR,
    });
    return {
      maxTokens: model.tokens.lengths.generate.target,
      prompt: model.tokens.generatePrompts(1),
    };
  })();
  return [[1], SWEEP_TEMPERATURES].map((temperatures) => {
    const task = { maxTokens, prompt, temperatures };
    const at = temperatures.length === 1
      ? "temperature 1"
      : `each of ${temperatures.length} temperatures`;
    return {
      title: `Generation, ${CODE_METHODS[CODE]} trained on ${space.title}: ${
        DRAWS.toLocaleString("en-US")
      } sequences of up to ${maxTokens} tokens at ${at}, whole vocabulary, key–value cache`,
      unit: "sequences",
      burst: BURST,
      notes: [
        `Ours draws all in one pass; Hugging Face has batches of ${
          ROWS.toLocaleString("en-US")
        }, one temperature after the other.`,
      ],
      contenders: [
        ownContender(
          "ours, ONNX Runtime",
          DRAWS * temperatures.length,
          async () => {
            const model = await openModel(space.name, CODE, {
              executor: EXECUTOR,
            });
            return ownStep(model.generator, task, () => model.dispose());
          },
        ),
        ...rivals(pytorch, { folder }, task),
      ],
    };
  });
}

/** Sampling from a T5 with random weights, of which hardly two sequences begin alike. */
function untrainedBenchmark(pytorch: PyTorch | null): Benchmark {
  const config: T5Config = { ...T5_MINI, dropout_rate: 0 };
  const task: Task = {
    maxTokens: 9,
    temperatures: [1],
    prompt: {
      ids: Int32Array.of(2, config.eos_token_id),
      mask: Int32Array.of(1, 1),
      rows: 1,
      length: 2,
    },
  };
  return {
    title: `Generation, random weights: ${
      DRAWS.toLocaleString("en-US")
    } sequences of up to ${task.maxTokens} tokens at temperature 1, the same T5, whole vocabulary, key–value cache`,
    unit: "sequences",
    burst: BURST,
    notes: ["Hardly two sequences begin alike, so nothing is computed once."],
    contenders: [
      ownContender("ours, ONNX Runtime", DRAWS, () => {
        const weights = initialT5Weights(config, Random.fromSeed(0));
        const generator = new T5Generator({ config, weights }, EXECUTOR);
        return ownStep(generator, task, () => generator.dispose());
      }),
      ...rivals(pytorch, { config }, task),
    ],
  };
}

/** Sampling from the trained models that come with runs of record, and from random weights. */
export async function generationBenchmarks(
  pytorch: PyTorch | null,
): Promise<Benchmark[]> {
  const benchmarks: Benchmark[] = [];
  for (const space of SPACES) {
    const record = recordFolder(OUTPUTS, space.name);
    if (!["vqvae", "t5"].every((kind) => hasModel(record, `${CODE}/${kind}`))) {
      continue;
    }
    benchmarks.push(...await trainedBenchmarks(pytorch, space));
  }
  return [...benchmarks, untrainedBenchmark(pytorch)];
}

function _repeated(row: Int32Array, times: number): Int32Array {
  return Int32Array.from(
    { length: times * row.length },
    (_, i) => row[i % row.length],
  );
}
