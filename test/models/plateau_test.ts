import assert from "node:assert/strict";
import { lookAtLoss, newPlateau } from "../../lib/models/plateau.ts";

Deno.test("lookAtLoss() lowers the factor at the eleventh epoch without a lower loss", () => {
  const plateau = newPlateau();
  const look = (loss: number, times: number) => {
    for (let i = 0; i < times; i++) lookAtLoss(plateau, loss);
    return plateau.factor;
  };
  assert.equal(look(2, 1), 1);
  // Less than a ten-thousandth lower is not lower.
  assert.equal(look(2 - 1e-4, 10), 1);
  assert.equal(look(2 - 1e-4, 1), 0.1);
  assert.equal(look(2, 10), 0.1);
  assert.equal(look(1.9, 1), 0.1);
  assert.equal(look(1.95, 10), 0.1);
  assert.ok(Math.abs(look(1.95, 1) - 0.01) < 1e-12);
});
