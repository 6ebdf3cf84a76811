import assert from "node:assert/strict";
import { scoreCells } from "../../lib/metrics/scored_cells.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { flipped } from "../spaces/_graphs.ts";

const space = getSpace("nasbench201");
const { train, validation } = space.split();
const cell = (index: number) => cellGraph(space.cells(), index);

Deno.test("scoreCells() counts repeats, failures and novel cells in both readings", async () => {
  const [a, b] = [cell(train[0]), cell(train[1])];
  const novel = cell(validation[0]);
  // Off the template: a cell in the published reading alone.
  const broken = flipped(novel, "0→7");
  const { rows, reports, repeated } = await scoreCells(
    space,
    [a, cell(train[0]), a, b, novel, novel, broken, null, null, b],
    { name: "Mine" },
  );
  const [paper, strict] = rows;
  assert.deepEqual([paper.mode, strict.mode], ["paper", "strict"]);
  assert.equal(strict.method, "Mine");
  assert.equal(strict.samples, 10);
  assert.ok(Number.isNaN(strict.reconstruction));
  // Strict: 7 of 10 valid, 3 different, 2 novel.
  assert.equal(strict.validity, 70);
  assert.equal(strict.absoluteUniqueness, 30);
  assert.equal(strict.absoluteNovelty, 20);
  // Published: the broken one is valid too, and is a graph of its own.
  assert.equal(paper.validity, 80);
  assert.equal(paper.absoluteUniqueness, 40);
  assert.equal(paper.absoluteNovelty, 30);
  assert.equal(reports.strict.reasons.malformed, 2);
  assert.equal(reports.strict.reasons["adjacency off template"], 1);
  assert.deepEqual(
    repeated.map(({ graph, times }) => [space.key(graph), times]),
    [[space.key(a), 3], [space.key(b), 2], [space.key(novel), 2]],
  );
});

Deno.test("scoreCells() takes training cells of one's own", async () => {
  const samples = [cell(train[0]), cell(validation[0])];
  const { rows: [, strict] } = await scoreCells(space, samples, {
    name: "Mine",
    training: [cell(validation[0]), null],
  });
  // The training cell of the space is novel here, the validation cell is not.
  assert.equal(strict.novelty, 50);
});

Deno.test("scoreCells() of nothing throws", async () => {
  await assert.rejects(
    scoreCells(space, [], { name: "None" }),
    /there must be at least one sample, got 0/,
  );
});

Deno.test("scoreCells() takes a cell for the same however it is spelled", async () => {
  const arch = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
  const { repeated } = await scoreCells(
    space,
    [parseArch(arch), parseArch("000000")],
    { name: "Mine" },
  );
  assert.deepEqual(repeated.map(({ times }) => times), [2]);
});
