import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import type { CellWriter } from "../../lib/search/cell_writer.ts";
import { Variants } from "../../lib/search/variants.ts";
import type { Cell } from "../../lib/spaces/cell.ts";
import { cell, indices } from "./_tables.ts";

/** Writes, as the variants of the cell at 100 n, those at 100 n + 1, 2, … in turn; each fifth is none. */
function countingWriter() {
  const written = new Map<string, number>();
  const asked: Cell[][] = [];
  const writer: CellWriter = {
    generate: () => Promise.resolve([]),
    fill: (cells, _random, most) => {
      assert.equal(most, 2);
      asked.push([...cells]);
      return Promise.resolve(cells.map(({ key, index }) => {
        const next = (written.get(key) ?? 0) + 1;
        written.set(key, next);
        return next % 5 === 0 ? null : cell(index! + next);
      }));
    },
  };
  return { writer, asked };
}

Deno.test("Variants hands out each variant of a cell once, in the order written", async () => {
  const { writer, asked } = countingWriter();
  const variants = new Variants(writer, Random.fromSeed(0), 2);
  const [a, b] = [cell(100), cell(200)];
  const next = async (cells: Cell[]) =>
    indices((await variants.next(cells, 3)).map((cell) => ({ cell })));
  assert.deepEqual(await next([a]), [101, 102, 103]);
  assert.deepEqual(await next([b, a]), [201, 202, 203, 104, 106]);
  assert.deepEqual(await next([a]), [107, 108, 109]);
  assert.deepEqual(await next([a]), [111, 112]);
  assert.deepEqual(await next([a]), [113, 114]);
  // Six of each at first, then as many as were written so far.
  assert.deepEqual(asked.map((cells) => cells.length), [6, 6, 6, 0, 12]);
  assert.deepEqual(asked.at(-1), new Array(12).fill(a));
});
