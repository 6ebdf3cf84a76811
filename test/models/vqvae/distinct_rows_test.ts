/** Distinct rows by hand, and the loss on them against that on every node. */
import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import {
  floats,
  type HostTensors,
  integers,
  scalar,
} from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import { batchTensors } from "../../../lib/models/batch_tensors.ts";
import {
  CODES,
  type VqvaeConfig,
  vqvaeConfig,
} from "../../../lib/models/vqvae/config.ts";
import { withDistinctRows } from "../../../lib/models/vqvae/distinct_rows.ts";
import {
  CODEBOOK,
  encodeStep,
  initialVqvaeWeights,
  vqvaeLoss,
} from "../../../lib/models/vqvae/network.ts";
import { adamWSlots, trainingStep } from "../../../lib/nn/optimizers.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { ACROSS_BACKENDS, assertClose } from "../../_helpers.ts";

const SPACE = getSpace("nasbench201");

/** The cells a → b and b → b with a third node that is padding, and the first again. */
const BATCH: HostTensors = {
  operations: floats([3, 3, 2], [
    ...[1, 0, 0, 1, 0, 0],
    ...[0, 1, 0, 1, 0, 0],
    ...[1, 0, 0, 1, 0, 0],
  ]),
  adjacency: floats(
    [3, 3, 3],
    Array.from({ length: 27 }, (_, i) => i % 9 === 1 ? 1 : 0),
  ),
};
const SHAPE: VqvaeConfig = { ...vqvaeConfig(SPACE), nodes: 3, operations: 2 };

/** The first rows of a matrix, of `width` columns each. */
function rows(
  tensors: HostTensors,
  name: string,
  count: number,
  width: number,
) {
  const data = [...tensors[name].data];
  assert.ok(data.slice(count * width).every((value) => value === 0), name);
  return Array.from(
    { length: count },
    (_, row) => data.slice(row * width, (row + 1) * width),
  );
}

Deno.test("withDistinctRows() makes nodes one row that have the same operation and neighbours", () => {
  const distinct = withDistinctRows(SHAPE, BATCH);
  // a beside b, b beside a, padding, b beside b
  assert.deepEqual(
    [...distinct["rows.of"].data],
    [0, 1, 2, 3, 3, 2, 0, 1, 2],
  );
  assert.deepEqual(
    rows(distinct, "rows.own", 4, 2),
    [[1, 0], [0, 1], [0, 0], [0, 1]],
  );
  assert.deepEqual(
    rows(distinct, "rows.neighbours", 4, 2),
    [[0, 1], [1, 0], [0, 0], [0, 1]],
  );
  assert.deepEqual(
    rows(distinct, "rows.shares", 4, 1).flat(),
    [...Float32Array.of(2 / 9, 2 / 9, 3 / 9, 2 / 9)],
  );
  assert.equal(distinct.operations, BATCH.operations);
});

Deno.test("withDistinctRows() tells positions apart where the code knows them", () => {
  const config: VqvaeConfig = { ...SHAPE, code: "arch-llm-plus" };
  const distinct = withDistinctRows(config, BATCH);
  assert.deepEqual(
    [...distinct["rows.of"].data],
    [0, 1, 2, 3, 4, 2, 0, 1, 2],
  );
  // b after b: its operation and place, and those of what is before it
  assert.deepEqual(rows(distinct, "rows.own", 5, 5)[4], [0, 1, 0, 1, 0]);
  assert.deepEqual(rows(distinct, "rows.neighbours", 5, 5)[4], [0, 1, 1, 0, 0]);
});

/** A batch in which every node is a row of its own. */
function everyNode(config: VqvaeConfig, batch: HostTensors): HostTensors {
  const distinct = withDistinctRows(config, batch);
  const rowOf = distinct["rows.of"].data;
  const count = rowOf.length;
  const width = distinct["rows.own"].shape[1];
  const spread = (name: string) =>
    floats(
      [count, width],
      Array.from(rowOf).flatMap((row) => [
        ...distinct[name].data.subarray(row * width, (row + 1) * width),
      ]),
    );
  return {
    ...batch,
    "rows.own": spread("rows.own"),
    "rows.neighbours": spread("rows.neighbours"),
    "rows.shares": floats([count, 1], new Array(count).fill(1 / count)),
    "rows.of": integers([count], Array.from(rowOf.keys())),
  };
}

for (const code of CODES) {
  for (const layers of [1, 2]) {
    Deno.test(`vqvaeLoss() on distinct rows equals that on every node: ${code}, ${layers} layers`, async () => {
      const config: VqvaeConfig = {
        ...vqvaeConfig(SPACE, code),
        layers,
        hidden: 16,
        codebookSize: 32,
      };
      const random = Random.fromSeed(4);
      const { parameters, statistics } = initialVqvaeWeights(config, random);
      const codebook = parameters[CODEBOOK].data;
      codebook.forEach((_, i) => codebook[i] = 0.3 * random.normal());
      const batch = batchTensors(
        SPACE,
        SPACE.cells(),
        random.permutation(1000).subarray(0, 120),
      );
      const executor = onnxExecutor({ provider: "cpu", threads: 1 });
      const step = executor.compile(
        trainingStep(
          (state, inputs) => vqvaeLoss(config, state, inputs),
          Object.keys(parameters),
          {},
        ),
        { name: "step" },
      );
      const run = async (inputs: HostTensors) => {
        const state = executor.state({
          ...parameters,
          ...statistics,
          ...adamWSlots(parameters),
        });
        const outputs = await step.run(state, {
          ...inputs,
          hardness: scalar(0.4),
          learningRate: scalar(0),
          step: scalar(1),
        });
        return { ...outputs, ...await state.read() };
      };
      const distinct = withDistinctRows(config, batch);
      assert.ok(
        distinct["rows.of"].data.length > 2 * distinct["rows.own"].shape[0],
      );
      const [actual, expected] = [
        await run(distinct),
        await run(everyNode(config, batch)),
      ];
      for (const [name, { data }] of Object.entries(expected)) {
        if (name.startsWith("adam.second")) continue;
        // Gradients are sums over all nodes: what cancels leaves rounding of that size.
        const size = Math.max(...Array.from(data, Math.abs), 1e-3);
        assertClose(
          Array.from(actual[name].data, (value) => value / size),
          Array.from(data, (value) => value / size),
          ACROSS_BACKENDS,
          name,
        );
      }
      const encoder = executor.compile(encodeStep(config, true), {
        name: "encoder",
      });
      const { z, codes } = await encoder.run(
        executor.state({ ...parameters, ...statistics }),
        batch,
      );
      assertClose(actual.z.data, z.data, ACROSS_BACKENDS, "z");
      assert.deepEqual(actual.codes.data, codes.data);
      await encoder.dispose();
      await step.dispose();
    });
  }
}
