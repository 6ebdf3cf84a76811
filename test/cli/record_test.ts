import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("record as a command ends with one sentence and exit code 1", async () => {
  await withFolder(async (root) => {
    await Deno.mkdir(join(root, "runs", "mine"), { recursive: true });
    const cases: [string[], RegExp][] = [
      [
        [],
        /^Cannot record a run: there must be one name of a run, got none\n$/,
      ],
      [["a", "b"], /^Cannot record a run: .*, got a b\n$/],
      [
        ["yours"],
        /^Cannot record the run yours: it must be one of the runs in .*, mine\n$/,
      ],
      [["mine"], /^Cannot record the run mine: it must be finished, .*\n$/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", join(PROJECT_ROOT, "lib/cli/record.ts"), ...args],
          ...["--outputs", root],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 1);
      assert.match(new TextDecoder().decode(stderr), message);
    }
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), [
      "runs",
    ]);
  });
});
