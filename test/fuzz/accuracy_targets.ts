/**
 * Accuracies and cells: TFRecords, records and their messages, tables as CSV and JSON, arch
 * strings, and the caches of cells and of accuracies.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { readTfrecords } from "../../lib/core/tfrecord.ts";
import { edgePairs, type Graph } from "../../lib/spaces/graph.ts";
import {
  readCache,
  writeCache,
} from "../../lib/spaces/nasbench101/accuracies/cache.ts";
import {
  decodeEvaluations,
  decodeRecord,
  type Evaluation,
} from "../../lib/spaces/nasbench101/accuracies/records.ts";
import type { Nasbench101Repeats } from "../../lib/spaces/nasbench101/accuracies/repeats.ts";
import { readRepeats } from "../../lib/spaces/nasbench101/accuracies/sources.ts";
import {
  CELL_COUNT,
  readCells,
  writeCells,
} from "../../lib/spaces/nasbench101/cells.ts";
import type { CellColumns } from "../../lib/spaces/nasbench101/enumeration.ts";
import { NASBENCH101 } from "../../lib/spaces/nasbench101/space.ts";
import { hashOfCell } from "../../lib/spaces/nasbench101/table.ts";
import { edgesOf } from "../../lib/spaces/nasbench101/triangle.ts";
import { readNasbench201Json } from "../../lib/spaces/nasbench201/accuracies/json.ts";
import { formatArch, parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import {
  entries201,
  HASHES,
  HEADER,
  record,
  repeats,
  row,
} from "../accuracies/_files.ts";
import {
  BYTES,
  bytesOf,
  joined,
  JSON_DOCUMENT,
  JSON_TREE,
  jsonOf,
  LINES,
  mutated,
  type Mutator,
  TEXT,
  textOf,
  within,
} from "./mutations.ts";
import {
  doubleKey,
  type Field,
  fieldsOf,
  framedRecords,
  isWhole,
  maskedSlowCrc,
  notFraction,
  parseStrictly,
} from "./oracles.ts";
import { type Case, type Target, target } from "./target.ts";

/** The records of a file whose lengths lead from one to the next; null where they do not. */
function recordsOf(bytes: Uint8Array): Uint8Array[] | null {
  const records: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 16) return null;
    const length = Number(view.getBigUint64(at, true));
    if (length > bytes.length - at - 16) return null;
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  return records;
}

/** A mutator of one record of a file, whose frame stays right. */
function ofOneRecord(mutators: readonly Mutator[]): Mutator {
  return (input, random) => {
    const records = recordsOf(input);
    if (records === null || records.length === 0) return input;
    const at = random.integer(records.length);
    records[at] = mutated(records[at], mutators, random);
    return framedRecords(records);
  };
}

/** A mutator that leaves out, repeats or reorders records. */
const ORDER_OF_RECORDS: Mutator = (input, random) => {
  const records = recordsOf(input);
  if (records === null || records.length === 0) return input;
  const at = random.integer(records.length);
  const change = random.integer(3);
  if (change === 0) records.splice(at, 1);
  else if (change === 1) records.splice(at, 0, records[at]);
  else random.shuffle(records);
  return framedRecords(records);
};

/** The start of a record that declares many bytes, with a right checksum. */
function declared(bytes: number): Uint8Array {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, BigInt(bytes), true);
  view.setUint32(8, maskedSlowCrc(header.subarray(0, 8)), true);
  return header;
}

