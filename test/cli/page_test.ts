import assert from "node:assert/strict";
import { join } from "node:path";
import { pageSources, parsePageArguments } from "../../lib/cli/page.ts";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("parsePageArguments() reads the options", async () => {
  assert.deepEqual(parsePageArguments([]), {
    space: null,
    run: null,
    root: join(PROJECT_ROOT, "outputs"),
    port: 8201,
  });
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "results"));
    assert.deepEqual(
      parsePageArguments(
        ["--space=nasbench101", "--outputs", "results", "--port", "0"],
        folder,
      ),
      {
        space: "nasbench101",
        run: null,
        root: join(folder, "results"),
        port: 0,
      },
    );
  });
  assert.equal(parsePageArguments(["--run", "mine"]).run, "mine");
});

Deno.test("pageSources() are the records, of all spaces or one, or a finished run", async () => {
  await withFolder(async (root) => {
    const sources = (...args: string[]) =>
      pageSources(parsePageArguments(["--outputs", root, ...args]));
    assert.deepEqual(
      (await sources()).map(({ outputs }) => outputs).sort(),
      ["darts", "nasbench101", "nasbench201"].map((name) => join(root, name)),
    );
    assert.deepEqual(await sources("--space", "nasbench101"), [
      { space: "nasbench101", outputs: join(root, "nasbench101") },
    ]);
    const run = join(root, "runs", "mine");
    await assert.rejects(
      sources("--run", "mine"),
      /^Error: Cannot read the manifest of the run mine: /,
    );
    for (const manifest of [null, [], {}, { settings: {} }]) {
      await writeJson(join(run, "manifest.json"), manifest);
      await assert.rejects(
        sources("--run", "mine"),
        /^SyntaxError: Cannot read the manifest of the run mine: .* must be one that a run wrote, got another /,
      );
    }
    await Deno.copyFile(
      join(PROJECT_ROOT, "outputs", "nasbench201", "manifest.json"),
      join(run, "manifest.json"),
    );
    assert.deepEqual(await sources("--run", "mine"), [
      { space: "nasbench201", outputs: run },
    ]);
  });
});

Deno.test("parsePageArguments() names what is wrong", () => {
  const wrong: [args: string[], message: string][] = [
    [
      ["--space", "hiaml"],
      'Cannot open a search space: its name must be one of darts, darts7, nasbench101, nasbench201, got "hiaml"',
    ],
    [
      ["--port", "70000"],
      "Cannot open the page: --port must be a whole number from 0 to 65535, got 70000",
    ],
    [
      ["--port", "http"],
      "Cannot open the page: --port must be a whole number from 0 to 65535, got http",
    ],
    [
      ["--run", "mine", "--space", "nasbench201"],
      "Cannot open the page: --run must stand without --space, got both",
    ],
    [
      ["--run", "a/b"],
      "Cannot open the page: the name of a run must be up to 100 letters, digits, - _ and . (not first), got a/b",
    ],
    [
      ["--outputs", "/etc/passwd"],
      "Cannot open the page: --outputs must be a folder, got a file: /etc/passwd",
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
