import assert from "node:assert/strict";
import { join } from "node:path";
import { stepFailure } from "../../lib/cli/set_up_step.ts";
import { findPython, parseSetupArguments } from "../../lib/cli/setup.ts";

/** Runs `action` with programs that answer as a Python would. */
async function withPrograms(
  answers: Record<string, string>,
  action: (command: (name: string) => string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, answer] of Object.entries(answers)) {
      const path = join(folder, name);
      await Deno.writeTextFile(path, `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
    }
    await action((name) => [join(folder, name)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows"; // the programs are shell scripts

Deno.test({
  name: "findPython() takes the first that is new enough and has venv",
  ignore,
  async fn() {
    await withPrograms({
      broken: "exit 3",
      store: "echo Python was not found",
      old: "printf '2.7.18'",
      older: "printf '3.9.19 venv'",
      bare: "printf '3.12.1'",
      good: "printf '3.10.0 venv'",
      better: "printf '3.13.0 venv'",
    }, async (command) => {
      const names = ["gone", "broken", "store", "old", "older", "bare", "good"];
      assert.deepEqual(
        await findPython([...names, "better"].map(command)),
        command("good"),
      );
    });
  },
});

Deno.test({
  name: "findPython() says what to install where none will do",
  ignore,
  async fn() {
    await withPrograms({
      old: "printf '3.9.19 venv'",
      bare: "printf '3.12.1'",
    }, async (command) => {
      await assert.rejects(findPython([command("gone")]), {
        message:
          /^Cannot set up Jupyter: no Python was found; install Python 3\.10 or newer .*$/,
      });
      await assert.rejects(findPython([command("gone"), command("old")]), {
        message:
          /^Cannot set up Jupyter: \S+old is Python 3\.9, which is too old; install Python 3\.10 or newer .*$/,
      });
      await assert.rejects(findPython([command("old"), command("bare")]), {
        message:
          /^Cannot set up Jupyter: \S+bare is Python 3\.12 without the venv module; install it .*python3-venv.*$/,
      });
    });
  },
});

Deno.test("stepFailure() is pip's error, the package named where a hash is wrong", () => {
  assert.equal(
    stepFailure(
      "WARNING: odd\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have …\n" +
        "    nbclient==0.11.0 from https://example.org/nbclient-0.11.0.whl (from -r requirements.txt (line 3)):\n" +
        "        Expected sha256 00\n             Got        11\n",
    ),
    "nbclient==0.11.0 must be a file whose hash stands in the requirements, got another one; nothing was installed",
  );
  assert.equal(
    stepFailure(
      "ERROR: Could not find a version\nERROR: No matching distribution found for a==9\n\n",
    ),
    "No matching distribution found for a==9",
  );
  assert.equal(stepFailure("one\n two \n"), "two");
  assert.equal(stepFailure(" \n"), null);
});

Deno.test("parseSetupArguments() takes a device and what TensorFlow is built for", () => {
  assert.deepEqual(parseSetupArguments([]), {
    development: false,
    browser: false,
    device: null,
    build: undefined,
  });
  assert.deepEqual(
    parseSetupArguments(["--device", "tfjs-node-gpu", "--build", "cuda"]),
    {
      development: false,
      browser: false,
      device: "tfjs-node-gpu",
      build: "cuda",
    },
  );
});

Deno.test("parseSetupArguments() refuses what cannot be set up", () => {
  for (
    const [args, message] of [
      [
        ["--device", "webgpu"],
        "Cannot set up the project: --device must be tfjs-node-gpu or cuda, as others need no set-up, got webgpu",
      ],
      [
        ["--device", "cuda", "--build", "cpu"],
        "Cannot set up the project: --build must stand with --device tfjs-node-gpu, got --device cuda",
      ],
      [
        ["--build", "cpu"],
        "Cannot set up the project: --build must stand with --device tfjs-node-gpu, got no device",
      ],
      [
        ["--device", "tfjs-node-gpu", "--build", "rocm"],
        "Cannot set up the project: --build must be cpu or cuda, got rocm",
      ],
    ] as const
  ) {
    assert.throws(() => parseSetupArguments(args), { message });
  }
});
