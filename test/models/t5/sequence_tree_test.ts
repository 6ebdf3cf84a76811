import assert from "node:assert/strict";
import {
  type Beginning,
  continued,
  distinctPrompts,
  evenGroups,
} from "../../../lib/models/t5/sequence_tree.ts";

const start: Beginning = {
  token: 0,
  prompt: 3,
  parent: null,
  row: 0,
  draws: [0, 1, 2, 5, 7, 9],
};

Deno.test("continued() groups draws by what they begin with, and leaves out those that ended", () => {
  const drawn: Record<number, number | null> = {
    0: 6,
    1: 4,
    2: 6,
    5: null,
    7: 4,
    9: 5,
  };
  const [group, ...others] = continued(
    [start],
    (draw) => drawn[draw],
    { most: 4, step: 2 },
  );
  assert.deepEqual(others, []);
  const common = { prompt: 3, parent: start };
  assert.deepEqual(group, [
    { ...common, token: 6, row: 0, draws: [0, 2] },
    { ...common, token: 4, row: 1, draws: [1, 7] },
    { ...common, token: 5, row: 2, draws: [9] },
  ]);
  // The same token after different beginnings is two beginnings; rows start anew in a group.
  const next = continued(group, () => 8, { most: 2, step: 1 });
  assert.deepEqual(
    next.map((part) => part.map(({ row, draws }) => [row, draws])),
    [[[0, [0, 2]], [1, [1, 7]]], [[0, [9]]]],
  );
  assert.ok(next.flat().every(({ parent }, i) => parent === group[i]));
  assert.deepEqual(continued(group, () => null, { most: 2, step: 1 }), []);
});

Deno.test("evenGroups() cuts into as few groups as there can be, all but the last in steps", () => {
  const cut = (length: number, most: number, step: number) =>
    evenGroups(Array.from({ length }, (_, i) => i), { most, step })
      .map((group) => group.length);
  assert.deepEqual(cut(0, 8, 2), []);
  assert.deepEqual(cut(8, 8, 2), [8]);
  // Halves are 4.5, which is 6 in steps of two.
  assert.deepEqual(cut(9, 8, 2), [6, 3]);
  for (let length = 1; length < 60; length++) {
    for (const [most, step] of [[8, 2], [9, 3], [4, 4], [5, 1]]) {
      const sizes = cut(length, most, step);
      assert.equal(sizes.reduce((sum, size) => sum + size), length);
      assert.equal(sizes.length, Math.ceil(length / most));
      assert.ok(sizes.every((size) => size > 0 && size <= most));
      assert.ok(sizes.slice(0, -1).every((size) => size % step === 0));
    }
  }
});

Deno.test("distinctPrompts() tells prompts apart by tokens and mask", () => {
  const prompts = {
    ids: Int32Array.of(5, 6, 5, 6, 5, 6, 7, 0),
    mask: Int32Array.of(1, 1, 1, 0, 1, 1, 1, 0),
    rows: 4,
    length: 2,
  };
  assert.deepEqual(distinctPrompts(prompts), [
    { first: 0, rows: [0, 2] },
    { first: 1, rows: [1] },
    { first: 3, rows: [3] },
  ]);
});
