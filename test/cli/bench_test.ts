import assert from "node:assert/strict";
import { join } from "node:path";
import { parseBenchArguments } from "../../lib/cli/bench.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";

Deno.test("parseBenchArguments() measures everything three times unless told otherwise", () => {
  const { subjects, rounds } = parseBenchArguments([]);
  assert.deepEqual(subjects, ["t5", "vqvae", "generation", "scale", "scaling"]);
  assert.equal(rounds, 3);
  const some = parseBenchArguments(["--only", "t5", "--rounds", "5"]);
  assert.deepEqual(some.subjects, ["t5"]);
  assert.equal(some.rounds, 5);
  // A path is relative to the user's folder, a name is looked for in the PATH.
  const python = (path: string) =>
    parseBenchArguments(["--python", path], PROJECT_ROOT).python;
  const here = "test/cli/bench_test.ts"; // any file that is there
  assert.equal(python(here), join(PROJECT_ROOT, here));
  assert.equal(python("python3"), "python3");
  assert.throws(() => python("./venv/bin/python"), {
    name: "RangeError",
    message: `Cannot bench: --python must be a file, got nothing at ${
      join(PROJECT_ROOT, "venv/bin/python")
    }`,
  });
});

Deno.test("parseBenchArguments() refuses what it does not know", () => {
  assert.throws(() => parseBenchArguments(["--only", "x"]), {
    name: "RangeError",
    message:
      "Cannot bench: --only must be one of t5, vqvae, generation, scale, scaling, got x",
  });
  assert.throws(() => parseBenchArguments(["--rounds", "0"]), {
    name: "RangeError",
    message:
      "Cannot bench: --rounds must be a whole number from 1 to 1000, got 0",
  });
});
