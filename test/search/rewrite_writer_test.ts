import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { rewriteWriter } from "../../lib/search/rewrite_writer.ts";
import { cellAt } from "../../lib/spaces/cell.ts";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { cell, SPACE, UNLISTED } from "./_tables.ts";

Deno.test("rewriteWriter() draws each cell of the space as likely", async () => {
  const { writer } = rewriteWriter(SPACE);
  const cells = await writer.generate(3000, Random.fromSeed(0));
  assert.equal(cells.length, 3000);
  // Uniform on 0 … 15,624: mean 7812, deviation 15625 / √12, 5 standard errors.
  const mean = cells.reduce((sum, { index }) => sum + index!, 0) / 3000;
  assert.ok(Math.abs(mean - 7812) < 5 * 15_625 / Math.sqrt(12 * 3000));
  assert.deepEqual(await writer.generate(3000, Random.fromSeed(0)), cells);
  const [drawn] = await rewriteWriter(UNLISTED).writer
    .generate(1, Random.fromSeed(0));
  assert.equal(drawn.index, null);
});

Deno.test("rewriteWriter() rewrites operations of up to so many nodes where edges are given", async () => {
  const { writer } = rewriteWriter(SPACE);
  const before = cell(4321);
  const changed = async (most?: number) => {
    const cells = await writer.fill(
      new Array(500).fill(before),
      Random.fromSeed(0),
      most,
    );
    assert.equal(cells.length, 500);
    return cells.map((cell) => cell!).map(({ graph }) =>
      graph.ops.filter((op, node) => op !== before.graph.ops[node]).length
    );
  };
  assert.deepEqual([...new Set(await changed(1))], [1]);
  assert.deepEqual([...new Set(await changed(2))].sort(), [1, 2]);
  assert.deepEqual([...new Set(await changed())].sort(), [1, 2, 3, 4, 5, 6]);
});

Deno.test("rewriteWriter() rewrites an operation with its incoming edges where edges are free", async () => {
  await NASBENCH101.prepare();
  const { writer } = rewriteWriter(NASBENCH101);
  // A cell of 7 nodes, and all that one rewritten node can make of it.
  const count = NASBENCH101.cells().count;
  const before = cellAt(NASBENCH101, count - 1);
  const { ops, incoming } = before.graph;
  assert.equal(ops.length, 7);
  const reachable = new Set<number>();
  for (let node = 1; node < 7; node++) {
    for (const op of node === 6 ? [ops[6]] : NASBENCH101.innerOps) {
      for (let edges = 1; edges < 2 ** node; edges++) {
        const index = NASBENCH101.indexOf({
          ops: ops.with(node, op),
          incoming: incoming.with(node, edges),
        });
        if (index !== null && index !== before.index) reachable.add(index);
      }
    }
  }
  const written = (await writer.fill(
    new Array(4000).fill(before),
    Random.fromSeed(0),
    1,
  )).filter((cell) => cell !== null);
  assert.ok(written.length > 3900);
  const met = new Set(written.map(({ index }) => index!));
  assert.deepEqual(met.difference(reachable), new Set());
  assert.ok(met.size > 0.95 * reachable.size, `${met.size}`);
});

Deno.test("rewriteWriter() leaves out a cell that has no variant", async () => {
  // A space whose only operation leaves nothing to rewrite.
  const uniform = cell(SPACE.indexOf(parseArch("000000"))!);
  const { writer } = rewriteWriter({
    ...SPACE,
    innerOps: [uniform.graph.ops[1]],
  });
  assert.deepEqual(await writer.fill([uniform], Random.fromSeed(0), 1), [null]);
});
