/** Trees that XGBoost trained, walked here, and a surrogate as a program of the protocol. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import {
  predictCell,
  predictRequest,
  readEnsemble,
} from "../../lib/evaluation/predict_cell.ts";
import {
  type EvaluationRequest,
  PROTOCOL,
  requestCell,
} from "../../lib/evaluation/protocol.ts";
import { readTreeModel } from "../../lib/models/surrogate/trees.ts";
import { getNotation } from "../../lib/spaces/notations.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { withFolder } from "../_helpers.ts";

const SPACE = getSpace("darts");
const FOLDER = join(PROJECT_ROOT, "test/fixtures/trees");
const ENSEMBLE = await readEnsemble(FOLDER);
const EXPECTED: { cell: [string, number][]; mean: number }[] = JSON.parse(
  await Deno.readTextFile(join(FOLDER, "expected.json")),
);
const read = (cell: unknown) => getNotation(SPACE, "pairs").read(cell);
const request = (graph: ReturnType<typeof read>): EvaluationRequest => ({
  ...{ protocol: PROTOCOL, id: "cell", space: "darts" },
  cell: requestCell(SPACE, graph),
  ...{ recipe: { seed: 0 }, work_dir: "/none", checkpoint: null },
});

Deno.test("predictCell() is what the xgboost package predicts", () => {
  assert.equal(ENSEMBLE.members.length, 2);
  for (const { cell, mean } of EXPECTED) {
    const got = predictCell(ENSEMBLE, SPACE, read(cell))!;
    // Sums of float32 in the same order.
    assert.ok(Math.abs(got - mean) < 1e-5, `${got} for ${mean}`);
  }
  const means = EXPECTED.map(({ mean }) => mean);
  assert.ok(Math.max(...means) - Math.min(...means) > 0.5);
});

Deno.test("predictRequest() answers in fractions, and says which cells it cannot answer for", () => {
  const [{ cell, mean }] = EXPECTED;
  const graph = read(cell);
  const { status, validation_accuracy } = predictRequest(
    request(graph),
    ENSEMBLE,
  );
  assert.equal(status, "ok");
  assert.ok(Math.abs(Number(validation_accuracy) - mean / 100) < 1e-7);
  const wrong = [
    read(cell.with(0, ["none", cell[0][1]])),
    read(cell.with(0, ["skip_connect", cell[1][1]])),
  ];
  for (const graph of wrong) {
    const { cell, ...rest } = request(read(EXPECTED[0].cell));
    const failed = predictRequest({
      ...rest,
      cell: { ...cell, ...matrixOf(graph) },
    }, ENSEMBLE);
    assert.equal(failed.status, "failed");
    assert.equal(failed.reason, "invalid_cell");
  }
});

/** The fields that a request has of any graph. */
function matrixOf({ ops, incoming }: ReturnType<typeof read>) {
  const nodes = [...ops.keys()];
  return {
    adjacency: nodes.map((i) => nodes.map((j) => incoming[j] >>> i & 1)),
    operations: Array.from(ops, (op) => SPACE.ops[op]),
  };
}

Deno.test("only cells that have a configuration are predicted", () => {
  const space = getSpace("nasbench201");
  const graph = { ops: new Uint8Array(8), incoming: new Uint32Array(8) };
  assert.throws(() => predictCell(ENSEMBLE, space, graph), {
    name: "RangeError",
    message: /NAS-Bench-201, whose have none$/,
  });
});

Deno.test("readTreeModel() refuses other models in a sentence", async () => {
  const model = JSON.parse(
    await Deno.readTextFile(join(FOLDER, "member_0.json")),
  );
  const changed = (change: (learner: typeof model.learner) => void) => {
    const copy = structuredClone(model);
    change(copy.learner);
    return copy;
  };
  const wrong: [value: unknown, message: RegExp][] = [
    [{}, /saved XGBoost model with learner/],
    [changed((l) => l.gradient_booster.name = "dart"), /must be gbtree/],
    [changed((l) => l.objective.name = "rank:pairwise"), /reg:squarederror/],
    [changed((l) => l.learner_model_param.base_score = "x"), /base score/],
    [
      changed((l) => l.gradient_booster.model.trees[1].left_children[0] = 0),
      /tree 1 must have each node before its children/,
    ],
    [
      changed((l) => l.gradient_booster.model.trees[0].split_indices[0] = 99),
      /tree 0 must have/,
    ],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => readTreeModel(value, "m.json"), {
      name: "SyntaxError",
      message,
    });
  }
});

Deno.test("readEnsemble() says what is missing", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(readEnsemble(folder), {
      name: "RangeError",
      message: /must have member_0.json/,
    });
    await Deno.copyFile(
      join(FOLDER, "member_0.json"),
      join(folder, "member_0.json"),
    );
    await Deno.writeTextFile(
      join(folder, "features.json"),
      '{"names": ["a"], "vector": [1]}',
    );
    await assert.rejects(readEnsemble(folder), {
      name: "SyntaxError",
      message: /for each of 37 features/,
    });
  });
});
