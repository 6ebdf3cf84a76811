import assert from "node:assert/strict";
import { join } from "node:path";
import {
  readCache,
  writeCache,
} from "../../../../lib/spaces/nasbench101/accuracies/cache.ts";
import type { Nasbench101Repeats } from "../../../../lib/spaces/nasbench101/accuracies/repeats.ts";
import { withFolder } from "../../../_helpers.ts";

const REPEATS: Nasbench101Repeats = {
  repeats: 3,
  cells: new Uint32Array([3, 423_623]),
  validation: new Float32Array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
  test: new Float32Array([0.9, 0.8, 0.7, 0.6, 0.5, 1]),
  weights: new Float32Array([1.5, 2.5]),
  source: { name: "tåble.csv", bytes: 12, modifiedMs: 1.5 },
};

Deno.test("readCache() gives back what writeCache() wrote, with weights and without", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "deep", "cache.bin");
    await writeCache(path, REPEATS);
    assert.deepEqual(await readCache(path), REPEATS);
    // Columns that are views on larger arrays.
    const wide = new Float32Array([7, ...REPEATS.test, 7]);
    const views = {
      ...REPEATS,
      cells: new Uint32Array([9, ...REPEATS.cells]).subarray(1),
      test: wide.subarray(1, 7),
      weights: null,
    };
    await writeCache(path, views);
    const read = await readCache(path);
    assert.deepEqual([...read.cells], [...REPEATS.cells]);
    assert.deepEqual([...read.test], [...REPEATS.test]);
    assert.equal(read.weights, null);
    assert.deepEqual(read.source, REPEATS.source);
    const names = Array.from(Deno.readDirSync(join(folder, "deep")));
    assert.deepEqual(names.map(({ name }) => name), ["cache.bin"]);
  });
});

/** Means that no float32 holds. */
const MEANS: Nasbench101Repeats = {
  ...REPEATS,
  repeats: 1,
  validation: new Float64Array([1 / 3, 0.9264155833333333]),
  test: new Float64Array([0.1, 0.2]),
};

Deno.test("readCache() gives back means to the last digit, whatever their number", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "cache.bin");
    for (const count of [1, 2]) {
      const means: Nasbench101Repeats = {
        ...MEANS,
        cells: MEANS.cells.slice(0, count),
        validation: MEANS.validation.slice(0, count),
        test: MEANS.test.slice(0, count),
        weights: count === 1 ? null : MEANS.weights,
      };
      await writeCache(path, means);
      assert.deepEqual(await readCache(path), means);
    }
  });
});

Deno.test("readCache() finds every flipped bit and every missing byte", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "cache.bin");
    const message =
      /^Cannot read accuracies: .* of .*cache\.bin must be .*, got .*; delete it, then run deno task data --space nasbench101$/;
    for (const repeats of [REPEATS, MEANS]) {
      await writeCache(path, repeats);
      const bytes = await Deno.readFile(path);
      for (let at = 0; at < bytes.length; at++) {
        const flipped = bytes.slice();
        flipped[at] ^= 1 << (at % 8);
        await Deno.writeFile(path, flipped);
        await assert.rejects(
          readCache(path),
          { name: "RangeError", message },
          `byte ${at}`,
        );
      }
      // The flags are not under the digest: each other one is of another size.
      for (let flags = 0; flags < 8; flags++) {
        const changed = bytes.slice();
        changed[16] = flags;
        if (flags === bytes[16]) continue;
        await Deno.writeFile(path, changed);
        await assert.rejects(readCache(path), { name: "RangeError", message });
      }
      for (const size of [0, 4, 8, 55, 56, bytes.length - 1]) {
        await Deno.writeFile(path, bytes.subarray(0, size));
        await assert.rejects(readCache(path), { name: "RangeError", message });
      }
    }
  });
});

Deno.test("readCache() says which part is wrong", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "cache.bin");
    await writeCache(path, REPEATS);
    const bytes = await Deno.readFile(path);
    const damages: [at: number, what: RegExp][] = [
      [0, /the first word of .* must be "NB101ACC", got "\\u0001B101ACC"/],
      [8, /the version of .* must be 1, got 78/],
      [60, /the SHA-256 of the columns of .* must be [0-9a-f]{64}, got /],
    ];
    for (const [at, what] of damages) {
      const damaged = bytes.slice();
      damaged[at] ^= 79;
      await Deno.writeFile(path, damaged);
      await assert.rejects(readCache(path), { message: what });
    }
    await assert.rejects(
      readCache(join(folder, "none.bin")),
      Deno.errors.NotFound,
    );
    await assert.rejects(readCache(folder), {
      message: /^Cannot read accuracies: .*: /,
    });
  });
});

Deno.test("readCache() refuses cells that the space does not have", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "cache.bin");
    await writeCache(path, {
      ...REPEATS,
      cells: new Uint32Array([3, 423_624]),
    });
    await assert.rejects(readCache(path), {
      message: /every cell of .* must be below 423624, got 423624;/,
    });
  });
});

Deno.test("readCache() refuses numbers that no reader collects, whatever their digest", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "cache.bin");
    const [n] = [REPEATS.cells.length];
    const wrong: [changes: Partial<typeof REPEATS>, message: RegExp][] = [
      [
        { cells: Uint32Array.from({ length: n }, () => 7) },
        /every cell of .* must be above the one before it, got 7;/,
      ],
      [
        { validation: REPEATS.validation.map((value) => value + 1) },
        /every validation accuracy of .* must be in \[0, 1\], got 1\./,
      ],
      [
        { test: REPEATS.test.map(() => NaN) },
        /every test accuracy of .* must be in \[0, 1\], got NaN;/,
      ],
      [
        { weights: new Float32Array(n) },
        /every weight of .* must be a number above 0, got 0;/,
      ],
      [
        { source: { ...REPEATS.source, bytes: -1 } },
        /the source of .* must be a file, got ".*-1/,
      ],
    ];
    for (const [changes, message] of wrong) {
      await writeCache(path, { ...REPEATS, ...changes });
      await assert.rejects(readCache(path), { name: "RangeError", message });
    }
  });
});
