import assert from "node:assert/strict";
import {
  codeMeanings,
  codesByPosition,
  jensenShannon,
} from "../../lib/analysis/code_usage.ts";
import { getSpace } from "../../lib/spaces/registry.ts";

const space = getSpace("nasbench201");

Deno.test("codesByPosition() gives the share of each code at each place", () => {
  const shares = codesByPosition({
    codes: Int32Array.of(0, 2, 0, 1, 1, 2, 0, 2),
    length: 2,
    codebookSize: 3,
  });
  assert.deepEqual(shares.map((row) => [...row]), [
    [0.75, 0.25, 0],
    [0, 0.25, 0.75],
  ]);
  assert.throws(
    () =>
      codesByPosition({ codes: new Int32Array(0), length: 2, codebookSize: 3 }),
    /at least one sequence, got 0/,
  );
});

Deno.test("jensenShannon() is 0 for equals, 1 bit for strangers, and symmetric", () => {
  assert.equal(jensenShannon([0.5, 0.5, 0], [0.5, 0.5, 0]), 0);
  assert.equal(jensenShannon([1, 0], [0, 1]), 1);
  const [p, q] = [[0.9, 0.1], [0.4, 0.6]];
  assert.ok(Math.abs(jensenShannon(p, q) - jensenShannon(q, p)) < 1e-12);
  // By hand: middle 0.65, 0.35.
  const expected = 0.45 * Math.log2(0.9 / 0.65) +
    0.05 * Math.log2(0.1 / 0.35) + 0.2 * Math.log2(0.4 / 0.65) +
    0.3 * Math.log2(0.6 / 0.35);
  assert.ok(Math.abs(jensenShannon(p, q) - expected) < 1e-12);
});

Deno.test("codeMeanings() counts operations, edges and where they come from", () => {
  // The template of NAS-Bench-201: 0→1,2,4 1→3,5 2→6 3→6 4→7 5→7 6→7.
  const cell = 0;
  const { ops } = space.cells();
  const codes = [0, 1, 1, 2, 3, 3, 4, 5];
  const meanings = codeMeanings(space, [cell], codes);
  assert.equal(meanings.length, 6);
  const [first, second] = meanings;
  assert.equal(first.code, 1);
  assert.equal(first.share, 25);
  const names = [1, 2].map((node) => space.ops[ops[node]]);
  assert.ok(names.includes(first.operation));
  assert.equal(first.purity, names[0] === names[1] ? 100 : 50);
  assert.equal(first.incoming, 1);
  assert.equal(first.outgoing, 1.5); // node 1 has two, node 2 one
  assert.equal(first.from, "input");
  assert.equal(second.code, 3);
  const output = meanings.find(({ code }) => code === 5)!;
  assert.deepEqual([output.operation, output.incoming], ["output", 3]);
});
