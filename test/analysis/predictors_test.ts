import assert from "node:assert/strict";
import { rowVectors } from "../../lib/analysis/features.ts";
import { comparePredictors } from "../../lib/analysis/predictors.ts";
import { Random } from "../../lib/core/random.ts";

Deno.test("comparePredictors() tells a representation that knows from one that does not", async () => {
  const count = 1300;
  const draw = Random.fromSeed(0);
  const matrix = Float32Array.from({ length: 3 * count }, () => draw.normal());
  const noise = Float32Array.from({ length: 3 * count }, () => draw.normal());
  const accuracies = Array.from(
    { length: count },
    (_, row) => matrix[3 * row] + 0.5 * matrix[3 * row + 1],
  );
  const compare = () =>
    comparePredictors(
      { knows: rowVectors(matrix, count), guesses: rowVectors(noise, count) },
      accuracies,
      { sizes: [20, 200], seeds: 3, random: Random.fromSeed(1) },
    );
  const [knows, guesses] = await compare();
  assert.deepEqual([knows.name, guesses.name], ["knows", "guesses"]);
  assert.ok(knows.points[1].mean > 0.85, `${knows.points[1].mean}`);
  assert.ok(knows.points[1].mean > knows.points[0].mean);
  assert.ok(Math.abs(guesses.points[1].mean) < 0.1);
  assert.deepEqual(await compare(), [knows, guesses]);
});
