import assert from "node:assert/strict";
import {
  decodeEvaluations,
  decodeRecord,
} from "../../../../lib/spaces/nasbench101/accuracies/records.ts";
import { readRepeats } from "../../../../lib/spaces/nasbench101/accuracies/sources.ts";
import { NASBENCH101 } from "../../../../lib/spaces/nasbench101/space.ts";
import { cellOfHash } from "../../../../lib/spaces/nasbench101/table.ts";
import { sharedData, withFolder } from "../../../_helpers.ts";
import {
  HASHES,
  metrics,
  record,
  repeats,
  tfrecords,
  write,
} from "../../../accuracies/_files.ts";

const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

Deno.test("decodeRecord() takes hash, epochs and metrics", () => {
  assert.deepEqual(
    decodeRecord(encode(["ab", 36, "01", "input,output", "Zm9v\n"]), "r"),
    { hash: "ab", epochs: 36, metrics: "Zm9v\n" },
  );
});

Deno.test("decodeRecord() names the record that is wrong", () => {
  assert.throws(
    () => decodeRecord(new TextEncoder().encode("[1,"), "record 5"),
    {
      name: "SyntaxError",
      message: /^Cannot read accuracies: record 5 must be JSON: /,
    },
  );
  assert.throws(() => decodeRecord(new Uint8Array([34, 255, 34]), "record 5"), {
    name: "SyntaxError",
    message: /^Cannot read accuracies: record 5 must be JSON: /,
  });
  for (
    const value of [
      null,
      {},
      ["ab", 36, "01", "input,output"],
      ["ab", "36", "01", "input,output", "Zm9v"],
      [1, 36, "01", "input,output", "Zm9v"],
      ["ab", 36, "01", "input,output", null],
    ]
  ) {
    assert.throws(() => decodeRecord(encode(value), "record 5"), {
      name: "TypeError",
      message:
        `Cannot read accuracies: record 5 must be [hash, epochs, adjacency, operations, metrics], got ${
          JSON.stringify(value)
        }`,
    });
  }
});

Deno.test("decodeEvaluations() reads a message written by hand", () => {
  const half = [0, 0, 0, 0, 0, 0, 0xe0, 0x3f]; // 0.5
  const one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]; // 1
  const bytes = [
    // Field 1, 39 bytes: epoch 1, time 0.5, validation 1, an unknown varint 200 in
    // field 9, test 0.5.
    ...[0x0a, 39, 0x09, ...one, 0x11, ...half, 0x21, ...one],
    ...[0x48, 0xc8, 0x01, 0x29, ...half],
    // Field 2: 300 parameters. Field 1, empty.
    ...[0x10, 0xac, 0x02, 0x0a, 0],
  ];
  const text = new Uint8Array(bytes).toBase64();
  assert.deepEqual(decodeEvaluations(text, "r"), [
    { epoch: 1, trainingSeconds: 0.5, validation: 1, test: 0.5 },
    { epoch: NaN, trainingSeconds: NaN, validation: NaN, test: NaN },
  ]);
});

Deno.test("decodeEvaluations() names the record that is no message", () => {
  const bytes = Uint8Array.fromBase64(metrics(0.5, 0.5));
  const wrong = [
    "not base64!",
    bytes.subarray(0, 20).toBase64(),
    new Uint8Array([0x0a, 99, 0]).toBase64(),
    new Uint8Array([0x0f]).toBase64(),
    // An evaluation of 2 bytes with a double in it.
    new Uint8Array([0x0a, 2, 0x09, 0, 0, 0, 0, 0, 0, 0, 0]).toBase64(),
  ];
  for (const text of wrong) {
    assert.throws(() => decodeEvaluations(text, "record 5"), {
      name: "SyntaxError",
      message:
        /^Cannot read accuracies: the metrics of record 5 must be a base64 ModelMetrics message: /,
    });
  }
});

async function readRecords(records: readonly Uint8Array[]) {
  return await withFolder(async (folder) =>
    await readRepeats(await write(folder, "f.tfrecord", tfrecords(records)))
  );
}

