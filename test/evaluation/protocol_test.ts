import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  FAILURE_REASONS,
  parseProgress,
  parseRequest,
  parseResult,
  requestCell,
} from "../../lib/evaluation/protocol.ts";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import { cellAt } from "../../lib/spaces/cell.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";

const path = (relative: string) =>
  fileURLToPath(new URL(relative, import.meta.url));
const PYTHON = path("../../.venv/bin/python");
const SCHEMA = path("../../lib/evaluation/protocol.schema.json");

/** Prints which documents of a file are right by a schema. */
const VALIDATE = `
import json, sys, jsonschema
schema, documents = (json.load(open(name)) for name in sys.argv[1:])
check = jsonschema.Draft202012Validator(schema)
print(json.dumps([check.is_valid(one) for one in documents]))
`;

const request = {
  protocol: 1,
  id: "a",
  space: "nasbench201",
  cell: requestCell(SPACE, cell(7).graph),
  recipe: { seed: 0, epochs: 12, budget_s: 60 },
  work_dir: "/tmp/work",
  checkpoint: null,
};
const result = {
  protocol: 1,
  id: "a",
  status: "ok",
  validation_accuracy: 0.9,
  test_accuracy: null,
  seconds: 3.5,
  parameters: 1000,
};
const failure = {
  protocol: 1,
  id: "a",
  status: "failed",
  reason: "diverged",
  message: "the loss is NaN",
  retryable: false,
};

/** Documents, and whether they are right. */
const DOCUMENTS: [unknown, boolean][] = [
  [request, true],
  [{ ...request, extra: 1, checkpoint: "/tmp/work/checkpoint" }, true],
  [{ ...request, checkpoint: undefined }, true],
  [{ ...request, protocol: 2 }, false],
  [{ ...request, id: 5 }, false],
  [{ ...request, space: undefined }, false],
  [{ ...request, cell: [] }, false],
  [{ ...request, cell: { ...request.cell, adjacency: [[2]] } }, false],
  [{ ...request, cell: { ...request.cell, operations: undefined } }, false],
  [{ ...request, recipe: {} }, false],
  [{ ...request, recipe: { seed: 0.5 } }, false],
  [{ ...request, recipe: { seed: -1 } }, false],
  [{ ...request, recipe: { seed: 0, budget_s: 0 } }, false],
  [{ ...request, work_dir: null }, false],
  [{ ...request, checkpoint: 3 }, false],
  [result, true],
  [{ ...result, test_accuracy: 0.5, extra: "field" }, true],
  [{ ...result, seconds: undefined, parameters: null }, true],
  [{ ...result, validation_accuracy: 93.1 }, false],
  [{ ...result, validation_accuracy: null }, false],
  [{ ...result, validation_accuracy: "0.9" }, false],
  [{ ...result, test_accuracy: -0.1 }, false],
  [{ ...result, seconds: -1 }, false],
  [{ ...result, status: "done" }, false],
  [{ ...result, protocol: undefined }, false],
  ...FAILURE_REASONS.map((reason): [unknown, boolean] => [
    { ...failure, reason },
    true,
  ]),
  [{ ...failure, message: undefined, retryable: undefined }, true],
  [{ ...failure, reason: "bad luck" }, false],
  [{ ...failure, retryable: "no" }, false],
  [{ ...failure, message: 3 }, false],
  [[], false],
  [null, false],
];

const isRequest = (document: unknown) =>
  typeof document === "object" && document !== null && "work_dir" in document;

Deno.test("requests and results are read where the schema has them so, and refused where not", async () => {
  const read = DOCUMENTS.map(([document]) => {
    const text = JSON.stringify(document);
    try {
      if (isRequest(document)) parseRequest(text, "x");
      else parseResult(text, "a", "x");
      return true;
    } catch (error) {
      assert.ok(error instanceof SyntaxError, String(error));
      assert.match(error.message, /^Cannot read the (request|result|recipe): /);
      return false;
    }
  });
  assert.deepEqual(read, DOCUMENTS.map(([, isRight]) => isRight));
  await withFolder(async (folder) => {
    const file = join(folder, "documents.json");
    await Deno.writeTextFile(
      file,
      JSON.stringify(DOCUMENTS.map(([document]) => document)),
    );
    const { success, stdout, stderr } = await new Deno.Command(PYTHON, {
      args: ["-c", VALIDATE, SCHEMA, file],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), read);
  });
});

Deno.test("parseResult() refuses the result of another request", () => {
  assert.throws(
    () => parseResult(JSON.stringify(result), "b", "result.json"),
    /id of result.json must be b, got "?a/,
  );
});

Deno.test("parseProgress() passes over what is a line of a log", () => {
  const line = { event: "progress", epoch: 3, epochs: 12, loss: 0.2 };
  assert.deepEqual(parseProgress(JSON.stringify(line)), {
    epoch: 3,
    epochs: 12,
  });
  for (
    const other of [
      ...["epoch 3 of 12", "{broken", "{}", '{"event":"heartbeat"}'],
      JSON.stringify({ ...line, epoch: "3" }),
      JSON.stringify({ ...line, epochs: 0 }),
    ]
  ) assert.equal(parseProgress(other), null, other);
});

Deno.test("requestCell() has the adjacency, the operations and the space's own notations", async () => {
  const { adjacency, operations, arch } = requestCell(SPACE, cell(0).graph);
  assert.equal((adjacency as number[][]).length, 8);
  assert.equal((operations as string[])[0], "input");
  assert.equal(
    arch,
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
  );
  await NASBENCH101.prepare();
  const { hash } = requestCell(NASBENCH101, cellAt(NASBENCH101, 0).graph);
  assert.match(String(hash), /^[0-9a-f]{32}$/);
});
