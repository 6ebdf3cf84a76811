import assert from "node:assert/strict";
import { readRepeats } from "../../../../lib/spaces/nasbench101/accuracies/sources.ts";
import { NASBENCH101 } from "../../../../lib/spaces/nasbench101/space.ts";
import { withFolder } from "../../../_helpers.ts";
import { HASHES, HEADER, row, write } from "../../../accuracies/_files.ts";

async function read(content: string | Uint8Array, name = "t.csv") {
  return await withFolder(async (folder) =>
    await readRepeats(await write(folder, name, content))
  );
}

Deno.test("readRepeats() of a table reads CSV and gzipped CSV", async () => {
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

Deno.test("readRepeats() of a table takes columns by name, weights, and lines of Windows", async () => {
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

Deno.test("readRepeats() of a table reads a table longer than its chunks", async () => {
  await NASBENCH101.prepare();
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

Deno.test("readRepeats() of a table names the line that is wrong", async () => {
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
      'column validation_accuracy_3 of line 2 of t.csv must be a decimal number, got "high"',
    ],
    [
      [HEADER, good.replace("0.25", " ")],
      'column validation_accuracy_3 of line 2 of t.csv must be a decimal number, got " "',
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
      "the sampling weight of line 2 of t.csv must be a number above 0 and at most 423624, got -1",
    ],
    ...["0x0", "1e999", "Infinity", "nan", "1_0", "0b1", "１", "1 0", "", "--1"]
      .map((text): [string[], string] => [
        [HEADER, good.replace(",0.75", `,${text}`)],
        `column validation_accuracy_1 of line 2 of t.csv must be a decimal number, got ${
          JSON.stringify(text)
        }`,
      ]),
    ...["0", "1e39", "1e-50"].map((weight): [string[], string] => [
      [`${HEADER},sampling_weight`, `${good},${weight}`],
      `the sampling weight of line 2 of t.csv must be a number above 0 and at most 423624, got ${
        Number(weight)
      }`,
    ]),
    [
      [`${HEADER},test_accuracy_1`, `${good},0.5`],
      'line 1 of t.csv must name each column once, got "test_accuracy_1" twice',
    ],
    [
      [`${HEADER},validation_accuracy`, `${good},0.5`],
      "line 1 of t.csv must name trainings or their mean, got validation_accuracy and validation_accuracy_1",
    ],
    [
      ["module_hash,validation_accuracy", `${HASHES[0]},0.5`],
      'line 1 of t.csv must name a column test_accuracy, got "module_hash,validation_accuracy"',
    ],
    [
      ["x".repeat(1e5), good],
      /^a line of t.csv must have at most 65536 charac/,
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

const LONG = "module_hash,epochs,trial,validation_accuracy,test_accuracy";
const MEAN = "module_hash,validation_accuracy,test_accuracy";

Deno.test("readRepeats() of a table reads a row a training, in any order", async () => {
  const [first, second] = HASHES;
  const table = await read([
    LONG,
    `${second},108,2,0.25,0.75`,
    `${first},108,0,1,0`,
    `${second},36,0,0.125,0.125`, // not trained to the end
    `${second},108,0,0.75,0.5`,
    `${first.toUpperCase()},108,7,0.5,0`,
    `${second},108,1,0.5,0.25`,
    `${first},108,1,0,1`,
  ].join("\n"));
  assert.equal(table.repeats, 3);
  assert.deepEqual([...table.cells], [0, 1]);
  assert.deepEqual([...table.validation], [1, 0.5, 0, 0.25, 0.75, 0.5]);
  assert.deepEqual([...table.test], [0, 0, 1, 0.75, 0.5, 0.25]);
  const wrong: [rows: string[], message: string][] = [
    [
      [`${first},108,0,1,0`, `${first},108,0,1,0`],
      "line 3 of t.csv must be another trial of its cell, got 0 again",
    ],
    [
      [`${first},108,0.5,1,0`],
      "column trial of line 2 of t.csv must be a whole number in [0, 31), got 0.5",
    ],
    [
      [`${first},108,31,1,0`],
      "column trial of line 2 of t.csv must be a whole number in [0, 31), got 31",
    ],
    [
      [`${first},108,0,1,0`, `${first},108,1,1,0`],
      `t.csv must have 3 repeats of each cell, got 2 of ${first}`,
    ],
    [
      [0, 1, 2, 3].map((trial) => `${first},108,${trial},1,0`),
      `the cell of line 5 of t.csv, ${first}, must have 3 repeats, got one more`,
    ],
    [[`${first},36,0,1,0`], "t.csv must have those of a cell, got none"],
  ];
  for (const [rows, message] of wrong) {
    await assert.rejects(read([LONG, ...rows].join("\n")), {
      message: `Cannot read accuracies: ${message}`,
    });
  }
});

Deno.test("readRepeats() of a table reads means alone, to the last digit", async () => {
  const [first, , last] = HASHES;
  const rows = [
    `${last},0.9264155833333333,0.1`,
    `${first},0.3333333333333333,0.2`,
  ];
  const table = await read([MEAN, ...rows].join("\n"));
  assert.equal(table.repeats, 1);
  assert.deepEqual([...table.cells], [0, 423_623]);
  assert.deepEqual([...table.validation], [1 / 3, 0.9264155833333333]);
  assert.deepEqual([...table.test], [0.2, 0.1]);
  await assert.rejects(read([MEAN, ...rows, rows[0]].join("\n")), {
    message:
      `Cannot read accuracies: the cell of line 4 of t.csv, ${last}, must have one row, where no column trial tells trainings apart, got one more`,
  });
});

Deno.test("readRepeats() of a table takes hashes in either case, and what Excel and pandas add", async () => {
  const upper = await read(
    `${HEADER}\n${row(HASHES[0].toUpperCase())}\n${row(HASHES[2])}\n`,
  );
  assert.deepEqual([...upper.cells], [0, 423_623]);
  await assert.rejects(
    read([HEADER, row(HASHES[0]), row(HASHES[0].toUpperCase())].join("\n")),
    /line 3 of t.csv, 00005C142E6F48AC74FDCF73E3439874, must have 3 repeats/,
  );
  for (const name of ["t.csv", "t.csv.gz"]) {
    const added = await read(
      `\ufeff,${HEADER},\r\n0,${row(HASHES[1])},\r\n\r\n`,
      name,
    );
    assert.deepEqual([...added.cells], [1]);
  }
});

Deno.test("readRepeats() of a table refuses a gzip file that unpacks without an end", async () => {
  await withFolder(async (folder) => {
    for (
      const [character, message] of [
        ["x", /^RangeError: .*a line of b\.csv\.gz must have at most 65536/],
        ["\n", /^RangeError: .*b\.csv\.gz must have at most 5083489 lines/],
      ] as const
    ) {
      const piece = new TextEncoder().encode(character.repeat(2 ** 20));
      let pieces = 0;
      const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (controller) => {
          if (pieces === 0) {
            controller.enqueue(new TextEncoder().encode(`${HEADER}\n`));
          }
          controller.enqueue(piece);
          if (++pieces === 64) controller.close();
        },
      }).pipeThrough(new CompressionStream("gzip"));
      const path = await write(
        folder,
        "b.csv",
        await new Response(stream).bytes(),
      );
      await Deno.rename(path, `${path}.gz`);
      await assert.rejects(readRepeats(`${path}.gz`), message);
    }
  });
});

Deno.test("readRepeats() of a table says so when a gzip file is cut or damaged", async () => {
  await NASBENCH101.prepare();
  await withFolder(async (folder) => {
    const text = `${HEADER}\n${row(HASHES[0])}\n`;
    const path = await write(folder, "t.csv.gz", text);
    const bytes = await Deno.readFile(path);
    const damaged = bytes.slice();
    damaged[bytes.length - 6] ^= 1; // of the checksum
    for (const wrong of [bytes.subarray(0, -9), damaged, new Uint8Array(30)]) {
      await Deno.writeFile(path, wrong);
      await assert.rejects(readRepeats(path), {
        name: "RangeError",
        message:
          /^Cannot read accuracies: t.csv.gz must be a whole gzip file, got an error after line \d+: /,
      });
    }
  });
});
