import assert from "node:assert/strict";
import { lockRun } from "../../lib/run/lock.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("lockRun() lets one in at a time, and the next after it", async () => {
  await withFolder(async (outputs) => {
    {
      using _lock = await lockRun(outputs);
      await assert.rejects(lockRun(outputs), {
        message:
          `Cannot run in ${outputs}: no other process must be running in it, got process ${Deno.pid}; wait for it, or name another run with --name`,
      });
    }
    using _lock = await lockRun(outputs);
  });
});