const TFRECORD_TARGET = target<Uint8Array[]>({
  name: "tfrecord",
  mutators: [
    ...BYTES,
    ORDER_OF_RECORDS,
    ofOneRecord(BYTES),
    ofOneRecord(BYTES),
  ],
  open() {
    const records = repeats(HASHES[0]);
    return Promise.resolve({
      seeds: [framedRecords(records), framedRecords([new Uint8Array()])],
      cases: [
        ["a declared record of 1 GB", declared(2 ** 30)],
        [
          "a declared record of 1 GB, and 8 MB of it",
          joined(declared(2 ** 30), new Uint8Array(8e6)),
        ],
        ["a declared record of 2^63 bytes", declared(2 ** 63)],
      ].map(([name, input]) => ({ name, input, must: "refuse" } as Case)),
      async read(input) {
        const size = 1 +
          input.length % 97 * (input.length > 100_000 ? 1_000 : 1);
        const chunks = async function* () {
          for (let at = 0; at < input.length; at += size) {
            yield await Promise.resolve(input.slice(at, at + size));
          }
        };
        const records: Uint8Array[] = [];
        for await (const data of readTfrecords(chunks(), "x.tfrecord")) {
          records.push(data.slice());
        }
        return records;
      },
      complaint(records, input) {
        const framed = framedRecords(records);
        return framed.length === input.length &&
            framed.every((byte, i) => byte === input[i])
          ? null
          : "records that frame to another file";
      },
    });
  },
});

/** The message in a record; null where there is none in base64. */
function messageOf(
  bytes: Uint8Array,
): { content: Uint8Array; frame: unknown[] } | null {
  try {
    const frame = jsonOf(bytes);
    return { content: Uint8Array.fromBase64(frame[4]), frame };
  } catch {
    return null;
  }
}

/** Changes of a record: of its message, its JSON, its bytes. */
const RECORD: readonly Mutator[] = [
  within(
    messageOf,
    BYTES,
    (content, frame) =>
      bytesOf(JSON.stringify([...frame.slice(0, 4), content.toBase64()])),
  ),
  within(
    messageOf,
    BYTES,
    (content, frame) =>
      bytesOf(JSON.stringify([...frame.slice(0, 4), content.toBase64()])),
  ),
  JSON_TREE,
  ...TEXT.slice(0, 2),
];

/** Evaluations by a plain reader; null where the message is none. */
function evaluationsOf(message: Uint8Array): Evaluation[] | null {
  const double = (fields: readonly Field[], number: number) => {
    const last = fields.findLast((field) =>
      field.number === number && field.wire === 1
    );
    return last === undefined
      ? NaN
      : new DataView(last.bytes.buffer, last.bytes.byteOffset).getFloat64(
        0,
        true,
      );
  };
  const top = fieldsOf(message);
  if (top === null) return null;
  const evaluations: Evaluation[] = [];
  for (const { number, wire, bytes } of top) {
    if (number !== 1 || wire !== 2) continue;
    const fields = fieldsOf(bytes);
    if (fields === null) return null;
    evaluations.push({
      epoch: double(fields, 1),
      trainingSeconds: double(fields, 2),
      validation: double(fields, 4),
      test: double(fields, 5),
    });
  }
  return evaluations;
}

const MESSAGE_TARGET = target<Evaluation[]>({
  name: "protobuf",
  mutators: [...RECORD, ...BYTES.slice(0, 2)],
  open() {
    return Promise.resolve({
      seeds: [record(HASHES[0], 0.75, 0.5)],
      cases: [{
        name: "a message of 1 GB",
        input: bytesOf(JSON.stringify([
          HASHES[0],
          108,
          "",
          "",
          Uint8Array.of(10, 128, 128, 128, 128, 4).toBase64(),
        ])),
        must: "refuse",
      }],
      read(input) {
        const { metrics } = decodeRecord(input, "record 0 of x.tfrecord");
        return decodeEvaluations(metrics, "record 0 of x.tfrecord");
      },
      complaint(evaluations, input) {
        const message = Uint8Array.fromBase64(jsonOf(input)[4]);
        const plain = evaluationsOf(message);
        // Groups are skipped by the reader, and there are none in these files.
        if (plain === null) return null;
        return JSON.stringify(evaluations) === JSON.stringify(plain)
          ? null
          : `${JSON.stringify(evaluations)} for ${JSON.stringify(plain)}`;
      },
    });
  },
});

