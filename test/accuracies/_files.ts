/**
 * Files of accuracies made by hand, in the formats of the published ones.
 *
 * @module
 */

import { join } from "node:path";
import protobuf from "protobufjs";
import { crc32c, maskedCrc } from "../../lib/core/crc32c.ts";
import { formatArch } from "../../lib/spaces/nasbench201/arch.ts";
import { ARCH_OPS } from "../../lib/spaces/nasbench201/cells.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

/** Hashes of cells of NAS-Bench-101: the first, the second and the last. */
export const HASHES = [
  "00005c142e6f48ac74fdcf73e3439874",
  "0000718c96730a92ea6d5242f8ce77e2",
  "ffff76fafa7b0cdf545fd7feee9c8bf9",
] as const;

/** Frames records as a TFRecord file. */
export function tfrecords(records: readonly Uint8Array[]): Uint8Array {
  const size = records.reduce((sum, { length }) => sum + length + 16, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const data of records) {
    view.setBigUint64(at, BigInt(data.length), true);
    view.setUint32(at + 8, maskedCrc(crc32c(bytes, at, at + 8)), true);
    bytes.set(data, at + 12);
    view.setUint32(at + 12 + data.length, maskedCrc(crc32c(data)), true);
    at += data.length + 16;
  }
  return bytes;
}

/** `ModelMetrics` in base64, with the accuracies after training. */
export function metrics(
  validation: number,
  test: number,
  evaluations = 3,
): string {
  const writer = protobuf.Writer.create();
  for (let k = 0; k < evaluations; k++) {
    const last = k === evaluations - 1;
    writer.uint32(1 << 3 | 2).fork()
      .uint32(1 << 3 | 1).double(54 * k)
      .uint32(2 << 3 | 1).double(1000 * k)
      .uint32(3 << 3 | 1).double(0.5)
      .uint32(4 << 3 | 1).double(last ? validation : 0.25)
      .uint32(5 << 3 | 1).double(last ? test : 0.25)
      .uint32(6 << 3 | 2).string("checkpoint")
      .ldelim();
  }
  writer.uint32(2 << 3).int32(8_555_530).uint32(3 << 3 | 1).double(1500);
  // As in the official file, with line breaks.
  return writer.finish().toBase64().replace(/.{76}/g, "$&\n") + "\n";
}

/** A record of the official file. */
export function record(
  hash: string,
  validation: number,
  test: number,
  epochs = 108,
): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify([
      hash,
      epochs,
      "0100",
      "input,output",
      metrics(validation, test),
    ]),
  );
}

/** Three repeats of a cell: validation .75 .5 .25, test .5 .25 .75. */
export function repeats(hash: string): Uint8Array[] {
  return [
    record(hash, 0.75, 0.5),
    record(hash, 0.5, 0.25),
    record(hash, 0.25, 0.75),
  ];
}

/** Columns of a table without weights. */
export const HEADER =
  "module_hash,validation_accuracy_1,validation_accuracy_2," +
  "validation_accuracy_3,test_accuracy_1,test_accuracy_2,test_accuracy_3";

/** The row of a table with the numbers of `repeats`. */
export function row(hash: string): string {
  return `${hash},0.75,0.5,0.25,0.5,0.25,0.75`;
}

/** Writes a file of a folder, gzipped where its name says so. */
export async function write(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const path = join(folder, name);
  let bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  if (name.endsWith(".gz")) {
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(
      new CompressionStream("gzip"),
    );
    bytes = await new Response(stream).bytes();
  }
  await Deno.writeFile(path, bytes);
  return path;
}

/** An entry of a JSON file of NAS-Bench-201, in percent. */
export interface Entry {
  val_acc_200: number;
  test_acc_200: number;
}

/** Entries of all cells: validation is the index in thousandths of a percent, test twice that. */
export function entries201(): Record<string, Entry> {
  const table = NASBENCH201.cells();
  return Object.fromEntries(
    Array.from({ length: ARCH_OPS.length ** 6 }, (_, cell) => [
      formatArch(cellGraph(table, cell)),
      { val_acc_200: cell / 1000, test_acc_200: cell / 500 },
    ]),
  );
}
