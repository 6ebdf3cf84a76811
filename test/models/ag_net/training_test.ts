import assert from "node:assert/strict";
import { join } from "node:path";
import { Random } from "../../../lib/core/random.ts";
import { floats } from "../../../lib/core/tensors.ts";
import { onnxExecutor } from "../../../lib/engine/onnx_executor.ts";
import {
  drawnGraphs,
  scoreTargets,
} from "../../../lib/models/ag_net/graphs.ts";
import {
  agNetTraining,
  trainAgNet,
} from "../../../lib/models/ag_net/training.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { NASBENCH101 } from "../../../lib/spaces/nasbench101/space.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { withFolder } from "../../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

Deno.test("trainAgNet() learns cells, and goes on from its checkpoint to the same weights", () =>
  withFolder(async (folder) => {
    const training = { ...agNetTraining(0, true), ticks: 3, steps: 20 };
    const whole = await trainAgNet(NASBENCH201, training, { executor });
    const losses = whole.history.map(({ loss }) => loss);
    assert.ok(losses[2] < 0.9 * losses[0], `${losses}`);
    const checkpoint = join(folder, "checkpoint.safetensors");
    const stop = new Error("enough");
    await assert.rejects(
      trainAgNet(NASBENCH201, training, {
        executor,
        checkpoint,
        onProgress: ({ done }) => {
          if (done === 25) throw stop;
        },
      }),
      stop,
    );
    let steps = 0;
    const again = await trainAgNet(NASBENCH201, training, {
      executor,
      checkpoint,
      onProgress: () => {
        steps++;
      },
    });
    assert.equal(steps, 40);
    assert.deepEqual(again.weights, whole.weights);
  }));

Deno.test("drawnGraphs() of certain scores are the cells that the scores tell", async () => {
  await NASBENCH101.prepare();
  for (const space of [NASBENCH101, NASBENCH201]) {
    const table = space.cells();
    const cells = Array.from(
      { length: 8 },
      (_, i) => cellGraph(table, Math.floor(i * (table.count - 1) / 7)),
    );
    const { types, edges } = scoreTargets(space, cells);
    const kinds = space.ops.length;
    const logits = new Float32Array(types.data.length * kinds).fill(-50);
    types.data.forEach((type, node) => logits[node * kinds + type] = 50);
    const drawn = drawnGraphs(
      {
        types: floats([...types.shape, kinds], logits),
        edges: floats(
          edges.shape,
          Float32Array.from(edges.data, (edge) => edge === 1 ? 50 : -50),
        ),
      },
      space,
      Random.fromSeed(0),
    );
    assert.deepEqual(
      drawn.map(({ ops, incoming }) => [[...ops], [...incoming]]),
      cells.map(({ ops, incoming }) => [[...ops], [...incoming]]),
    );
  }
});
