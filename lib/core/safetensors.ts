/**
 * Weights on disk: the safetensors format, which Hugging Face's libraries share.
 *
 * A file is the header's length (u64, little-endian), the header (JSON: a tensor's
 * name → number format, shape, first and last byte; `__metadata__` → text), and the
 * tensors' bytes, row-major and little-endian, one after the other without gaps.
 *
 * Read: F32, F16 and BF16 to `Float32Array`, I32 and I64 to `Int32Array`. Written:
 * F32 and F16. This machine is taken to be little-endian, as all that Deno runs on are.
 *
 * Read as strictly as the reference reader, and as its format is described: the header is
 * one JSON object from its first byte on, of at most 100 MB, a name stands once in it, and a
 * tensor has no field but its three.
 *
 * Source: github.com/huggingface/safetensors, README, "Format", and `tensor.rs`.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "./files.ts";
import { reasonOf, shown, shownList, shownText } from "./shown.ts";
import { parseStrictJson } from "./strict_json.ts";
import { floats, type HostTensors } from "./tensors.ts";

/** Numbers with a shape; row-major. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  /** By name, in the order of their bytes. */
  readonly tensors: Map<string, StoredTensor>;
  /** Free text by key; empty where the file has none. */
  readonly metadata: Record<string, string>;
}

type NumberFormat = "F32" | "F16" | "BF16" | "I32" | "I64";
const BYTES: Readonly<Record<NumberFormat, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  I32: 4,
  I64: 8,
};

/** Bytes of the longest header, as in the reference reader. */
const LONGEST_HEADER = 100_000_000;
const FIELDS: readonly string[] = ["dtype", "shape", "data_offsets"];

interface Entry {
  readonly name: string;
  readonly format: NumberFormat;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a file of tensors.
 *
 * F32 and I32 data are views of the bytes read where they lie on a multiple of four.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If the header is not the JSON that the format asks for.
 * @throws {RangeError} If the file is too short, a tensor's bytes are not where the
 * header says, its number format is none of those above, or an I64 value does not
 * fit in 32 bits.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const { entries, metadata, dataStart } = readHeader(path, bytes);
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    const data = readData(path, entry, bytes.buffer, dataStart + entry.start);
    tensors.set(entry.name, { shape: entry.shape, data });
  }
  return { tensors, metadata };
}

/**
 * Writes tensors as F32 or F16, whole or not at all.
 *
 * @param tensors By name; the file keeps their order.
 * @param metadata Free text by key. The default is what `transformers` asks of a
 * model's file.
 * @throws {RangeError} If a tensor's data does not fill its shape, or is named
 * `__metadata__`.
 * @throws {Error} If the file cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<
    string,
    {
      readonly shape: readonly number[];
      readonly data: Float32Array | Float16Array;
    }
  >,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  const header: [string, unknown][] = [["__metadata__", metadata]];
  let size = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === "__metadata__") {
      throw new RangeError(
        `Cannot write ${path}: a tensor's name must not be __metadata__, got it`,
      );
    }
    if (data.length !== elementCount(shape)) {
      throw new RangeError(
        `Cannot write ${path}: tensor ${name} must have as many numbers as its shape [${
          shape.join(", ")
        }], got ${data.length}`,
      );
    }
    const offsets = [size, size + data.byteLength];
    const dtype = data instanceof Float32Array ? "F32" : "F16";
    header.push([name, { dtype, shape, data_offsets: offsets }]);
    size = offsets[1];
  }
  const json = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries(header)),
  );
  // Spaces may follow the header; with them the data lie on multiples of eight.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + size).fill(
    " ".charCodeAt(0),
    8,
    8 + headerLength,
  );
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const { data } of tensors.values()) {
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      at,
    );
    at += data.byteLength;
  }
  await writeFileAtomic(path, bytes);
}

/** The header, checked; entries in the order of their bytes. */
function readHeader(path: string, bytes: Uint8Array<ArrayBuffer>) {
  if (bytes.length < 8) {
    throw new RangeError(
      `Cannot read ${path}: it must begin with 8 bytes of header length, got ${bytes.length} bytes`,
    );
  }
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER) {
    throw new RangeError(
      `Cannot read ${path}: the header must have at most ${LONGEST_HEADER} bytes, got ${length}`,
    );
  }
  if (length > bytes.length - 8) {
    throw new RangeError(
      `Cannot read ${path}: the header must end within the file's ${bytes.length} bytes, got a length of ${length}`,
    );
  }
  const dataStart = 8 + length;
  const header = parseHeader(path, bytes.subarray(8, dataStart));
  const { __metadata__: given, ...rest } = header;
  const metadata = given ?? {};
  if (
    !isRecord(metadata) ||
    !Object.values(metadata).every((value) => typeof value === "string")
  ) {
    throw new SyntaxError(
      `Cannot read ${path}: __metadata__ must map keys to text, got ${
        shown(metadata)
      }`,
    );
  }
  const entries = Object.entries(rest)
    .map(([name, value]) => readEntry(path, name, value))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  checkLayout(path, entries, bytes.length - dataStart);
  return { entries, metadata: metadata as Record<string, string>, dataStart };
}

