import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { runData } from "../../lib/cli/data.ts";
import { openImages, unpackCifar10 } from "../../lib/evaluation/image_sets.ts";
import { Random } from "../../lib/core/random.ts";
import {
  channelStatistics,
  imageBatch,
  readImageRows,
} from "../../lib/models/cell_network/images.ts";
import { withFolder } from "../_helpers.ts";

Deno.test("the digits are 1,797 images of ten classes in three parts", async () => {
  const { size, channels, classes, train, validation, test } = await openImages(
    "digits",
  );
  assert.deepEqual([size, channels, classes], [8, 1, 10]);
  assert.deepEqual(
    [train, validation, test].map(({ labels, pixels }) => [
      labels.length,
      pixels.length / 64,
    ]),
    [[1197, 1197], [300, 300], [300, 300]],
  );
  const counts = new Array(10).fill(0);
  for (const { labels } of [train, validation, test]) {
    for (const label of labels) counts[label]++;
  }
  // As scikit-learn documents its data set.
  assert.deepEqual(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  assert.equal(Math.max(...train.pixels), 240);
});

Deno.test("rows of images are read channel by channel, and wrong ones are named", () => {
  const shape = { size: 4, channels: 2, classes: 3 };
  const row = Uint8Array.from({ length: 33 }, (_, i) => i === 0 ? 2 : i);
  const { labels, pixels } = readImageRows(row, shape, "x.bin");
  assert.deepEqual([...labels], [2]);
  assert.deepEqual([...pixels.subarray(0, 4)], [1, 17, 2, 18]);
  assert.throws(
    () => readImageRows(row.subarray(1), shape, "x.bin"),
    /Cannot read images: x.bin must have rows of 33 bytes, got 32 bytes/,
  );
  row[0] = 3;
  assert.throws(
    () => readImageRows(row, shape, "x.bin"),
    /labels of x.bin must be in \[0, 3\), got 3 in row 0/,
  );
});

Deno.test("a batch is normalised, cropped within its bounds and mirrored half of the time", () => {
  const shape = { size: 4, channels: 1 };
  const images = {
    labels: Uint8Array.of(0),
    pixels: Uint8Array.from({ length: 16 }, (_, i) => i),
  };
  const statistics = channelStatistics(images, 1);
  assert.equal(statistics.mean[0], 7.5);
  const plain = imageBatch(images, Uint32Array.of(0), {
    ...{ count: 2, shape, statistics, change: null },
  });
  const sum = plain.reduce((a, b) => a + b);
  assert.ok(Math.abs(sum) < 1e-6);
  assert.ok(plain.subarray(16).every((value) => value === 0));
  const random = Random.fromSeed(1);
  const restored = (batch: Float32Array) =>
    [...batch].map((value) =>
      Math.round(value * statistics.deviation[0] + 7.5)
    );
  let mirrored = 0;
  for (let draw = 0; draw < 200; draw++) {
    const [a, b] = restored(
      imageBatch(images, Uint32Array.of(0), {
        ...{ shape, statistics },
        change: { crop: 0, flip: true, random },
      }),
    );
    assert.equal(Math.abs(a - b), 1);
    if (a > b) mirrored++;
  }
  assert.ok(mirrored > 70 && mirrored < 130, `${mirrored}`);
  const corners = new Set<number>();
  for (let draw = 0; draw < 200; draw++) {
    const batch = imageBatch(images, Uint32Array.of(0), {
      ...{ shape, statistics },
      change: { crop: 1, flip: false, random },
    });
    // The place in the middle shows how far the part has moved.
    corners.add(restored(batch)[5]);
  }
  assert.deepEqual([...corners].sort((a, b) => a - b), [
    ...[0, 1, 2, 4, 5, 6, 8, 9, 10],
  ]);
});

/** A tar archive with files of some bytes. */
function tar(files: Record<string, Uint8Array>): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const header = new Uint8Array(512);
    new TextEncoder().encodeInto(name, header);
    new TextEncoder().encodeInto(
      bytes.length.toString(8).padStart(11, "0"),
      header.subarray(124),
    );
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    blocks.push(header, padded);
  }
  blocks.push(new Uint8Array(1024));
  return gzipSync(Buffer.concat(blocks));
}

const CIFAR_ROW = 1 + 3 * 32 * 32;

Deno.test("CIFAR-10 is fetched once, unpacked and opened", async () => {
  await withFolder(async (folder) => {
    // A thousandth of the real one.
    const batch = (first: number, rows: number) => {
      const bytes = new Uint8Array(rows * CIFAR_ROW);
      for (let i = 0; i < rows; i++) bytes[i * CIFAR_ROW] = (first + i) % 10;
      return bytes;
    };
    const files: Record<string, Uint8Array> = Object.fromEntries([
      ["readme.html", Uint8Array.of(1)] as const,
      ...[1, 2, 3, 4, 5].map((n) =>
        [`data_batch_${n}.bin`, batch(n, 10)] as const
      ),
      ["test_batch.bin", batch(0, 10)] as const,
    ].map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]));
    const lines: string[] = [];
    let fetched = 0;
    const get = () =>
      runData({ spaces: [], from: null, images: true }, {
        folder,
        print: (line) => lines.push(line),
        fetchFile: async ({ name }, path) => {
          fetched++;
          assert.equal(name, "cifar-10-binary.tar.gz");
          await Deno.mkdir(join(folder, "cifar10"), { recursive: true });
          await Deno.writeFile(path, tar(files));
        },
      });
    await get();
    await get();
    assert.equal(fetched, 1);
    assert.deepEqual(
      lines,
      Array(2).fill(`CIFAR-10: ${join(folder, "cifar10")}`),
    );
    assert.deepEqual(
      [...Deno.readDirSync(join(folder, "cifar10"))].map(({ name }) => name)
        .sort(),
      [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`).concat(
        "test_batch.bin",
      ),
    );
    delete files["cifar-10-batches-bin/data_batch_3.bin"];
    await assert.rejects(
      unpackCifar10(tar(files), folder),
      /its archive must have data_batch_3.bin, got none/,
    );
  });
});

Deno.test("a folder of images is described by images.json", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(
      openImages(folder),
      /dataset must be one of digits, cifar10 or a folder with images.json/,
    );
    const describe = (size: number) =>
      Deno.writeTextFile(
        join(folder, "images.json"),
        JSON.stringify({ size, channels: 1, classes: 2 }),
      );
    await describe(6);
    await assert.rejects(openImages(folder), /must be a multiple of 4, got 6/);
    await describe(4);
    for (const part of ["train", "validation", "test"]) {
      await Deno.writeFile(
        join(folder, `${part}.bin`),
        new Uint8Array(17 * part.length),
      );
    }
    const { train, test, channels } = await openImages(folder);
    assert.deepEqual([train.labels.length, test.labels.length, channels], [
      5,
      4,
      1,
    ]);
  });
});