/** What is wrong with repeats as such, or null. */
function repeatsComplaint(
  { cells, validation, test, weights, source }: Nasbench101Repeats,
): string | null {
  for (let i = 0; i < cells.length; i++) {
    if (!isWhole(cells[i], i === 0 ? 0 : cells[i - 1] + 1, CELL_COUNT - 1)) {
      return `cell ${cells[i]} after ${cells[i - 1]}`;
    }
  }
  if (cells.length === 0) return "no cells";
  if (
    validation.length % cells.length !== 0 || validation.length !== test.length
  ) {
    return `${validation.length} and ${test.length} accuracies`;
  }
  if (weights !== null) {
    if (weights.length !== cells.length) return `${weights.length} weights`;
    const wrong = weights.find((weight) => !(weight > 0 && weight < Infinity));
    if (wrong !== undefined) return `a weight of ${wrong}`;
  }
  const { name, bytes, modifiedMs } = source ?? {};
  if (typeof name !== "string" || !isWhole(bytes)) return "a source of no file";
  if (modifiedMs !== null && !Number.isFinite(modifiedMs)) {
    return `a source of the time ${modifiedMs}`;
  }
  return notFraction(validation, "a validation accuracy") ??
    notFraction(test, "a test accuracy");
}

/** What is wrong with repeats read from a table of these lines, or null. */
function csvComplaint(value: Nasbench101Repeats, text: string): string | null {
  const wrong = repeatsComplaint(value);
  if (wrong !== null) return wrong;
  const [header, ...rows] = text.replace(/^\ufeff/, "").split("\n")
    .map((line) => line.replace(/\r$/, "")).filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((field) => field.trim()));
  const known = header.filter((name) =>
    /^(?:module_hash|sampling_weight|(?:validation|test)_accuracy)/.test(name)
  );
  if (new Set(known).size < known.length) return `a column twice: ${known}`;
  // Every accuracy must stand there as a decimal number, and every cell by its hash.
  const numbers = new Set(
    rows.flat().filter((field) =>
      /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(field)
    ).map((field) => Math.fround(Number(field))),
  );
  for (const read of [value.validation, value.test, value.weights ?? []]) {
    for (const number of read) {
      if (!numbers.has(number)) return `${number}, which stands nowhere`;
    }
  }
  const place = header.indexOf("module_hash");
  const hashes = new Set(rows.map((row) => row[place]?.toLowerCase()));
  const cells = new Set(Array.from(value.cells, (cell) => hashOfCell(cell)));
  const lost = [...hashes].find((hash) => !cells.has(hash));
  if (lost !== undefined) return `a row passed over: ${lost}`;
  return [...cells].every((hash) => hashes.has(hash)) ? null : "another cell";
}

const RECORDS_TARGET = target<Nasbench101Repeats>({
  name: "records",
  mutators: [ORDER_OF_RECORDS, ...Array<Mutator>(4).fill(ofOneRecord(RECORD))],
  async open(folder) {
    await NASBENCH101.prepare();
    const path = join(folder, "x.tfrecord");
    return {
      seeds: [
        framedRecords(repeats(HASHES[0])),
        framedRecords([
          ...repeats(HASHES[2]),
          record(HASHES[0], 0.1, 0.2, 4),
          ...repeats(HASHES[1]),
        ]),
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await readRepeats(path);
      },
      complaint(value, input) {
        const wrong = repeatsComplaint(value);
        if (wrong !== null) return wrong;
        const accuracies = new Map<string, number[]>();
        for (const bytes of recordsOf(input)!) {
          const [hash, epochs, , , metrics] = jsonOf(bytes);
          if (epochs !== 108) continue;
          const last = evaluationsOf(Uint8Array.fromBase64(metrics))?.at(-1);
          if (last === undefined) return null; // with groups
          const list = accuracies.get(hash) ?? [];
          list.push(Math.fround(last.validation), Math.fround(last.test));
          accuracies.set(hash, list);
        }
        const read = Array.from(value.cells, (cell, i) => [
          hashOfCell(cell),
          [0, 1, 2].flatMap((
            k,
          ) => [value.validation[3 * i + k], value.test[3 * i + k]]),
        ]);
        return JSON.stringify(read) ===
            JSON.stringify([...accuracies].sort(([a], [b]) => a < b ? -1 : 1))
          ? null
          : "other accuracies than those of the records";
      },
    };
  },
});

