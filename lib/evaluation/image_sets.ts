/**
 * Images that cells are trained on, by name or folder.
 *
 *     digits     1,797 handwritten digits of 8 × 8, which come with the project
 *     cifar10    CIFAR-10, once `deno task data --images cifar10` has fetched it
 *     FOLDER     images.json {"size": 32, "channels": 3, "classes": 10} and train.bin,
 *                validation.bin and test.bin, in the same rows as CIFAR-10's
 *
 * @module
 */

import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { accuracyFolders } from "../accuracies/accuracies.ts";
import { exists, readJson, writeFileAtomic } from "../core/files.ts";
import { DATA_FOLDER } from "../core/project.ts";
import {
  type ImageSet,
  readImageRows,
  splitImages,
} from "../models/cell_network/images.ts";
import { ConfigFields } from "../core/config_fields.ts";
import type { PublishedFile } from "../spaces/accuracies.ts";

/** Names of the sets that the project knows. */
export const IMAGE_SETS = ["digits", "cifar10"] as const;

/** CIFAR-10 (Krizhevsky 2009), its binary version. */
export const CIFAR10: PublishedFile = {
  name: "cifar-10-binary.tar.gz",
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  bytes: 170_052_171,
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};

const DIGITS = new URL("examples/digits.bin", import.meta.url);
const DIGITS_SHAPE = { size: 8, channels: 1, classes: 10 };
const CIFAR10_SHAPE = { size: 32, channels: 3, classes: 10 };
/** Images of each set for validation; of the digits as many for tests. */
const DIGITS_HELD_OUT = 300;
const CIFAR10_VALIDATION = 10_000;

const TRAIN_FILES = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`);
const TEST_FILE = "test_batch.bin";

/** Folders of CIFAR-10's files, the first looked at first; the last one is the project's own. */
export function cifar10Folders(own: string = DATA_FOLDER): string[] {
  return accuracyFolders({ name: "cifar10" }, own);
}

/** The folder that has CIFAR-10's files; null if none has. */
export async function hasCifar10(
  folders: readonly string[],
): Promise<string | null> {
  for (const folder of folders) {
    if (await exists(join(folder, TEST_FILE))) return folder;
  }
  return null;
}

/**
 * Opens images.
 *
 * @param name One of {@link IMAGE_SETS}, or a folder.
 * @throws {Error} If they are not there, with what to do, or are not as they must be.
 */
export async function openImages(name: string): Promise<ImageSet> {
  switch (name) {
    case "digits":
      return await _digits();
    case "cifar10":
      return await _cifar10();
    default:
      return await _folder(name);
  }
}

/** Rows are in a random order: the last ones are held out. */
async function _digits(): Promise<ImageSet> {
  const all = readImageRows(
    await Deno.readFile(DIGITS),
    DIGITS_SHAPE,
    "digits.bin",
  );
  const [train, validation, test] = splitImages(all, [
    all.labels.length - 2 * DIGITS_HELD_OUT,
    DIGITS_HELD_OUT,
    DIGITS_HELD_OUT,
  ]);
  return { name: "digits", ...DIGITS_SHAPE, train, validation, test };
}

/** 40,000 images to train on and 10,000 for validation, as NAS-Bench-101 has it. */
async function _cifar10(): Promise<ImageSet> {
  const folders = cifar10Folders();
  const folder = await hasCifar10(folders);
  if (folder === null) {
    throw new Error(
      `Cannot open CIFAR-10: ${
        folders.at(-1)
      } must have its files, got none; run deno task data --images cifar10`,
    );
  }
  const read = async (names: readonly string[]) => {
    const parts = await Promise.all(
      names.map((name) => Deno.readFile(join(folder, name))),
    );
    return readImageRows(
      new Uint8Array(await new Blob(parts).arrayBuffer()),
      CIFAR10_SHAPE,
      join(folder, names[0]),
    );
  };
  const all = await read(TRAIN_FILES);
  const [train, validation] = splitImages(all, [
    all.labels.length - CIFAR10_VALIDATION,
    CIFAR10_VALIDATION,
  ]);
  return {
    name: "cifar10",
    ...CIFAR10_SHAPE,
    ...{ train, validation, test: await read([TEST_FILE]) },
  };
}

async function _folder(name: string): Promise<ImageSet> {
  const folder = resolve(name);
  const described = join(folder, "images.json");
  if (!await exists(described)) {
    throw new Error(
      `Cannot open images: dataset must be one of ${
        IMAGE_SETS.join(", ")
      } or a folder with images.json, got ${name}`,
    );
  }
  const fields = new ConfigFields(
    await readJson(described, "description of images"),
    described,
    "open the images",
  );
  const shape = {
    size: fields.whole("size", [4, 1024]),
    channels: fields.whole("channels", [1, 64]),
    classes: fields.whole("classes", [2, 256]),
  };
  if (shape.size % 4 !== 0) {
    throw new RangeError(
      `Cannot open images: size of ${described} must be a multiple of 4, got ${shape.size}`,
    );
  }
  const read = async (part: string) => {
    const path = join(folder, `${part}.bin`);
    return readImageRows(await Deno.readFile(path), shape, path);
  };
  return {
    name: folder,
    ...shape,
    train: await read("train"),
    validation: await read("validation"),
    test: await read("test"),
  };
}

/** Bytes of a block of a tar archive; a file's header is one. */
const BLOCK = 512;

/**
 * Writes CIFAR-10's files out of their archive, the one that tells that all are there last.
 *
 * @throws {SyntaxError} If a file is not in it.
 */
export async function unpackCifar10(
  archive: Uint8Array,
  folder: string,
): Promise<void> {
  const files = new Map<string, Uint8Array>();
  const tar = gunzipSync(archive);
  const text = (at: number, length: number) =>
    new TextDecoder().decode(tar.subarray(at, at + length)).split("\0")[0];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    const start = at + BLOCK;
    files.set(
      text(at, 100).split("/").at(-1)!,
      tar.subarray(start, start + size),
    );
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  for (const name of [...TRAIN_FILES, TEST_FILE]) {
    const bytes = files.get(name);
    if (bytes === undefined) {
      throw new SyntaxError(
        `Cannot unpack CIFAR-10: its archive must have ${name}, got none`,
      );
    }
    await writeFileAtomic(join(folder, name), bytes);
  }
}
