import assert from "node:assert/strict";
import {
  usagePerplexity,
  usedCodes,
} from "../../lib/metrics/codebook_usage.ts";
import { assertClose, SAME_ALGORITHM } from "../_helpers.ts";

Deno.test("usagePerplexity() is K for uniform use and 1 for a single code", () => {
  // Shares 1/2, 1/4, 1/4: entropy 1.5 ln 2, perplexity 2^1.5.
  assertClose(
    [[3, 3, 3], [0, 7, 0], [2, 1, 1]].map(usagePerplexity),
    [3, 1, 2 ** 1.5],
    SAME_ALGORITHM,
  );
  assert.throws(() => usagePerplexity([0, 0]), {
    name: "RangeError",
    message:
      "Cannot take the perplexity of a usage: counts must add up to more than 0, got 0",
  });
});

Deno.test("usedCodes() counts the codes with uses", () => {
  assert.equal(usedCodes([0, 3, 0, 1]), 2);
  assert.equal(usedCodes(new Uint32Array(4)), 0);
});
