import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { pageSources, parsePageArguments } from "../../lib/cli/page.ts";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("parsePageArguments() reads the options", () => {
  assert.deepEqual(parsePageArguments([]), {
    space: null,
    run: null,
    root: join(PROJECT_ROOT, "outputs"),
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
      space: "nasbench101",
      run: null,
      root: join(folder, "results"),
      port: 0,
      help: true,
    },
  );
  assert.equal(parsePageArguments(["--run", "mine"]).run, "mine");
});

Deno.test("pageSources() are the records, of all spaces or one, or a finished run", async () => {
  await withFolder(async (root) => {
    const sources = (...args: string[]) =>
      pageSources(parsePageArguments(["--outputs", root, ...args]));
    assert.deepEqual(
      (await sources()).map(({ outputs }) => outputs).sort(),
      [join(root, "nasbench101"), join(root, "nasbench201")],
    );
    assert.deepEqual(await sources("--space", "nasbench101"), [
      { space: "nasbench101", outputs: join(root, "nasbench101") },
    ]);
    const run = join(root, "runs", "mine");
    await assert.rejects(
      sources("--run", "mine"),
      /^Error: Cannot read the manifest of the run mine: /,
    );
    await writeJson(join(run, "manifest.json"), {
      settings: { space: "nasbench201" },
    });
    assert.deepEqual(await sources("--run", "mine"), [
      { space: "nasbench201", outputs: run },
    ]);
  });
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
      ["--run", "mine", "--space", "nasbench201"],
      "Cannot open the page: --run must stand without --space, got both",
    ],
    [
      ["--open"],
      "Cannot open the page: unknown option '--open'; the options are --space, --run, --outputs, --port, --help",
    ],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parsePageArguments(args), {
      name: "RangeError",
      message,
    });
  }
});
