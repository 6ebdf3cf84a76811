import assert from "node:assert/strict";
import {
  restoreSettings,
  settingsFragment,
} from "../../lib/page/settings_link.ts";

Deno.test("settingsFragment() is what restoreSettings() reads", () => {
  const values: Record<string, string> = {
    space: "nasbench201",
    code: "arch-llm-plus",
    count: "10",
    temperature: "0.8",
    "top-k": "",
    "top-p": "0.9",
    seed: "3",
  };
  const fragment = settingsFragment((id) => values[id]);
  assert.equal(
    fragment,
    "#space=nasbench201&code=arch-llm-plus&count=10&temperature=0.8&top-p=0.9&seed=3",
  );
  const restored: [string, string][] = [];
  restoreSettings(fragment, (id, value) => restored.push([id, value]));
  assert.deepEqual(
    restored,
    Object.entries(values).filter(([_, value]) => value !== ""),
  );
});

Deno.test("restoreSettings() leaves alone what is not named, and what it does not know", () => {
  const restored: [string, string][] = [];
  const set = (id: string, value: string) => restored.push([id, value]);
  restoreSettings("", set);
  restoreSettings("#other=1&seed=5", set);
  assert.deepEqual(restored, [["seed", "5"]]);
});
