import assert from "node:assert/strict";
import { RepeatCollector } from "../../../../lib/spaces/nasbench101/accuracies/repeats.ts";
import { NASBENCH101 } from "../../../../lib/spaces/nasbench101/space.ts";
import { HASHES } from "../../../accuracies/_files.ts";

const SOURCE = { name: "f", bytes: 1, modifiedMs: null };
const rowName = (row: number) => `row ${row}`;

Deno.test("RepeatCollector sorts cells and keeps the repeats of each in order", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector(3, rowName);
  let place = 0;
  for (let k = 0; k < 3; k++) {
    place = collector.add(HASHES[1].toUpperCase(), k / 4, 1, 2 * k);
    assert.equal(place, 0);
    assert.equal(collector.add(HASHES[0], 1 - k / 4, 0, 2 * k + 1), 1);
  }
  collector.addWeight(place, 4, 5);
  collector.checkComplete("f");
  const { repeats, cells, validation, test, weights, source } = collector.join(
    SOURCE,
  );
  assert.equal(repeats, 3);
  assert.deepEqual([...cells], [0, 1]);
  assert.deepEqual([...validation], [1, 0.75, 0.5, 0, 0.25, 0.5]);
  assert.deepEqual([...test], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...weights!], [0, 4]);
  assert.equal(source, SOURCE);
});

Deno.test("RepeatCollector keeps means to the last digit, one of each cell", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector(1, rowName);
  collector.add(HASHES[2], 1 / 3, 0.1, 1);
  collector.add(HASHES[0], 0.9264155833333333, 0.2, 2);
  assert.throws(() => collector.add(HASHES[0], 0.5, 0.5, 3), {
    name: "RangeError",
    message: `Cannot read accuracies: the cell of row 3, ${
      HASHES[0]
    }, must have one row, where no column trial tells trainings apart, got one more`,
  });
  const { repeats, cells, validation, test } = collector.join(SOURCE);
  assert.equal(repeats, 1);
  assert.deepEqual([...cells], [0, 423_623]);
  assert.deepEqual([...validation], [0.9264155833333333, 1 / 3]);
  assert.deepEqual([...test], [0.2, 0.1]);
});

Deno.test("RepeatCollector takes the accuracies 0 and 1 and nothing beyond", () => {
  const collector = new RepeatCollector(3, rowName);
  const place = collector.add(HASHES[0], 0, 1, 1);
  for (const value of [-1e-9, 1 + 1e-9, NaN, Infinity, -Infinity]) {
    assert.throws(() => collector.add(HASHES[0], value, 0, 2), {
      name: "RangeError",
      message:
        `Cannot read accuracies: the validation accuracy of row 2 must be in [0, 1], got ${value}`,
    });
    assert.throws(() => collector.add(HASHES[0], 0, value, 2), {
      name: "RangeError",
      message:
        `Cannot read accuracies: the test accuracy of row 2 must be in [0, 1], got ${value}`,
    });
  }
  collector.addWeight(place, 423_624, 2);
  for (const weight of [-1, 0, 1e-60, 423_625, 1e39, NaN, Infinity]) {
    assert.throws(() => collector.addWeight(place, weight, 2), {
      name: "RangeError",
      message:
        `Cannot read accuracies: the sampling weight of row 2 must be a number above 0 and at most 423624, got ${weight}`,
    });
  }
});

Deno.test("RepeatCollector names the first row of a hash that no cell has", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector(1, rowName);
  collector.add(HASHES[0], 0.5, 0.5, 1);
  collector.add("0".repeat(32), 0.5, 0.5, 2); // could be one
  for (const hash of ["0".repeat(31), "g".repeat(32), "", "x".repeat(1e6)]) {
    assert.throws(() => collector.add(hash, 0.5, 0.5, 3), (error: Error) => {
      assert.match(error.message, /^Cannot read accuracies: the hash of row 3/);
      assert.ok(error.message.length < 250);
      return true;
    });
  }
  assert.throws(() => collector.join(SOURCE), {
    name: "RangeError",
    message:
      `Cannot read accuracies: the hash of row 2 must be that of a cell of NAS-Bench-101, got "${
        "0".repeat(32)
      }"`,
  });
});

Deno.test("RepeatCollector refuses a row without a hash, the first one too", async () => {
  await NASBENCH101.prepare();
  const collector = new RepeatCollector(1, rowName);
  assert.throws(() => {
    collector.add("", 0.5, 0.5, 1);
    collector.add(HASHES[0], 0.5, 0.5, 2);
    collector.join(SOURCE);
  }, /^RangeError: Cannot read accuracies: the hash of row 1 must be/);
});
