/**
 * TFRecord files: their records one after the other, checksums verified.
 *
 * A record is framed by its length and two checksums, all little-endian:
 *
 *     8 bytes  n, the number of data bytes
 *     4 bytes  masked CRC-32C of these 8 bytes
 *     n bytes  data
 *     4 bytes  masked CRC-32C of the data
 *
 * Source: "TFRecords format details" of the TensorFlow documentation.
 *
 * @module
 */

import { crc32c, maskedCrc } from "./crc32c.ts";

const HEADER_BYTES = 12;
const CRC_BYTES = 4;
/** Refused before it is waited for; records of the benchmarks have some 400 bytes. */
const MAX_DATA_BYTES = 2 ** 20;

/**
 * Reads the records of a TFRecord file.
 *
 * Yields the data of each record, a view on the chunk that it came in. Where the
 * reading ends early, so does that of the chunks.
 *
 * @param chunks The file in chunks of any sizes, such as a `ReadableStream`.
 * @param name What the file is called, for errors.
 * @throws {RangeError} If a checksum is wrong or the file ends within a record; the
 *   message has the record's number, from 0.
 */
export async function* readTfrecords(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, void> {
  let pieces: Uint8Array[] = [], size = 0;
  let needed = HEADER_BYTES;
  let number = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    size += chunk.length;
    // Joined only where a header or a record has become whole: each byte at most twice.
    if (size < needed) continue;
    const bytes = pieces.length === 1 ? chunk : _joined(pieces, size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    needed = HEADER_BYTES;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = _dataLength(bytes, view, at, name, number);
      const data = at + HEADER_BYTES, end = data + length;
      if (bytes.length < end + CRC_BYTES) {
        needed = end + CRC_BYTES - at;
        break;
      }
      _checkCrc("data", bytes, view, data, end, name, number);
      yield bytes.subarray(data, end);
      at = end + CRC_BYTES;
      number++;
    }
    pieces = at < bytes.length ? [bytes.subarray(at)] : [];
    size = bytes.length - at;
  }
  if (size > 0) {
    throw new RangeError(
      `Cannot read ${name}: record ${number} must be complete, got the end of the file after ${size} of its bytes`,
    );
  }
}

/** Data bytes of the record at a position. */
function _dataLength(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  name: string,
  number: number,
): number {
  _checkCrc("length", bytes, view, at, at + 8, name, number);
  const length = view.getUint32(at, true) +
    2 ** 32 * view.getUint32(at + 4, true);
  if (length > MAX_DATA_BYTES) {
    throw new RangeError(
      `Cannot read ${name}: the length of record ${number} must be at most ${MAX_DATA_BYTES} bytes, got ${length}`,
    );
  }
  return length;
}

function _checkCrc(
  what: string,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  name: string,
  number: number,
): void {
  const stored = view.getUint32(end, true);
  const computed = maskedCrc(crc32c(bytes, start, end));
  if (computed === stored) return;
  throw new RangeError(
    `Cannot read ${name}: the checksum of record ${number}'s ${what} must be ${
      _hex(stored)
    }, got ${_hex(computed)}`,
  );
}

function _hex(value: number): string {
  return "0x" + value.toString(16).padStart(8, "0");
}

function _joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
