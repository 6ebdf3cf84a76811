/** The process of our side, asked as the bench asks it. */
import assert from "node:assert/strict";
import { T5_MINI } from "../../lib/models/t5/config.ts";
import type { FineTuning } from "../../lib/speed/own_process.ts";
import { OWN_PROCESS } from "../../lib/speed/scale.ts";
import { SideProcess } from "../../lib/speed/side_process.ts";

const SETTINGS: FineTuning = {
  config: {
    ...T5_MINI,
    vocab_size: 32,
    d_model: 16,
    num_layers: 1,
    num_decoder_layers: 1,
    dropout_rate: 0,
  },
  prompts: {
    generate: { rows: 8, inputLength: 3, targetLength: 5 },
    fill: { rows: 4, inputLength: 6, targetLength: 7 },
  },
  accumulate: 1,
  beta2: 0.999,
  weightDecay: 0.01,
  clipNorm: 1,
};

Deno.test("our side runs in a process of its own, whole and in parts", async () => {
  for (const accumulate of [1, 2]) {
    const process = await SideProcess.start(
      "ours",
      Deno.execPath(),
      OWN_PROCESS,
    );
    assert.ok(process !== null);
    await process.ask({
      prepare: "ours",
      settings: { ...SETTINGS, accumulate },
    });
    const { steps, seconds } = await process.ask({
      measure: "ours",
      seconds: 0,
      least_steps: 3,
    });
    assert.equal(steps, 3);
    assert.ok(seconds > 0);
    const peak = await process.peakMemoryBytes();
    if (Deno.build.os === "linux") assert.ok(peak! > 1e7 && peak! < 2e9);
    else assert.equal(peak, null);
    await process.stop();
  }
});

Deno.test("SideProcess tells what went wrong, and that there is no such command", async () => {
  const process = await SideProcess.start(
    "ours",
    Deno.execPath(),
    OWN_PROCESS,
  );
  await assert.rejects(
    process!.ask({ measure: "ours", seconds: 0, least_steps: 1 }),
    /^Error: Cannot measure ours: /,
  );
  await process!.stop();
  assert.equal(await SideProcess.start("x", "/no/such/command", []), null);
});
