import assert from "node:assert/strict";
import { RepeatCollector } from "../../../../lib/spaces/nasbench101/accuracies/repeats.ts";
import { NASBENCH101 } from "../../../../lib/spaces/nasbench101/space.ts";
import { HASHES } from "../../../accuracies/_files.ts";

const SOURCE = { name: "f", bytes: 1, modifiedMs: null };

Deno.test("RepeatCollector sorts cells and keeps the repeats of each in order", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector();
  for (let k = 0; k < 3; k++) {
    assert.equal(collector.add(HASHES[1], k / 4, 1, "r"), 1);
    assert.equal(collector.add(HASHES[0], 1 - k / 4, 0, "r"), 0);
  }
  collector.addWeight(1, 4, "r");
  const { cells, validation, test, weights, source } = collector.finish(SOURCE);
  assert.deepEqual([...cells], [0, 1]);
  assert.deepEqual([...validation], [1, 0.75, 0.5, 0, 0.25, 0.5]);
  assert.deepEqual([...test], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...weights!], [0, 4]);
  assert.equal(source, SOURCE);
});

Deno.test("RepeatCollector takes the accuracies 0 and 1 and nothing beyond", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector();
  collector.add(HASHES[0], 0, 1, "row 1");
  for (const value of [-1e-9, 1 + 1e-9, NaN, Infinity, -Infinity]) {
    assert.throws(() => collector.add(HASHES[0], value, 0, "row 2"), {
      name: "RangeError",
      message:
        `Cannot read accuracies: the validation accuracy of row 2 must be in [0, 1], got ${value}`,
    });
    assert.throws(() => collector.add(HASHES[0], 0, value, "row 2"), {
      name: "RangeError",
      message:
        `Cannot read accuracies: the test accuracy of row 2 must be in [0, 1], got ${value}`,
    });
  }
  for (const weight of [-1, NaN, Infinity]) {
    assert.throws(() => collector.addWeight(0, weight, "row 2"), {
      name: "RangeError",
    });
  }
});
