import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { exists } from "../../lib/core/files.ts";
import { withFolder } from "../_helpers.ts";
import { withMount } from "../_mounts.ts";
import { smallRun, startRun } from "./_real_run.ts";

/** Needs `deno task setup`, and process groups. */
const ignore = !existsSync(environmentPython()) || Deno.build.os === "windows";

const results = (folder: string) =>
  join(folder, "runs", "nasbench201-seed0-quick");

/** Runs the first stage into a folder, then kills the run. */
async function firstStage(folder: string): Promise<void> {
  const run = startRun(smallRun(folder));
  await run.line(/^ {2}done in/);
  await run.signal("KILL");
  await run.end();
  assert.ok(await exists(join(results(folder), "stages", "1_data.json")));
}

Deno.test({
  name:
    "a run on a full disk ends with one sentence, keeps what it has and goes on later",
  ignore,
  fn: (t) =>
    withMount(t, "size=1500k", async (disk, remount) => {
      // What draws the figures alone takes more.
      const { code, errors } = await startRun(smallRun(disk)).end();
      assert.equal(code, 1);
      assert.match(
        errors,
        /^Cannot run 1_data\.ipynb: [^\n]*No space left on device[^\n]*\n$/,
      );
      // From the start there must be some room.
      await Deno.writeFile(join(disk, "filler"), new Uint8Array(2 ** 21))
        .catch(() => {});
      const full = await startRun(smallRun(disk)).end();
      assert.equal(full.code, 1);
      assert.equal(full.output, "");
      assert.equal(
        full.errors,
        `Cannot reproduce: the outputs folder ${
          results(disk)
        } must be writable: No space left on device (os error 28)\n`,
      );
      await remount("size=16m");
      await firstStage(disk);
    }),
});

Deno.test({
  name:
    "a run into a read-only folder ends with one sentence before the first notebook",
  ignore,
  fn: (t) =>
    withMount(t, "ro", async (disk) => {
      const { code, output, errors } = await startRun(smallRun(disk)).end();
      assert.equal(code, 1);
      assert.equal(output, "");
      assert.equal(
        errors,
        `Cannot reproduce: the outputs folder ${
          results(disk)
        } must be writable: Read-only file system (os error 30)\n`,
      );
    }),
});

Deno.test({
  name:
    "a folder with spaces and letters of other scripts is one like any other",
  ignore,
  fn: () =>
    withFolder((folder) =>
      firstStage(join(folder, "Ergebnisse für 数据 'a' \"b\" $HOME"))
    ),
});

Deno.test({
  name: "a run needs no HOME",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const run = startRun(smallRun(folder), {
        clearEnv: true,
        env: { PATH: Deno.env.get("PATH")! },
      });
      await run.line(/^ {2}done in/);
      await run.signal("KILL");
      await run.end();
    }),
});
