import assert from "node:assert/strict";
import { join } from "node:path";
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

Deno.test("lockRun() takes over from an owner that is gone, whatever its lock says", async () => {
  await withFolder(async (outputs) => {
    // The id of a process that runs, as after a restart of the machine.
    await Deno.writeTextFile(join(outputs, ".lock"), `${Deno.ppid}\n`);
    using _lock = await lockRun(outputs);
    assert.equal(
      await Deno.readTextFile(join(outputs, ".lock")),
      `${Deno.pid}\n`,
    );
  });
});

Deno.test("lockRun() says why a folder cannot be locked", async () => {
  await withFolder(async (outputs) => {
    await Deno.mkdir(join(outputs, ".lock"));
    await assert.rejects(
      lockRun(outputs),
      /^Error: Cannot run in .*: its file \.lock must be one that can be locked and written: Is a directory \(os error 21\)$/,
    );
  });
});