/** The header's JSON, whose only numbers are sizes and offsets. */
function parseHeader(
  path: string,
  bytes: Uint8Array,
): Record<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    if (!text.startsWith("{")) {
      throw new SyntaxError(
        `it must begin with "{", got ${shown(text.slice(0, 1))}`,
      );
    }
    header = parseStrictJson(text, { wholeNumbers: true });
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${path}: the header must be JSON: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  return header as Record<string, unknown>;
}

function readEntry(path: string, name: string, value: unknown): Entry {
  const cannot = `Cannot read ${path}: tensor ${shownText(name)}`;
  if (!isRecord(value)) {
    throw new SyntaxError(
      `${cannot} must be described by an object, got ${shown(value)}`,
    );
  }
  const surplus = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (surplus !== undefined) {
    throw new SyntaxError(
      `${cannot} must have no fields but ${FIELDS.join(", ")}, got ${
        shown(surplus)
      }`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw new RangeError(
      `${cannot} must have one of the number formats ${
        Object.keys(BYTES).join(", ")
      }, got ${typeof dtype === "string" ? shownText(dtype) : shown(dtype)}`,
    );
  }
  if (!isCounts(shape)) {
    throw new SyntaxError(
      `${cannot} must have a shape of whole numbers, got ${shown(shape)}`,
    );
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new SyntaxError(
      `${cannot} must have a first and a last offset, got ${shown(offsets)}`,
    );
  }
  const format = dtype as NumberFormat;
  const [start, end] = offsets;
  const size = byteCount(shape, format);
  if (size === null) {
    throw new RangeError(
      `${cannot} must have a shape whose bytes can be counted, got ${
        shown(shape)
      }`,
    );
  }
  if (end - start !== size) {
    throw new RangeError(
      `${cannot} must take ${size} bytes for ${format} [${
        shownText(shape.join(", "))
      }], got ${end - start}`,
    );
  }
  return { name, format, shape, start, end };
}

/** The tensors must fill the data from the first byte to the last. */
function checkLayout(path: string, entries: readonly Entry[], size: number) {
  let at = 0;
  for (const { name, start, end } of entries) {
    if (end > size) {
      throw new RangeError(
        `Cannot read ${path}: tensor ${
          shownText(name)
        } must end within the ${size} bytes of data, got an end at ${end}`,
      );
    }
    if (start !== at) {
      throw new RangeError(
        `Cannot read ${path}: tensor ${
          shownText(name)
        } must begin where the one before it ends, at ${at}, got ${start}`,
      );
    }
    at = end;
  }
  if (at !== size) {
    throw new RangeError(
      `Cannot read ${path}: the tensors must fill the ${size} bytes of data, got ${at} bytes`,
    );
  }
}

function readData(
  path: string,
  { name, format, shape, start, end }: Entry,
  buffer: ArrayBuffer,
  at: number,
): Float32Array | Int32Array {
  const count = elementCount(shape);
  // A typed array has to begin on a multiple of its number's size.
  const [source, offset] = at % BYTES[format] === 0
    ? [buffer, at]
    : [buffer.slice(at, at + end - start), 0];
  switch (format) {
    case "F32":
      return new Float32Array(source, offset, count);
    case "F16":
      return Float32Array.from(new Float16Array(source, offset, count));
    case "BF16": {
      // The upper half of a float32.
      const upper = new Uint16Array(source, offset, count);
      const bits = Uint32Array.from(upper, (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case "I32":
      return new Int32Array(source, offset, count);
    case "I64":
      return Int32Array.from(
        new BigInt64Array(source, offset, count),
        (value) => {
          if (BigInt.asIntN(32, value) !== value) {
            throw new RangeError(
              `Cannot read ${path}: tensor ${
                shownText(name)
              } must have values of 32 bits, got ${value}`,
            );
          }
          return Number(value);
        },
      );
  }
}

/** Bytes of a tensor; null where a product on the way does not fit a number. */
function byteCount(
  shape: readonly number[],
  format: NumberFormat,
): number | null {
  let count = 1;
  for (const size of [...shape, BYTES[format]]) {
    count *= size;
    if (!Number.isSafeInteger(count)) return null;
  }
  return count;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** Host tensors, all float32, as a safetensors file takes them. */
export function storable(
  tensors: HostTensors,
): Map<string, { shape: readonly number[]; data: Float32Array }> {
  return new Map(
    Object.entries(tensors).map(([name, { shape, data }]) => {
      if (!(data instanceof Float32Array)) {
        throw new TypeError(
          `Cannot store ${name}: it must be float32, got ${data.constructor.name}`,
        );
      }
      return [name, { shape, data }];
    }),
  );
}

/**
 * Reads the weights of a model, all of real numbers, and checks that they are those of its
 * configuration.
 *
 * @param directory Where the model is.
 * @param files Names of the files there that hold its weights.
 * @param expected Shape of each tensor by name.
 * @param optional Shape of tensors that may be there beside them: they are read as well.
 * @returns In the order of the files.
 * @throws {Error} If a file cannot be read.
 * @throws {RangeError} If tensors are missing, surplus, of another shape or type, in two files,
 *   or hold what is no finite number; the first few of them are named.
 */
export async function readWeights(
  directory: string,
  files: readonly string[],
  expected: ReadonlyMap<string, readonly number[]>,
  optional: ReadonlyMap<string, readonly number[]> = new Map(),
): Promise<HostTensors> {
  const weights: HostTensors = {};
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const file of files) {
    const { tensors } = await readSafetensors(join(directory, file));
    for (const [name, { shape, data }] of tensors) {
      const wanted = expected.get(name) ?? optional.get(name);
      if (wanted === undefined) problems.push(`surplus ${name}`);
      else if (seen.has(name)) problems.push(`${name} in two files`);
      else if (`${shape}` !== `${wanted}`) {
        problems.push(
          `${name} of shape [${shownText(shape.join(", "))}] instead of [${
            wanted.join(", ")
          }]`,
        );
      } else if (!(data instanceof Float32Array)) {
        problems.push(`${name} of whole numbers`);
      } else if (!data.every(Number.isFinite)) {
        problems.push(
          `${name} with ${data.find((value) => !Number.isFinite(value))}`,
        );
      } else weights[name] = floats(shape, data);
      seen.add(name);
    }
  }
  for (const name of expected.keys()) {
    if (!seen.has(name)) problems.push(`no ${name}`);
  }
  if (problems.length > 0) {
    throw new RangeError(
      `Cannot read the model ${directory}: its tensors must be those of its config.json, got ${
        shownList(problems)
      }`,
    );
  }
  return weights;
}
