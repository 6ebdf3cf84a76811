import assert from "node:assert/strict";
import { writeManifest } from "../../lib/run/manifest.ts";
import { checkRunSettings, type RunSettings } from "../../lib/run/settings.ts";
import { STAGES } from "../../lib/run/stages.ts";
import { earlierSeconds, secondsLeft } from "../../lib/run/time_left.ts";
import { withFolder } from "../_helpers.ts";

/** Makes a finished run whose first stages took some seconds each. */
async function finish(
  settings: RunSettings,
  seconds: readonly number[],
  finished = "2026-01-01T00:00:00.000Z",
) {
  const stages = STAGES.slice(0, seconds.length);
  await writeManifest(
    settings,
    stages.map(({ name }, i) => ({
      ...{ name, key: "k", git: null, seconds: seconds[i], files: {} },
      ...{ peakMemoryBytes: null, finished },
    })),
    { command: "c", stages, jupyterVersions: {} },
  );
}

Deno.test("earlierSeconds() are those of the last run of the same space and size", async () => {
  await withFolder(async (root) => {
    const settings = checkRunSettings({ root, quick: true });
    assert.equal(await earlierSeconds(settings), null);
    await finish(
      { ...settings, name: "b" },
      [3, 4],
      "2026-01-02T00:00:00.000Z",
    );
    await finish({ ...settings, name: "a" }, [1, 2]);
    await finish(checkRunSettings({ root }), [100, 200]);
    assert.deepEqual(
      await earlierSeconds(settings),
      new Map([[STAGES[0].name, 3], [STAGES[1].name, 4]]),
    );
    await Deno.writeTextFile(`${root}/runs/b/manifest.json`, "{");
    const last = await earlierSeconds(settings);
    assert.equal(last!.get(STAGES[0].name), 1);
  });
});

Deno.test("secondsLeft() scales earlier times by those of now", () => {
  const earlier = new Map([["a", 10], ["b", 20], ["c", 30]]);
  assert.equal(secondsLeft(earlier, new Map(), ["a", "b", "c"]), 60);
  assert.equal(secondsLeft(earlier, new Map([["a", 5]]), ["b", "c"]), 25);
  assert.equal(secondsLeft(earlier, new Map([["new", 5]]), ["c"]), 30);
  assert.equal(secondsLeft(earlier, new Map(), ["c", "new"]), null);
  assert.equal(secondsLeft(null, new Map(), ["a"]), null);
});
