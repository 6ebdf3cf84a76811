import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";
import { ROWS, writeMadeUp } from "../recount/_files.ts";

const { tasks } = JSON.parse(
  await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")),
) as { tasks: Record<string, { command: string }> };

/** Runs the task's command, with its permissions and no others. */
async function recount(root: string, ...args: readonly string[]) {
  const [, ...words] = tasks.recount.command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words, ...args, "--outputs", root],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const lines = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, output: lines(stdout), errors: lines(stderr) };
}

Deno.test("recount says of each row of a record whether it is as counted", () =>
  withFolder(async (root) => {
    const record = join(root, "nasbench201");
    await writeMadeUp(record);
    const lines = (paper: string) => [
      `NAS-Bench-201, table_2: Ours, seed 3, paper: ${paper}`,
      "NAS-Bench-201, table_2: Ours, seed 3, strict: agrees, 7 figures",
    ];
    assert.deepEqual(await recount(root), {
      code: 0,
      output: [
        ...lines("agrees, 7 figures"),
        `${record}: all 14 figures agree with their samples`,
      ].join("\n"),
      errors: "",
    });
    const [theirs, paper, strict] = ROWS;
    await writeMadeUp(record, [theirs, { ...paper, validity: 75.01 }, strict]);
    assert.deepEqual(await recount(root, "nasbench201"), {
      code: 1,
      output: [
        ...lines("differs: validity is 75.01, counted 75"),
        `${record}: 1 of 2 rows differ`,
      ].join("\n"),
      errors: "",
    });
  }));

Deno.test("recount says in a sentence what cannot be counted", () =>
  withFolder(async (root) => {
    const none = await recount(root);
    assert.equal(none.code, 1);
    assert.match(
      none.errors,
      /^Cannot recount: there must be a run of record in \S+, got none$/,
    );
    const [theirs, { samplesKey: _, ...old }] = ROWS;
    await writeMadeUp(join(root, "nasbench201"), [theirs, old]);
    await writeMadeUp(join(root, "runs", "mine"));
    await writeJson(join(root, "runs", "odd", "manifest.json"), {});
    const cases: [args: string[], message: RegExp][] = [
      [
        [],
        /^Cannot recount \S+nasbench201: its tables must name their samples, got none that do; deno task reproduce --space nasbench201 makes .*recorded$/,
      ],
      [["nasbench101"], /^Cannot recount \S+nasbench101: its tables must name/],
      [["atlantis"], /^Cannot open a search space: .*, got "atlantis"$/],
      [
        ["nasbench201", "--run", "mine"],
        /^Cannot recount: with --run there must be no space, got nasbench201$/,
      ],
      [
        ["--run", "yours"],
        /^Cannot recount: --run must be a folder with manifest\.json, got nothing at /,
      ],
      [
        ["--run", "mine"],
        /^Cannot recount: --run must be .*, got \S+ without manifest\.json$/,
      ],
      [
        ["--run", "odd"],
        /^Cannot read the manifest: .* must be one that a run/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, errors } = await recount(root, ...args);
      assert.equal(code, 1);
      assert.match(errors, message);
    }
  }));
