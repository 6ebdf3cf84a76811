/**
 * CRC-32C (Castagnoli), the checksum of TFRecord files, eight bytes at a time.
 *
 * Source: RFC 3720, appendix B.4, for the polynomial and check values; "slicing by
 * 8" of Kounavis and Berry 2005; the mask is that of TFRecord files.
 *
 * @module
 */

/** The polynomial, lowest bit first. */
const POLYNOMIAL = 0x82f63b78;

/** `TABLES[256 · k + b]`: what byte `b` does to the checksum, `k` zero bytes later. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
    }
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const crc = tables[i - 256];
    tables[i] = crc >>> 8 ^ tables[crc & 255];
  }
  return tables;
}

/**
 * The CRC-32C of bytes `[start, end)`.
 *
 * @returns Whole number in `[0, 2³²)`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * ```
 */
export function crc32c(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): number {
  let crc = -1, i = start;
  for (const last = end - 7; i < last; i += 8) {
    crc = TABLES[1792 | bytes[i] ^ crc & 255] ^
      TABLES[1536 | bytes[i + 1] ^ crc >>> 8 & 255] ^
      TABLES[1280 | bytes[i + 2] ^ crc >>> 16 & 255] ^
      TABLES[1024 | bytes[i + 3] ^ crc >>> 24] ^
      TABLES[768 | bytes[i + 4]] ^
      TABLES[512 | bytes[i + 5]] ^
      TABLES[256 | bytes[i + 6]] ^
      TABLES[bytes[i + 7]];
  }
  for (; i < end; i++) crc = crc >>> 8 ^ TABLES[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

/**
 * A checksum as TFRecord files store it: turned right by 15 bits, plus a constant.
 *
 * @param crc Whole number in `[0, 2³²)`; so is the result.
 */
export function maskedCrc(crc: number): number {
  return (crc >>> 15 | crc << 17) + 0xa282ead8 >>> 0;
}