Deno.test("readRepeats() of records joins by hash and passes over other epochs", async () => {
  const read = await readRecords([
    ...repeats(HASHES[2]),
    record(HASHES[0], 1, 1),
    record(HASHES[1], 0.125, 0.125, 36),
    record(HASHES[0], 0, 0.25),
    record(HASHES[0], 0.5, 0.5),
  ]);
  assert.deepEqual([...read.cells], [0, 423_623]);
  assert.deepEqual([...read.validation], [1, 0, 0.5, 0.75, 0.5, 0.25]);
  assert.deepEqual([...read.test], [1, 0.25, 0.5, 0.5, 0.25, 0.75]);
  assert.equal(read.weights, null);
  assert.equal(read.source.name, "f.tfrecord");
  assert.ok(read.source.bytes > 1000);
});

Deno.test("readRepeats() of records names the record that is wrong", async () => {
  const good = repeats(HASHES[0]);
  const json = (...value: unknown[]) => encode(value);
  const rejected = async (records: Uint8Array[], message: string | RegExp) =>
    await assert.rejects(readRecords(records), { message });
  await rejected(
    [...good, ...repeats("0".repeat(32))],
    `Cannot read accuracies: the hash of record 3 of f.tfrecord must be that of a cell of NAS-Bench-101, got "${
      "0".repeat(32)
    }"`,
  );
  await rejected(
    [...good, record(HASHES[1], 1.5, 0.5)],
    "Cannot read accuracies: the validation accuracy of record 3 of f.tfrecord must be in [0, 1], got 1.5",
  );
  for (const value of [-0.1, NaN, Infinity]) {
    await rejected(
      [record(HASHES[1], 0.5, value)],
      `Cannot read accuracies: the test accuracy of record 0 of f.tfrecord must be in [0, 1], got ${value}`,
    );
  }
  await rejected(
    [...good, json(HASHES[1], 108, "", "", metrics(0.5, 0.5, 2))],
    "Cannot read accuracies: record 3 of f.tfrecord must have 3 evaluations, got 2",
  );
  await rejected(
    [...good, encode({ hash: HASHES[1] })],
    /^Cannot read accuracies: record 3 of f.tfrecord must be \[hash, /,
  );
  await rejected(
    [...good, record(HASHES[0], 0.5, 0.5)],
    `Cannot read accuracies: the cell of record 3 of f.tfrecord, ${
      HASHES[0]
    }, must have 3 repeats, got one more`,
  );
  await rejected(
    [...good, record(HASHES[1], 0.5, 0.5)],
    "Cannot read accuracies: f.tfrecord must have 3 repeats of each cell, got 1 of 0000718c96730a92ea6d5242f8ce77e2",
  );
  await rejected(
    [],
    "Cannot read accuracies: f.tfrecord must have those of a cell, got none",
  );
  await assert.rejects(readRepeats("/none.tfrecord"), {
    message: /^Cannot read accuracies: \/none\.tfrecord: .*(os error|No such)/,
  });
});

const SAMPLE = sharedData("nasbench101/sample_only108.tfrecord");
const TABLE = sharedData("nasbench101/accuracies.csv.gz");

Deno.test({
  name: "readRepeats() of records reads the same numbers as the table has",
  ignore: SAMPLE === null || TABLE === null,
  async fn() {
    await NASBENCH101.prepare();
    const done: number[] = [];
    const sample = await readRepeats(SAMPLE!, {
      onProgress: ({ done: bytes }) => done.push(bytes),
    });
    assert.equal(done.at(-1), 2_465_673);
    assert.equal(sample.cells.length, 2_001);
    const table = await readRepeats(TABLE!);
    assert.equal(table.cells.length, 151_644);
    const rows = new Map(Array.from(table.cells, (cell, i) => [cell, i]));
    sample.cells.forEach((cell, i) => {
      const row = rows.get(cell)!;
      for (let k = 0; k < 3; k++) {
        // Both in float32: the table's eight decimals tell these apart.
        assert.equal(
          sample.validation[3 * i + k],
          table.validation[3 * row + k],
        );
        assert.equal(sample.test[3 * i + k], table.test[3 * row + k]);
      }
    });
    assert.ok(rows.has(cellOfHash(HASHES[0])!));
  },
});