/** Tables that must not be read, made by changing one text of a right one. */
const table = (...rows: string[]) => [HEADER, ...rows].join("\n") + "\n";
const [FIRST, SECOND] = [row(HASHES[0]), row(HASHES[1])];
const WEIGHTED = [
  `${HEADER},sampling_weight,module_id`,
  `${FIRST},2.5,1`,
  `${SECOND},1,2`,
].join("\r\n");
const WRONG_TABLES: readonly (readonly [string, string])[] = [
  ["a hexadecimal number", table(FIRST.replace("0.75", "0x1"), SECOND)],
  ["an infinite weight", WEIGHTED.replace(",1,2", ",Infinity,2")],
  ["a weight of 0", WEIGHTED.replace(",1,2", ",0,2")],
  [
    "a column twice",
    table(FIRST, SECOND).replaceAll(",", ",x,").replace(
      ",x,",
      ",validation_accuracy_1,",
    ),
  ],
  ["percent", table(FIRST.replace("0.75", "75"), SECOND)],
  ["NaN", table(FIRST.replace("0.75", "nan"), SECOND)],
  ["a cell twice", table(FIRST, SECOND, FIRST)],
  ["a line without an end", `${HEADER}\n${"1,".repeat(3_000_000)}`],
];

const CSV_TARGET = target<Nasbench101Repeats>({
  name: "csv",
  mutators: LINES,
  async open(folder) {
    await NASBENCH101.prepare();
    const path = join(folder, "x.csv");
    return {
      seeds: [table(FIRST, SECOND), WEIGHTED].map(bytesOf),
      cases: WRONG_TABLES.map(([name, text]) => ({
        name,
        input: bytesOf(text),
        must: "refuse",
      })),
      async read(input) {
        await Deno.writeFile(path, input);
        return await readRepeats(path);
      },
      complaint: (value, input) => csvComplaint(value, textOf(input)),
    };
  },
});

/** A gzip file that unfolds to many times its size: a piece, so many times. */
function bomb(piece: string, bytes: number): Uint8Array {
  return gzipSync(Buffer.alloc(bytes, piece));
}

const GZIP_TARGET = target<Nasbench101Repeats>({
  name: "csv.gz",
  mutators: [
    ...BYTES,
    ...Array<Mutator>(BYTES.length).fill(within(
      (input) => {
        try {
          return { content: gunzipSync(input), frame: null };
        } catch {
          return null;
        }
      },
      LINES,
      (content) => gzipSync(content, { level: 1 }),
    )),
  ],
  async open(folder) {
    await NASBENCH101.prepare();
    const path = join(folder, "x.csv.gz");
    const whole = gzipSync(table(FIRST, SECOND));
    const refuse = (name: string, input: Uint8Array): Case => ({
      name,
      input,
      must: "refuse",
    });
    return {
      seeds: [whole, gzipSync(WEIGHTED)],
      cases: [
        refuse("a bomb of one line", bomb("0", 400_000_000)),
        refuse("a bomb of empty lines", bomb("\n", 400_000_000)),
        refuse("a bomb of rows", bomb(`${HEADER}\n`, 400_000_000)),
        refuse("a torn file", whole.subarray(0, whole.length - 9)),
        refuse("no gzip file", bytesOf(table(FIRST, SECOND))),
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await readRepeats(path);
      },
      complaint: (value, input) =>
        csvComplaint(value, textOf(gunzipSync(input))),
    };
  },
});

