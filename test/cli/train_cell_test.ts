/** The project's own evaluator: as a program of the protocol, resumed, and on what is no cell. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { Random } from "../../lib/core/random.ts";
import { onnxExecutor } from "../../lib/engine/onnx_executor.ts";
import {
  checkProgram,
  type Finding,
} from "../../lib/evaluation/check_program.ts";
import {
  type EvaluationRequest,
  PROTOCOL,
  requestCell,
} from "../../lib/evaluation/protocol.ts";
import { trainCell } from "../../lib/evaluation/train_cell.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const executor = onnxExecutor({ provider: "cpu", threads: 1 });

const RECIPE = {
  ...{ seed: 0, dataset: "digits", images: 64, batch_size: 32 },
  ...{ epochs: 2, channels: 4, cells: 1 },
};

function request(
  folder: string,
  recipe: EvaluationRequest["recipe"] = RECIPE,
): EvaluationRequest {
  return {
    ...{ protocol: PROTOCOL, id: "cell", space: "nasbench201" },
    cell: requestCell(NASBENCH201, cellGraph(NASBENCH201.cells(), 5000)),
    ...{ recipe, work_dir: folder, checkpoint: null },
  };
}

Deno.test("train-cell follows the protocol", async () => {
  await withFolder(async (folder) => {
    const findings: Finding[] = [];
    await checkProgram([
      ...[Deno.execPath(), "run", "--no-check", "-A"],
      join(PROJECT_ROOT, "lib/cli/train_cell.ts"),
      ...["--request", "{request}", "--result", "{result}"],
    ], {
      space: NASBENCH201,
      recipe: { ...RECIPE, epochs: 3 },
      random: Random.fromSeed(0),
      folder,
      onFinding: (finding) => findings.push(finding),
    });
    assert.deepEqual(findings.filter(({ kind }) => kind === "wrong"), []);
    assert.ok(findings.length >= 4);
  });
});

Deno.test("a training that goes on from its checkpoint ends as one that was not stopped", async () => {
  await withFolder(async (folder) => {
    const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
    await Promise.all([whole, parts].map((path) => Deno.mkdir(path)));
    const lines: unknown[] = [];
    const train = async (work: string) => {
      const { seconds: _, ...result } = await trainCell(request(work), {
        executor,
        report: (line) => {
          lines.push(line);
          // The second epoch is not told of, as a program that was killed tells nothing.
          if (work === parts && lines.length === 3) throw new Error("killed");
        },
      });
      return result;
    };
    const expected = await train(whole);
    assert.equal(lines.length, 2);
    await assert.rejects(train(parts), /killed/);
    assert.deepEqual(await train(parts), expected);
  });
});

Deno.test("trainCell() tells what it cannot train", async () => {
  await withFolder(async (folder) => {
    const options = { executor, report: () => {} };
    const asked = request(folder);
    const bad = await trainCell(
      {
        ...asked,
        cell: { adjacency: [[0, 1], [0, 0]], operations: ["input", "x"] },
      },
      options,
    );
    assert.deepEqual([bad.status, bad.reason, bad.retryable], [
      ...["failed", "invalid_cell", false],
    ]);
    const diverged = await trainCell(
      request(folder, { ...RECIPE, learning_rate: 1e30 }),
      options,
    );
    assert.deepEqual([diverged.status, diverged.reason], [
      "failed",
      "diverged",
    ]);
    await assert.rejects(
      trainCell(request(folder, { ...RECIPE, epochs: 0 }), options),
      /Cannot follow the recipe of the request: epochs must be a whole number/,
    );
    await assert.rejects(
      trainCell(request(folder, { ...RECIPE, batch_size: 100 }), options),
      /batch_size must be at most the 64 images, got 100/,
    );
  });
});
