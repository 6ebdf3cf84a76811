import assert from "node:assert/strict";
import { readAccuracyCsv } from "../../../../lib/spaces/nasbench101/accuracies/csv.ts";
import { NASBENCH101 } from "../../../../lib/spaces/nasbench101/space.ts";
import { withFolder } from "../../../_helpers.ts";
import { HASHES, HEADER, row, write } from "../../../accuracies/_files.ts";

async function read(content: string | Uint8Array, name = "t.csv") {
  await NASBENCH101.prepare();
  return await withFolder(async (folder) =>
    await readAccuracyCsv(await write(folder, name, content))
  );
}

Deno.test("readAccuracyCsv() reads CSV and gzipped CSV", async () => {
  const text = `${HEADER}\n${row(HASHES[2])}\n${row(HASHES[0])}\n`;
  for (const name of ["t.csv", "t.csv.gz"]) {
    const table = await read(text, name);
    assert.deepEqual([...table.cells], [0, 423_623]);
    assert.deepEqual([...table.validation], [0.75, 0.5, 0.25, 0.75, 0.5, 0.25]);
    assert.deepEqual([...table.test], [0.5, 0.25, 0.75, 0.5, 0.25, 0.75]);
    assert.equal(table.weights, null);
    assert.equal(table.source.name, name);
  }
});

Deno.test("readAccuracyCsv() takes columns by name, weights, and lines of Windows", async () => {
  const header = "sampling_weight,test_accuracy_3,other,test_accuracy_2," +
    "test_accuracy_1,validation_accuracy_1,validation_accuracy_3," +
    "validation_accuracy_2,module_hash";
  const table = await read(
    `\ufeff${header}\r\n2.5,0,x,0.25,0.5,1,.75,5e-1,${HASHES[1]}\r\n`,
  );
  assert.deepEqual([...table.cells], [1]);
  assert.deepEqual([...table.validation], [1, 0.5, 0.75]);
  assert.deepEqual([...table.test], [0.5, 0.25, 0]);
  assert.deepEqual([...table.weights!], [2.5]);
});

Deno.test("readAccuracyCsv() reads a table longer than its chunks", async () => {
  const { count } = NASBENCH101.cells();
  const cells = Uint32Array.from({ length: 30_000 }, (_, i) => i);
  assert.ok(count > cells.length);
  const hashes = NASBENCH101.cellKeys!(cells, "strict");
  const text = [HEADER, ...hashes.map(row)].join("\n");
  assert.ok(text.length > 2 ** 20);
  for (const name of ["t.csv", "t.csv.gz"]) {
    const table = await read(text, name);
    assert.deepEqual(table.cells, cells);
    assert.ok(
      table.test.every((value, i) => value === [0.5, 0.25, 0.75][i % 3]),
    );
  }
});

Deno.test("readAccuracyCsv() names the line that is wrong", async () => {
  const good = row(HASHES[0]);
  const wrong: [lines: string[], message: string | RegExp][] = [
    [
      ["a,b", good],
      'line 1 of t.csv must name a column module_hash, got "a,b"',
    ],
    [
      [HEADER.replace("test_accuracy_2", "x"), good],
      /^line 1 of t.csv must name a column test_accuracy_2, got "module_hash,/,
    ],
    [[HEADER, good, "a,b"], "line 3 of t.csv must have 7 values, got 2"],
    [
      [HEADER, good.replace("0.25", "high")],
      'line 2 of t.csv must have numbers as accuracies, got "high"',
    ],
    [
      [HEADER, good.replace("0.25", " ")],
      'line 2 of t.csv must have numbers as accuracies, got " "',
    ],
    [
      [HEADER, good.replace("0.75", "94.3")],
      "the validation accuracy of line 2 of t.csv must be in [0, 1], got 94.3",
    ],
    [
      [HEADER, good, row("g".repeat(32))],
      `the hash of line 3 of t.csv must be that of a cell of NAS-Bench-101, got "${
        "g".repeat(32)
      }"`,
    ],
    [
      [HEADER, good, row(HASHES[1]), good],
      `the cell of line 4 of t.csv, ${
        HASHES[0]
      }, must have 3 repeats, got one more`,
    ],
    [
      [`${HEADER},sampling_weight`, `${good},-1`],
      "the sampling weight of line 2 of t.csv must be a number of at least 0, got -1",
    ],
    [[HEADER], "t.csv must have those of a cell, got none"],
    [[], "t.csv must have those of a cell, got none"],
  ];
  for (const [lines, message] of wrong) {
    await assert.rejects(read(lines.join("\n")), (error: Error) => {
      const text = error.message.replace(/^Cannot read accuracies: /, "");
      assert.notEqual(text, error.message);
      if (typeof message === "string") assert.equal(text, message);
      else assert.match(text, message);
      return true;
    });
  }
});

Deno.test("readAccuracyCsv() says so when a gzip file is cut or damaged", async () => {
  await NASBENCH101.prepare();
  await withFolder(async (folder) => {
    const text = `${HEADER}\n${row(HASHES[0])}\n`;
    const path = await write(folder, "t.csv.gz", text);
    const bytes = await Deno.readFile(path);
    const damaged = bytes.slice();
    damaged[bytes.length - 6] ^= 1; // of the checksum
    for (const wrong of [bytes.subarray(0, -9), damaged, new Uint8Array(30)]) {
      await Deno.writeFile(path, wrong);
      await assert.rejects(readAccuracyCsv(path), {
        name: "RangeError",
        message:
          /^Cannot read accuracies: t.csv.gz must be a whole gzip file, got an error after line \d+: /,
      });
    }
  });
});