const JSON_TARGET = target<Awaited<ReturnType<typeof readNasbench201Json>>>({
  name: "json-table",
  mutators: JSON_DOCUMENT,
  async open(folder) {
    await NASBENCH201.prepare();
    const path = join(folder, "nasbench201_cifar10.json");
    const entries = entries201();
    const cells = new Map(
      Object.keys(entries).map((arch, cell) => [arch, cell]),
    );
    const whole = bytesOf(JSON.stringify(entries));
    const some = (step: number, from: number) =>
      bytesOf(JSON.stringify(Object.fromEntries(
        Object.entries(entries).filter((_, cell) => cell % step === from),
      )));
    return {
      // A part of the cells is a table too, and is read faster.
      seeds: [some(5_000, 300), some(3_000, 1), some(500, 2), whole],
      cases: [
        {
          name: "fractions",
          input: bytesOf(JSON.stringify(Object.fromEntries(
            Object.entries(entries).map(([arch]) => [
              arch,
              { val_acc_200: 0.91, test_acc_200: 0.9 },
            ]),
          ))),
          must: "refuse",
        },
        {
          name: "a cell twice",
          input: bytesOf(
            `{"${[...cells.keys()][7]}":{"val_acc_200":1,"test_acc_200":2},` +
              textOf(whole).slice(1),
          ),
          must: "refuse",
        },
        {
          name: "deep in each other",
          input: bytesOf("[".repeat(50_000) + "]".repeat(50_000)),
          must: "refuse",
        },
      ],
      async read(input) {
        await Deno.writeFile(path, input);
        return await readNasbench201Json(path);
      },
      complaint({ validation, test }, input) {
        const text = textOf(input).replace(/^\ufeff/, "");
        const double = doubleKey(parseStrictly(text));
        if (double !== null) return `${JSON.stringify(double)} twice`;
        const document: Record<string, Record<string, unknown>> = JSON.parse(
          text,
        );
        const covered = new Set<number>();
        for (
          const [key, { val_acc_200, test_acc_200 }] of Object.entries(document)
        ) {
          const cell = cells.get(formatArch(parseArch(key)))!;
          covered.add(cell);
          const wanted = [val_acc_200, test_acc_200].map((percent) =>
            typeof percent === "number" ? percent / 100 : NaN
          );
          if (validation[cell] !== wanted[0] || test[cell] !== wanted[1]) {
            return `${validation[cell]} and ${test[cell]} of cell ${cell}`;
          }
        }
        const stray = validation.findIndex((value, cell) =>
          !covered.has(cell) && !Number.isNaN(value)
        );
        return stray < 0 ? null : `an accuracy of ${stray}, which has none`;
      },
    };
  },
});

const ARCH_TARGET = target<Graph>({
  name: "arch",
  mutators: [...TEXT, ...TEXT, ...BYTES],
  open() {
    const archs = [0, 777, 9_876, 15_624].map((cell) =>
      formatArch(cellGraph(NASBENCH201.cells(), cell))
    );
    return Promise.resolve({
      seeds: archs.map(bytesOf),
      cases: [
        [
          "an operation of a prototype",
          archs[1].replace(/[a-z_0-9]+~0/, "constructor~0"),
        ],
        ["no string", ""],
        ["a long one", "|".repeat(1_000_000)],
        ["a cell and more", `${archs[1]}${archs[2]}`],
      ].map(([name, text]) => ({
        name,
        input: bytesOf(text),
        must: "refuse",
      } as Case)),
      read: (input) => parseArch(textOf(input)),
      complaint(graph, input) {
        const text = textOf(input), arch = formatArch(graph);
        if (formatArch(parseArch(arch)) !== arch) return "an unsteady cell";
        if (!text.includes("~")) return null;
        const names = (of: string) => of.match(/[a-z_0-9]+~\d/g)?.join();
        return names(text) === names(arch) ? null : `${arch}, another cell`;
      },
    });
  },
});

