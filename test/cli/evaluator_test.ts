import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  parseEvaluatorArguments,
  runEvaluatorCheck,
} from "../../lib/cli/evaluator.ts";
import { withFolder } from "../_helpers.ts";

const PROGRAM = fileURLToPath(
  new URL("../evaluation/_program.sh", import.meta.url),
);

Deno.test("parseEvaluatorArguments() takes the command after the dashes, or as one text", async () => {
  const { space: _, ...request } = await parseEvaluatorArguments(
    ["check", "--seed", "3", "--", "python", "a b.py", "{request}"],
    "/folder",
  );
  assert.deepEqual(request, {
    command: ["python", "a b.py", "{request}"],
    recipe: { seed: 0 },
    seed: 3,
    cwd: "/folder",
  });
  const { command } = await parseEvaluatorArguments(
    ["check", "--", "python 'a b.py' {request}"],
  );
  assert.deepEqual(command, ["python", "a b.py", "{request}"]);
});

Deno.test("parseEvaluatorArguments() says how it must be asked", async () => {
  for (const args of [[], ["check"], ["check", "--"], ["try", "--", "x"]]) {
    await assert.rejects(
      parseEvaluatorArguments(args),
      /must be asked for as check \[options\] -- COMMAND, got/,
    );
  }
});

Deno.test("runEvaluatorCheck() counts what is wrong, and runs the program where it was asked", async () => {
  await withFolder(async (folder) => {
    const lines: string[] = [];
    const check = async (way: string) =>
      await runEvaluatorCheck(
        await parseEvaluatorArguments([
          ...["check", "--", "sh", PROGRAM, way, "ledger"],
          ...["{request}", "{result}"],
        ], folder),
        (line) => lines.push(line),
      );
    assert.equal(await check("careful"), 0);
    assert.equal(lines.at(-1), "Searches can use it.");
    assert.ok((await Deno.stat(`${folder}/ledger`)).size > 0);
    assert.equal(await check("diverged"), 3);
    assert.equal(lines.at(-1), "3 things are wrong.");
  });
});
