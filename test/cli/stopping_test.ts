import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { withFolder } from "../_helpers.ts";
import { assertEnded, smallRun, startRun } from "./_real_run.ts";

/** Needs `deno task setup`, and process groups. */
const ignore = !existsSync(environmentPython()) || Deno.build.os === "windows";

const STOPPED =
  "Stopped; the same command goes on with the stage that was cut short\n";

for (const name of ["KILL", "HUP"] as const) {
  Deno.test({
    name: `no kernel outlives a run whose process group gets SIG${name}`,
    ignore,
    fn: () =>
      withFolder(async (folder) => {
        const run = startRun(smallRun(folder));
        await run.line(/cell 1 of/);
        const all = await run.started();
        assert.ok(all.length >= 3, "the run, what executes, the kernel");
        await run.signal(name);
        await assertEnded(all, `SIG${name}`);
        await run.end();
      }),
  });
}

for (const task of [false, true]) {
  Deno.test({
    name: `Ctrl-C says once that the run stopped, exit code 130${
      task ? ", under deno task" : ""
    }`,
    ignore,
    fn: () =>
      withFolder(async (folder) => {
        const run = startRun(smallRun(folder), { task });
        await run.line(/cell 1 of/);
        const all = await run.started();
        await run.signal("INT");
        // As `deno task` passes it on.
        if (!task) await run.signal("INT");
        const { code, errors } = await run.end();
        assert.equal(errors.replace(/^Task reproduce .*\n/, ""), STOPPED);
        assert.equal(code, 130);
        await assertEnded(all, "Ctrl-C");
        // The same command goes on.
        const again = startRun(smallRun(folder));
        await again.line(/cell 1 of/);
        await again.signal("KILL");
        await again.end();
      }),
  });
}

Deno.test({
  name:
    "a second run in the same folder says whose the first is, and the first goes on",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const first = startRun(smallRun(folder));
      await first.line(/cell 1 of/);
      const { code, output, errors } = await startRun(smallRun(folder)).end();
      assert.equal(code, 1);
      assert.equal(output, "");
      const outputs = join(folder, "runs", "nasbench201-seed0-quick");
      assert.equal(
        errors,
        `Cannot run in ${outputs}: no other process must be running in it, got process ${first.pid}; wait for it, or name another run with --name\n`,
      );
      await first.line(/done in/);
      await first.signal("KILL");
      await first.end();
      // The owner is gone, its lock with it.
      const next = startRun(smallRun(folder));
      await next.line(/unchanged, skipped/);
      await next.signal("KILL");
      await next.end();
    }),
});
