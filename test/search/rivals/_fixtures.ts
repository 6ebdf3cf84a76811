/** Reference values of `test/fixtures/make_rival_fixtures.py`, and what compares with them. */

import { readJson } from "../../../lib/core/files.ts";
import { readSafetensors } from "../../../lib/core/safetensors.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  adamWSlots,
  type Loss,
  trainingStep,
} from "../../../lib/nn/optimizers.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

export const executor = onnxExecutor({ provider: "cpu", threads: 1 });

/** A fixture: its JSON, and its tensors by the first part of their names. */
export async function readFixture<T>(name: string) {
  const path = new URL(`../../fixtures/rival_${name}`, import.meta.url)
    .pathname;
  const expected = await readJson<T>(`${path}.json`, "fixture");
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  const part = (prefix: string): HostTensors =>
    Object.fromEntries(
      [...tensors].filter(([name]) => name.startsWith(`${prefix}.`))
        .map(([name, { shape, data }]) => [
          name.slice(prefix.length + 1),
          data instanceof Int32Array
            ? integers(shape, data)
            : floats(shape, data),
        ]),
    );
  return { expected, tensors, part };
}

/** Takes a training step and holds loss, gradients and new parameters against PyTorch's. */
export async function assertSameStep(
  { expected: { loss, learningRate }, part }: {
    readonly expected: { readonly loss: number; readonly learningRate: number };
    readonly part: (prefix: string) => HostTensors;
  },
  lossOf: Loss,
  options: Parameters<typeof trainingStep>[2] = {},
): Promise<HostTensors> {
  const parameters = part("parameter");
  const names = Object.keys(parameters);
  const step = executor.compile(trainingStep(lossOf, names, options), {
    name: "step",
  });
  const state = executor.state({ ...parameters, ...adamWSlots(parameters) });
  const outputs = await step.run(state, {
    ...part("input"),
    learningRate: scalar(learningRate),
    step: scalar(1),
  });
  const after = await state.read();
  state.dispose();
  await step.dispose();
  assertClose(outputs.loss.data, [loss], ACROSS_BACKENDS, "loss");
  const gradients = part("gradient"), moved = part("after");
  for (const name of names) {
    // After one step the first slot is the gradient.
    assertClose(
      after[`adam.first.${name}`].data,
      gradients[name].data,
      ACROSS_BACKENDS,
      `gradient of ${name}`,
    );
    // A step of Adam is as long for a gradient of nearly nothing, whose sign is not certain.
    const clear = [...gradients[name].data.keys()]
      .filter((i) => Math.abs(gradients[name].data[i]) > 1e-4);
    assertClose(
      clear.map((i) => after[name].data[i]),
      clear.map((i) => moved[name].data[i]),
      ACROSS_BACKENDS,
      `${name} after a step`,
    );
  }
  return outputs;
}
