import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parseBenchArguments } from "../../lib/cli/bench.ts";

Deno.test("parseBenchArguments() measures everything three times unless told otherwise", () => {
  const { subjects, rounds } = parseBenchArguments([]);
  assert.deepEqual(subjects, ["t5", "vqvae", "generation", "scale"]);
  assert.equal(rounds, 3);
  const some = parseBenchArguments(["--only", "t5", "--rounds", "5"]);
  assert.deepEqual(some.subjects, ["t5"]);
  assert.equal(some.rounds, 5);
  // A path is relative to the user's folder, a name is looked for in the PATH.
  const python = (path: string) =>
    parseBenchArguments(["--python", path], "/user").python;
  assert.equal(python("./venv/bin/python"), resolve("/user/venv/bin/python"));
  assert.equal(python("python3"), "python3");
});

Deno.test("parseBenchArguments() refuses what it does not know", () => {
  assert.throws(() => parseBenchArguments(["--only", "x"]), {
    name: "RangeError",
    message:
      "Cannot bench: --only must be one of t5, vqvae, generation, scale, got x",
  });
  assert.throws(() => parseBenchArguments(["--rounds", "0"]), {
    name: "RangeError",
    message: "Cannot bench: --rounds must be at least 1, got 0",
  });
});
