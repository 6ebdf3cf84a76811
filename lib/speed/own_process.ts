/**
 * Our side of a benchmark of memory, in a process of its own: a step of fine-tuning a T5.
 *
 * Run as a program it keeps to what `pytorch_models.py` says of questions and answers.
 *
 * @module
 */

import { readLines } from "../core/processes.ts";
import { Random } from "../core/random.ts";
import { floats, type HostTensors, integers } from "../core/tensors.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { accumulatedStep, wholeStep } from "../models/t5/batch_step.ts";
import { initialT5Weights, type T5Config } from "../models/t5/config.ts";
import { T5_PARTS, type T5Part } from "../models/t5/network.ts";
import { adamW, adamWSlots } from "../nn/optimizers.ts";
import { ownContender, type OwnStep } from "./contender.ts";

/** Rows of one prompt in a step, and tokens of a row. */
export interface PromptShape {
  readonly rows: number;
  readonly inputLength: number;
  readonly targetLength: number;
}

/** What is measured: the settings of the request to prepare. */
export interface FineTuning {
  readonly config: T5Config;
  /** Of the whole step. */
  readonly prompts: Readonly<Record<T5Part, PromptShape>>;
  /** Parts that the step is taken in, each with an equal share of the rows. */
  readonly accumulate: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}

/** Random tokens as one part of a step; no figure depends on them. */
function examples(
  { config, prompts, accumulate }: FineTuning,
  random: Random,
): HostTensors {
  const inputs: HostTensors = {};
  for (const part of T5_PARTS) {
    const { rows, inputLength, targetLength } = prompts[part];
    const tokens = (length: number) =>
      integers(
        [rows / accumulate, length],
        Int32Array.from(
          { length: rows / accumulate * length },
          () => 2 + random.integer(config.vocab_size - 2),
        ),
      );
    const ids = tokens(inputLength);
    inputs[`${part}.ids`] = ids;
    inputs[`${part}.mask`] = floats(
      ids.shape,
      new Float32Array(ids.data.length).fill(1),
    );
    inputs[`${part}.decoderIds`] = tokens(targetLength);
    inputs[`${part}.labels`] = tokens(targetLength);
  }
  return inputs;
}

function start(settings: FineTuning): OwnStep {
  const { config, accumulate, beta2, weightDecay, clipNorm } = settings;
  const random = Random.fromSeed(0);
  const executor = onnxExecutor({ provider: "cpu" });
  const weights = initialT5Weights(config, random);
  const state = executor.state({ ...weights, ...adamWSlots(weights) });
  const makeStep = accumulate === 1 ? wholeStep : accumulatedStep;
  const step = makeStep(
    executor,
    config,
    weights,
    adamW({ beta2, weightDecay, clipNorm }),
  );
  const parts = Array.from(
    { length: accumulate },
    () => examples(settings, random),
  );
  let count = 0;
  return {
    run: () => step.run(state, parts, { learningRate: 1e-3, step: ++count }),
    async dispose() {
      await step.dispose();
      state.dispose();
    },
  };
}

async function main(): Promise<void> {
  console.log("{}");
  let side: ReturnType<typeof ownContender> | undefined;
  for await (const line of readLines(Deno.stdin.readable)) {
    try {
      const request = JSON.parse(line);
      if ("prepare" in request) {
        side = ownContender(request.prepare, 1, () => start(request.settings));
        console.log(JSON.stringify({ compile: await side.prepare() }));
      } else {
        const { seconds, least_steps: leastSteps } = request;
        console.log(
          JSON.stringify(await side!.measure({ seconds, leastSteps })),
        );
      }
    } catch (error) {
      console.log(JSON.stringify({ error: (error as Error).message }));
    }
  }
}

if (import.meta.main) await main();
