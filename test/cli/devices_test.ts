import assert from "node:assert/strict";
import {
  type CheckedDevice,
  deviceTable,
  parseDevicesArguments,
  stepTable,
} from "../../lib/cli/devices.ts";

Deno.test("parseDevicesArguments() takes all devices but auto, or one", () => {
  assert.deepEqual(parseDevicesArguments([]), {
    devices: ["cpu", "cuda", "webgpu", "tfjs-node-gpu", "wasm"],
    steps: 20,
    seconds: 20,
  });
  assert.deepEqual(parseDevicesArguments(["--only", "cpu", "--steps", "3"]), {
    devices: ["cpu"],
    steps: 3,
    seconds: 20,
  });
});

Deno.test("parseDevicesArguments() refuses a device that there is not", () => {
  assert.throws(() => parseDevicesArguments(["--only", "tpu"]), {
    message:
      "Cannot check devices: --only must be one of cpu, cuda, webgpu, tfjs-node-gpu, wasm, got tpu",
  });
});

Deno.test("tables of devices say what is here and what computes something else", () => {
  const check = {
    steps: 20,
    lossDifference: 0,
    firstSeconds: 1,
    stepMilliseconds: 10,
    cpuMilliseconds: 5,
  };
  const checked: CheckedDevice[] = [
    {
      device: "cpu",
      failure: null,
      checks: [{ ...check, model: "VQ-VAE", gradientDifference: 1e-6 }],
    },
    {
      device: "webgpu",
      failure: "its process ended: SIGSEGV",
      checks: [{ ...check, model: "VQ-VAE", gradientDifference: 0.5 }],
    },
    { device: "cuda", failure: "no driver", checks: [] },
  ];
  const devices = deviceTable(checked);
  assert.deepEqual(devices.rows.map(({ here }) => here), [
    "yes",
    "in part",
    "no",
  ]);
  assert.deepEqual(devices.notes, [
    "webgpu: its process ended: SIGSEGV",
    "cuda: no driver",
  ]);
  const { rows } = stepTable(checked);
  assert.deepEqual(rows.map(({ agrees }) => agrees), ["yes", "NO"]);
  assert.equal(rows[0].ratio, 0.5);
});
