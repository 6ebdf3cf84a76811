/**
 * One optimizer step of a T5 on a batch, taken whole or in parts.
 *
 * In parts it takes the memory of one of them: their gradients are added up before the
 * update. Each label weighs the same either way, so that the results differ by rounding
 * alone.
 *
 * @module
 */

import { type HostTensors, scalar } from "../../core/tensors.ts";
import type { DeviceState, Executor } from "../../engine/executor.ts";
import {
  gradientStep,
  gradientSums,
  updateStep,
} from "../../nn/gradient_accumulation.ts";
import { type Optimizer, trainingStep } from "../../nn/optimizers.ts";
import type { T5Config } from "./config.ts";
import { T5_PARTS, t5Loss, t5LossShare, type T5Part } from "./network.ts";

/** A compiled step. */
export interface BatchStep {
  /**
   * Updates parameters and slots.
   *
   * @param batches Inputs of `t5Loss`: of the whole batch, or of its parts, which may lack
   *   either prompt.
   * @returns `loss`, `generate.loss` and `fill.loss` of the whole batch, as `t5Loss` defines them.
   */
  run(
    state: DeviceState,
    batches: readonly HostTensors[],
    schedule: { learningRate: number; step: number },
  ): Promise<HostTensors>;
  dispose(): Promise<void>;
}

/** A step that takes its batch whole. */
export function wholeStep(
  executor: Executor,
  config: T5Config,
  parameters: HostTensors,
  optimizer: Optimizer,
): BatchStep {
  const step = executor.compile(
    trainingStep(
      (state, inputs) => t5Loss(config, state, inputs),
      Object.keys(parameters),
      optimizer,
    ),
    { name: "t5 training step" },
  );
  return {
    run: (state, [batch], { learningRate, step: count }) =>
      step.run(state, {
        ...batch,
        learningRate: scalar(learningRate),
        step: scalar(count),
      }),
    dispose: () => step.dispose(),
  };
}

/** A step that takes its batch in parts. */
export function accumulatedStep(
  executor: Executor,
  config: T5Config,
  parameters: HostTensors,
  optimizer: Optimizer,
): BatchStep {
  const names = Object.keys(parameters);
  // Begun anew in each step, so that no checkpoint needs them.
  const sums = executor.state(gradientSums(parameters));
  const add = executor.compile(
    gradientStep((state, inputs) => t5LossShare(config, state, inputs), names),
    { name: "t5 gradients" },
  );
  const update = executor.compile(updateStep(names, optimizer), {
    name: "t5 update",
  });
  return {
    async run(state, batches, { learningRate, step }) {
      const count = (part: T5Part) =>
        batches.reduce((sum, batch) => sum + _labels(batch, part), 0);
      const counts = { generate: count("generate"), fill: count("fill") };
      const labelCount = scalar(counts.generate + counts.fill);
      let loss = 0;
      const nats = { generate: 0, fill: 0 };
      for (const [i, batch] of batches.entries()) {
        const outputs = await add.run([state, sums], {
          ...batch,
          labelCount,
          carry: scalar(i === 0 ? 0 : 1),
        });
        loss += outputs.loss.data[0];
        for (const part of T5_PARTS) {
          nats[part] += outputs[`${part}.sum`]?.data[0] ?? 0;
        }
      }
      await update.run([state, sums], {
        learningRate: scalar(learningRate),
        step: scalar(step),
      });
      return {
        loss: scalar(loss),
        "generate.loss": scalar(nats.generate / counts.generate),
        "fill.loss": scalar(nats.fill / counts.fill),
      };
    },
    async dispose() {
      await add.dispose();
      await update.dispose();
      sums.dispose();
    },
  };
}

/** Labels that count in one part of a batch. */
function _labels(batch: HostTensors, part: T5Part): number {
  return batch[`${part}.labels`]?.data.filter((label) => label >= 0).length ??
    0;
}
