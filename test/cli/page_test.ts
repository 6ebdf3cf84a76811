import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { parsePageArguments } from "../../lib/cli/page.ts";

import { PROJECT_ROOT } from "../../lib/core/project.ts";

Deno.test("parsePageArguments() reads the options", () => {
  assert.deepEqual(parsePageArguments([]), {
    spaces: ["nasbench201", "nasbench101"],
    outputs: join(PROJECT_ROOT, "outputs"),
    port: 8201,
    help: false,
  });
  const folder = resolve("/somewhere");
  assert.deepEqual(
    parsePageArguments(
      ["--space=nasbench101", "--outputs", "results", "--port", "0", "--help"],
      folder,
    ),
    {
      spaces: ["nasbench101"],
      outputs: join(folder, "results"),
      port: 0,
      help: true,
    },
  );
});

Deno.test("parsePageArguments() names what is wrong", () => {
  const wrong: [args: string[], message: string][] = [
    [
      ["--space", "darts"],
      'Cannot open a search space: its name must be one of nasbench101, nasbench201, got "darts"',
    ],
    [
      ["--port", "70000"],
      "Cannot open the page: --port must be from 0 to 65535, got 70000",
    ],
    [
      ["--port", "http"],
      "Cannot open the page: --port must be a whole number, got http",
    ],
    [
      ["--open"],
      "Cannot open the page: unknown option '--open'; the options are --space, --outputs, --port, --help",
    ],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parsePageArguments(args), {
      name: "RangeError",
      message,
    });
  }
});