/** A SHA-256 that stands at a place and covers what comes after another. */
function resealed(
  at: number,
  from: number,
  mutators: readonly Mutator[],
): Mutator {
  return (input, random) => {
    const bytes = mutated(input, mutators, random).slice();
    if (bytes.length < from) return bytes;
    const digest = createHash("sha256").update(bytes.subarray(from)).digest();
    bytes.set(digest, at);
    return bytes;
  };
}

const CACHE_TARGET = target<Nasbench101Repeats>({
  name: "accuracy-cache",
  mutators: [
    ...BYTES,
    ...Array<Mutator>(10).fill(resealed(24, 56, BYTES)),
    // What is said of the source, at the end; its length stays right.
    ...Array<Mutator>(6).fill(resealed(24, 56, [
      within(
        (input) => {
          const at = textOf(input).lastIndexOf('{"name"');
          const start = at < 0 ? -1 : input.lastIndexOf(123);
          return start < 0 ? null : {
            content: input.subarray(start),
            frame: input.subarray(0, start),
          };
        },
        JSON_DOCUMENT,
        (content, frame) => {
          const bytes = joined(frame, content);
          if (bytes.length < 24) return bytes;
          new DataView(bytes.buffer).setUint32(20, content.length, true);
          return bytes;
        },
      ),
    ])),
  ],
  async open(folder) {
    const path = join(folder, "accuracies.bin");
    const seeds: Uint8Array[] = [];
    await NASBENCH101.prepare();
    for (const text of [table(FIRST, SECOND), WEIGHTED]) {
      const csv = join(folder, "x.csv");
      await Deno.writeTextFile(csv, text);
      await writeCache(path, await readRepeats(csv));
      seeds.push(await Deno.readFile(path));
    }
    return {
      seeds,
      async read(input) {
        await Deno.writeFile(path, input);
        return await readCache(path);
      },
      async complaint(value, input) {
        const wrong = repeatsComplaint(value);
        if (wrong !== null) return wrong;
        await writeCache(path, value);
        const again = await Deno.readFile(path);
        const { cells, validation, test, weights } = value;
        const end = 56 + cells.byteLength + validation.byteLength +
          test.byteLength + (weights?.byteLength ?? 0);
        // What is said of the source may be spaced in another way.
        return Buffer.compare(
            again.subarray(56, end),
            input.subarray(56, end),
          ) === 0
          ? null
          : "a cache that is written as another";
      },
    };
  },
});

const CELLS_TARGET = target<CellColumns>({
  name: "cells",
  mutators: BYTES,
  async open(folder) {
    await NASBENCH101.prepare();
    const path = join(folder, "cells.bin");
    const table = NASBENCH101.cells();
    const cells = Array.from({ length: CELL_COUNT }, (_, cell) => cell);
    const columns: CellColumns = {
      count: CELL_COUNT,
      ops: table.ops,
      edges: Uint32Array.from(
        cells,
        (cell) => edgesOf(edgePairs(cellGraph(table, cell))),
      ),
      hashes: Uint8Array.fromHex(cells.map(hashOfCell).join("")),
    };
    await writeCells(path, columns);
    const whole = await Deno.readFile(path);
    return {
      seeds: [whole],
      async read(input) {
        await Deno.writeFile(path, input);
        return await readCells(path);
      },
      complaint: (_, input) =>
        input.length === whole.length && Buffer.compare(input, whole) === 0
          ? null
          : "cells of another file",
    };
  },
});

/** The formats of cells and of their accuracies. */
export const ACCURACY_TARGETS: readonly Target[] = [
  TFRECORD_TARGET,
  MESSAGE_TARGET,
  RECORDS_TARGET,
  CSV_TARGET,
  GZIP_TARGET,
  JSON_TARGET,
  ARCH_TARGET,
  CACHE_TARGET,
  CELLS_TARGET,
];
