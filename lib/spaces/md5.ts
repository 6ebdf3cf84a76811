/**
 * MD5 of short messages that are made of text and of earlier digests.
 *
 * The hashes of NAS-Bench-101 need some twenty million digests of about a hundred
 * bytes; a call of `node:crypto` costs several times as much as the digest itself.
 * Nothing here is for security.
 *
 * Source: RFC 1321.
 *
 * @module
 */

/** Bytes of the longest message: the hash list of 11 nodes, 396 bytes, fits. */
const CAPACITY = 439;
const BLOCK_WORDS = 16;
/** The constants of the 64 steps: `⌊2³² · |sin(i + 1)|⌋`. */
const SINES = Int32Array.from(
  { length: 64 },
  (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0,
);
/** The two hexadecimal digits of each byte as character codes, the first one low. */
const HEX_DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, "0");
  return digits.charCodeAt(0) | digits.charCodeAt(1) << 8;
});

/** Words of a digest in hexadecimal: 32 characters, four to a word. */
export const HEX_WORDS = 8;

/** A message under construction; used again and again, so that nothing is allocated. */
export class Md5Message {
  /** The digest after `finish`, 4 words, their bytes in little-endian order. */
  readonly digest = new Int32Array(4);
  // One word more than the blocks: a digest that is out of step spills into it.
  readonly #words = new Int32Array(7 * BLOCK_WORDS + 1);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  #length = 0;

  /** Starts the next message. */
  clear(): void {
    this.#length = 0;
  }

  /** Appends one ASCII character by its code. */
  appendByte(code: number): void {
    this.#bytes[this.#length++] = code;
  }

  /** Appends ASCII text. */
  appendText(text: string): void {
    for (let i = 0; i < text.length; i++) this.appendByte(text.charCodeAt(i));
  }

  /** Appends the digest in hexadecimal that `writeHex` has put at `hex[from …]`. */
  appendHex(hex: Int32Array, from: number): void {
    const words = this.#words;
    const shift = (this.#length & 3) << 3;
    const at = this.#length >> 2;
    if (shift === 0) {
      for (let i = 0; i < HEX_WORDS; i++) words[at + i] = hex[from + i];
    } else {
      let carry = words[at] & (1 << shift) - 1;
      for (let i = 0; i < HEX_WORDS; i++) {
        const word = hex[from + i];
        words[at + i] = carry | word << shift;
        carry = word >>> 32 - shift;
      }
      words[at + HEX_WORDS] = carry;
    }
    this.#length += 4 * HEX_WORDS;
  }

  /**
   * Computes the digest of what was appended since `clear`.
   *
   * @throws {RangeError} If that is more than 439 bytes.
   */
  finish(): void {
    const words = this.#words, digest = this.digest, length = this.#length;
    if (length > CAPACITY) {
      throw new RangeError(
        `Cannot compute an MD5 digest: the message must have at most ${CAPACITY} bytes, got ${length}`,
      );
    }
    const blocks = (length + 8 >> 6) + 1;
    const end = blocks * BLOCK_WORDS;
    this.#bytes[length] = 0x80;
    // Zeros up to the length in bits, which fills the last two words.
    for (let byte = length + 1; byte & 3; byte++) this.#bytes[byte] = 0;
    for (let i = (length >> 2) + 1; i < end; i++) words[i] = 0;
    words[end - 2] = length << 3;
    digest[0] = 0x67452301;
    digest[1] = 0xefcdab89;
    digest[2] = 0x98badcfe;
    digest[3] = 0x10325476;
    for (let at = 0; at < end; at += BLOCK_WORDS) _block(digest, words, at);
  }

  /** Writes the digest in hexadecimal to `hex[to …]`, 8 words. */
  writeHex(hex: Int32Array, to: number): void {
    for (let i = 0; i < 4; i++) {
      const word = this.digest[i];
      hex[to + 2 * i] = HEX_DIGITS[word & 255] |
        HEX_DIGITS[word >>> 8 & 255] << 16;
      hex[to + 2 * i + 1] = HEX_DIGITS[word >>> 16 & 255] |
        HEX_DIGITS[word >>> 24] << 16;
    }
  }
}

/** The four rounds of RFC 1321, §3.4, on the 16 words from `at` on. */
function _block(digest: Int32Array, words: Int32Array, at: number): void {
  let a = digest[0], b = digest[1], c = digest[2], d = digest[3], t = 0;
  for (let i = 0; i < 16; i += 4) {
    t = a + (d ^ b & (c ^ d)) + SINES[i] + words[at + i] | 0;
    a = b + (t << 7 | t >>> 25) | 0;
    t = d + (c ^ a & (b ^ c)) + SINES[i + 1] + words[at + i + 1] | 0;
    d = a + (t << 12 | t >>> 20) | 0;
    t = c + (b ^ d & (a ^ b)) + SINES[i + 2] + words[at + i + 2] | 0;
    c = d + (t << 17 | t >>> 15) | 0;
    t = b + (a ^ c & (d ^ a)) + SINES[i + 3] + words[at + i + 3] | 0;
    b = c + (t << 22 | t >>> 10) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = a + (c ^ d & (b ^ c)) + SINES[16 + i] + words[at + (5 * i + 1 & 15)] |
      0;
    a = b + (t << 5 | t >>> 27) | 0;
    t = d + (b ^ c & (a ^ b)) + SINES[17 + i] + words[at + (5 * i + 6 & 15)] |
      0;
    d = a + (t << 9 | t >>> 23) | 0;
    t = c + (a ^ b & (d ^ a)) + SINES[18 + i] + words[at + (5 * i + 11 & 15)] |
      0;
    c = d + (t << 14 | t >>> 18) | 0;
    t = b + (d ^ a & (c ^ d)) + SINES[19 + i] + words[at + (5 * i & 15)] | 0;
    b = c + (t << 20 | t >>> 12) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = a + (b ^ c ^ d) + SINES[32 + i] + words[at + (3 * i + 5 & 15)] | 0;
    a = b + (t << 4 | t >>> 28) | 0;
    t = d + (a ^ b ^ c) + SINES[33 + i] + words[at + (3 * i + 8 & 15)] | 0;
    d = a + (t << 11 | t >>> 21) | 0;
    t = c + (d ^ a ^ b) + SINES[34 + i] + words[at + (3 * i + 11 & 15)] | 0;
    c = d + (t << 16 | t >>> 16) | 0;
    t = b + (c ^ d ^ a) + SINES[35 + i] + words[at + (3 * i + 14 & 15)] | 0;
    b = c + (t << 23 | t >>> 9) | 0;
  }
  for (let i = 0; i < 16; i += 4) {
    t = a + (c ^ (b | ~d)) + SINES[48 + i] + words[at + (7 * i & 15)] | 0;
    a = b + (t << 6 | t >>> 26) | 0;
    t = d + (b ^ (a | ~c)) + SINES[49 + i] + words[at + (7 * i + 7 & 15)] | 0;
    d = a + (t << 10 | t >>> 22) | 0;
    t = c + (a ^ (d | ~b)) + SINES[50 + i] + words[at + (7 * i + 14 & 15)] | 0;
    c = d + (t << 15 | t >>> 17) | 0;
    t = b + (d ^ (c | ~a)) + SINES[51 + i] + words[at + (7 * i + 5 & 15)] | 0;
    b = c + (t << 21 | t >>> 11) | 0;
  }
  digest[0] += a;
  digest[1] += b;
  digest[2] += c;
  digest[3] += d;
}
