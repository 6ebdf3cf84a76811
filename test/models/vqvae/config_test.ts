import assert from "node:assert/strict";
import { eachCode } from "../../../lib/models/vqvae/config.ts";

Deno.test("eachCode() takes the codes one after the other", async () => {
  const log: string[] = [];
  const results = await eachCode(async (code) => {
    log.push(`${code} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    log.push(`${code} ends`);
    return code.length;
  });
  assert.deepEqual(results, { "arch-llm": 8, "arch-llm-plus": 13 });
  assert.deepEqual(log, [
    "arch-llm begins",
    "arch-llm ends",
    "arch-llm-plus begins",
    "arch-llm-plus ends",
  ]);
});
