import assert from "node:assert/strict";
import { join } from "node:path";
import type { Progress } from "../../../lib/core/progress.ts";
import { bitCount, PADDING_OP } from "../../../lib/spaces/graph.ts";
import {
  hashOnThreads,
  loadCells,
  readCells,
} from "../../../lib/spaces/nasbench101/cells.ts";
import {
  cellMatrices,
  hashCells,
  inDataSetOrder,
} from "../../../lib/spaces/nasbench101/enumeration.ts";

const HEADER = 16, SIZE = 11_437_864;
const SMALL = cellMatrices().filter(({ nodes }) => nodes <= 5);

async function withFolder(
  use: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "deep", "cells.bin"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("slow: loadCells() enumerates all 423,624 cells where the file is damaged, and keeps them", async () => {
  await withFolder(async (path) => {
    await Deno.mkdir(join(path, ".."));
    await Deno.writeFile(path, new Uint8Array(7));
    const sentences: string[] = [];
    const progress: Progress[] = [];
    const cells = await loadCells(path, {
      onWarning: (sentence) => sentences.push(sentence),
      onProgress: (state) => progress.push(state),
    });
    assert.deepEqual(sentences, [
      `Cannot read the cells of NAS-Bench-101: the size in bytes of ${path} must be 11437864, got 7; they are enumerated anew`,
    ]);
    assert.ok(progress.length > 10);
    assert.deepEqual(progress.at(-1), {
      done: 423_624,
      total: 423_624,
      message: "",
    });

    assert.equal(cells.count, 423_624);
    const sizes = new Array(8).fill(0), edges = new Array(10).fill(0);
    for (let cell = 0; cell < cells.count; cell++) {
      const padding = cells.ops.subarray(7 * cell, 7 * cell + 7)
        .indexOf(PADDING_OP);
      sizes[padding < 0 ? 7 : padding]++;
      edges[bitCount(cells.edges[cell])]++;
    }
    assert.deepEqual(sizes.slice(2), [1, 6, 84, 2_441, 62_010, 359_082]);
    assert.deepEqual(
      edges.slice(1),
      [1, 3, 12, 60, 339, 2_134, 13_984, 78_822, 328_269],
    );

    const read = await readCells(path);
    assert.deepEqual(read.edges, cells.edges);
    assert.ok(read.ops.every((op, i) => op === cells.ops[i]));
    assert.ok(read.hashes.every((byte, i) => byte === cells.hashes[i]));
    const again = await loadCells(path, {
      onWarning: assert.fail,
      onProgress: () => assert.fail(),
    });
    assert.equal(again.count, 423_624);

    // The last byte is an operation, the first of the columns an edge.
    const bytes = await Deno.readFile(path);
    const damages: [at: number, problem: RegExp][] = [
      [0, /the first word of .* must be "NB101CEL", got "\\u0001B101CEL"$/],
      [8, /the version of .* must be 1, got 78$/],
      [12, /the number of cells of .* must be 423624, got 423559$/],
      [HEADER, /the SHA-256 of the columns of .* must be [0-9a-f]{64}, got /],
      [SIZE - 1, /the SHA-256 of the columns of .* must be /],
    ];
    for (const [at, problem] of damages) {
      await Deno.writeFile(path, bytes.with(at, bytes[at] ^ 0x4f));
      await assert.rejects(readCells(path), {
        name: "RangeError",
        message: problem,
      });
    }
  });
});

Deno.test("readCells() rejects with NotFound where there is no file", async () => {
  await withFolder(async (path) => {
    await assert.rejects(readCells(path), Deno.errors.NotFound);
  });
});

Deno.test("readCells() says which file it cannot read", async () => {
  await withFolder(async (path) => {
    await Deno.mkdir(path, { recursive: true });
    await assert.rejects(readCells(path), {
      name: "Error",
      message: /^Cannot read the cells of NAS-Bench-101: .*cells\.bin: /,
    });
  });
});

Deno.test("hashOnThreads() gives the same cells with workers, without, and where they cannot run", async () => {
  const expected = inDataSetOrder([hashCells(SMALL)]);
  // What it throws is printed twice among the results of the tests.
  const broken = new URL(
    "data:text/javascript,throw new Error('broken on purpose')",
  );
  for (
    const options of [
      {},
      { threads: 1 },
      { threads: 3 },
      { threads: 2, worker: broken },
    ]
  ) {
    let done = 0;
    const parts = await hashOnThreads(SMALL, {
      ...options,
      onCells: (cells) => done = cells,
    });
    assert.ok(parts.length > 1);
    assert.equal(done, 1 + 6 + 84 + 2_441);
    assert.deepEqual(inDataSetOrder(parts), expected);
  }
});

Deno.test("hashOnThreads() refuses no threads", async () => {
  await assert.rejects(
    hashOnThreads(SMALL, { threads: 0 }),
    new RangeError(
      "Cannot hash cells: threads must be a positive integer, got 0",
    ),
  );
});
