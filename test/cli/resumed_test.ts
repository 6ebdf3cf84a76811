import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { environmentPython } from "../../lib/cli/environment.ts";
import { readJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import type { Manifest } from "../../lib/run/manifest.ts";
import { resultFiles } from "../../lib/run/stage_files.ts";
import { readStageRecord } from "../../lib/run/stages.ts";
import { withFolder } from "../_helpers.ts";
import { notebookWith } from "./_notebooks.ts";
import { startRun } from "./_real_run.ts";
import { SMALL_STAGES, smallOutputs } from "./_small_run.ts";

const PROGRAM = "test/cli/_small_run.ts";

/** Writes the notebooks of the small run, where the project's configuration counts. */
async function withNotebooks(
  action: (notebooks: string) => Promise<void>,
): Promise<void> {
  const folder = join(PROJECT_ROOT, "test", `_resumed_${Deno.pid}`);
  const stages = JSON.stringify(pathToFileURL(join(PROJECT_ROOT, PROGRAM)));
  await Deno.mkdir(folder);
  try {
    for (const name of Object.keys(SMALL_STAGES)) {
      await Deno.writeTextFile(
        join(folder, `${name}.ipynb`),
        notebookWith(`# ${name}`, [
          `import { SMALL_STAGES } from ${stages};`,
          `await SMALL_STAGES["${name}"]();`,
        ]),
      );
    }
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A line of the run, at which it is killed, and the stage that it is in then. */
const KILLS: readonly (readonly [RegExp, string])[] = [
  [/^step 1 of the VQ-VAE/, "1_train"], // nothing is saved yet
  [/^step 80 of the VQ-VAE/, "1_train"], // in the third epoch of 32 steps
  [/^step 160 of the VQ-VAE/, "1_train"], // at the end of the last
  [/^step 25 of the T5/, "1_train"], // in the third of 10
  [/^sampled \d+ \(prefixes\)/, "2_sample"], // in the third of three settings
  [/^answer 60/, "3_search"], // in the second trial of 40
  [/^answer 170/, "3_search"], // in a search with rounds
];

Deno.test({
  name:
    "a run killed again and again equals the undisturbed one in every table and weight",
  ignore: !existsSync(environmentPython()) || Deno.build.os === "windows",
  fn: () =>
    withNotebooks((notebooks) =>
      withFolder(async (folder) => {
        const [undisturbed, killed] = ["a", "b"].map((name) =>
          join(folder, name)
        );
        const start = (root: string) =>
          startRun([root, notebooks], { program: PROGRAM });
        const whole = await start(undisturbed).end();
        assert.equal(whole.code, 0, whole.errors);
        for (const [line, stage] of KILLS) {
          const run = start(killed);
          await run.line(line);
          await run.signal("KILL");
          await run.end();
          assert.equal(
            await readStageRecord(smallOutputs(killed), stage),
            null,
            `${line}: ${stage} has not ended`,
          );
        }
        const last = await start(killed).end();
        assert.equal(last.code, 0, last.errors);
        assert.match(last.output, /1_train: unchanged, skipped/);

        const files = async (root: string) => {
          const paths = await resultFiles(smallOutputs(root));
          const contents = paths.filter((path) =>
            path.startsWith("tables/") || path.endsWith("/model.safetensors")
          );
          const { files } = await readJson<Manifest>(
            join(smallOutputs(root), "manifest.json"),
            "manifest",
          );
          const records = await Promise.all(
            Object.keys(SMALL_STAGES).map((stage) =>
              readStageRecord(smallOutputs(root), stage)
            ),
          );
          return {
            paths,
            contents: contents.map((path) => [path, files[path]]),
            ofStages: records.map((record) =>
              Object.keys(record!.files).sort()
            ),
          };
        };
        const expected = await files(undisturbed);
        assert.equal(expected.contents.length, 4 * 4 + 2);
        assert.deepEqual(await files(killed), expected);
        assert.match((await start(killed).end()).output, /Nothing to do/);
      })
    ),
});
