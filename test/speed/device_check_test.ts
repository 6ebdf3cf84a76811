import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { hasLibraries } from "../../lib/engine/device_libraries.ts";
import { OWN_CHROMIUM } from "../../lib/report/images.ts";
import {
  CHECKED_MODELS,
  type DeviceCheck,
} from "../../lib/speed/device_check.ts";
import { checkInProcess } from "../../lib/speed/device_process.ts";

/** A software adapter, which comes with the project's own Chromium. */
const ADAPTER = join(OWN_CHROMIUM, "..", "vk_swiftshader_icd.json");

/** Gradients of the first step agree as far as rounding goes; losses as far as it grows. */
function assertAgree(
  checks: readonly DeviceCheck[],
  [fewest, most]: readonly [number, number],
): void {
  assert.deepEqual(
    checks.map(({ model }) => model),
    Object.keys(CHECKED_MODELS),
  );
  for (const { model, steps } of checks) {
    assert.ok(steps >= fewest && steps <= most, `${model}: ${steps}`);
  }
  for (const { model, gradientDifference, lossDifference } of checks) {
    assert.ok(gradientDifference < 1e-4, `${model}: ${gradientDifference}`);
    assert.ok(lossDifference < 0.1, `${model}: ${lossDifference}`);
  }
}

Deno.test("training steps on the CPU are the same each time", async () => {
  const { checks, failure } = await checkInProcess("cpu", { steps: 10 });
  assert.equal(failure, null);
  assertAgree(checks, [10, 10]);
  for (const { gradientDifference, lossDifference } of checks) {
    assert.deepEqual([gradientDifference, lossDifference], [0, 0]);
  }
});

Deno.test({
  name: "100 training steps at full size on tfjs-node-gpu are those of the CPU",
  ignore: !await hasLibraries("tfjs-node-gpu"),
  async fn() {
    const { checks, failure } = await checkInProcess("tfjs-node-gpu", {
      steps: 100,
    });
    assert.equal(failure, null);
    assertAgree(checks, [100, 100]);
  },
});

Deno.test({
  name: "training steps on WebGPU, a software adapter, are those of the CPU",
  ignore: !await exists(ADAPTER),
  async fn() {
    const names = ["VK_DRIVER_FILES", "LD_LIBRARY_PATH"] as const;
    const before = names.map((name) => Deno.env.get(name));
    Deno.env.set("VK_DRIVER_FILES", ADAPTER);
    Deno.env.set("LD_LIBRARY_PATH", join(OWN_CHROMIUM, ".."));
    try {
      const { checks, failure } = await checkInProcess("webgpu", {
        steps: 100,
        seconds: 15, // in software a T5's step takes more than one
        rows: 4,
      });
      assert.equal(failure, null);
      assertAgree(checks, [2, 100]);
    } finally {
      for (const [i, name] of names.entries()) {
        const value = before[i];
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  },
});

Deno.test("a device that cannot be opened is said, not thrown", async () => {
  const { checks, failure } = await checkInProcess("none" as "cpu", {
    steps: 1,
  });
  assert.deepEqual(checks, []);
  assert.notEqual(failure, null);
});
