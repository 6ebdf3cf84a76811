/**
 * What the modules that the page loads import from `node:crypto`, `node:path` and
 * `node:url`, for a browser: the page's import map leads those names here.
 *
 * Hashes are real, since seeds are split by them; paths are there so that modules load,
 * and lead to no file.
 *
 * Source: FIPS 180-4, §6.2 (SHA-256).
 *
 * @module
 */

const BLOCK_BYTES = 64;
const PRIMES = firstPrimes(64);
/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = PRIMES.map((prime) => fractionBits(Math.cbrt(prime)));
/** The same of the square roots of the first 8. */
const INITIAL = PRIMES.slice(0, 8).map((prime) =>
  fractionBits(Math.sqrt(prime))
);

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}

function fractionBits(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
}

function rotate(word: number, bits: number): number {
  return word >>> bits | word << 32 - bits;
}

/** A digest as `node:crypto` gives it, as far as it is read here. */
class Digest extends Uint8Array {
  readInt32LE(offset: number): number {
    return new DataView(this.buffer).getInt32(offset, true);
  }
}

/** The SHA-256 digest of bytes. */
function sha256(bytes: Uint8Array): Digest {
  const blocks = Math.ceil((bytes.length + 9) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(bytes.length));
  const hash = Int32Array.from(INITIAL);
  const words = new Int32Array(64);
  for (let start = 0; start < padded.length; start += BLOCK_BYTES) {
    for (let t = 0; t < 16; t++) words[t] = view.getInt32(start + 4 * t);
    for (let t = 16; t < 64; t++) {
      const before = words[t - 15], last = words[t - 2];
      words[t] = words[t - 16] + words[t - 7] +
        (rotate(before, 7) ^ rotate(before, 18) ^ before >>> 3) +
        (rotate(last, 17) ^ rotate(last, 19) ^ last >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let t = 0; t < 64; t++) {
      const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
          (e & f ^ ~e & g) + ROUND_CONSTANTS[t] + words[t] | 0;
      const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
          (a & b ^ a & c ^ b & c) | 0;
      [h, g, f, e, d, c, b, a] = [
        g,
        f,
        e,
        d + first | 0,
        c,
        b,
        a,
        first + second | 0,
      ];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => hash[i] += word);
  }
  const digest = new Digest(32);
  const out = new DataView(digest.buffer);
  hash.forEach((word, i) => out.setInt32(4 * i, word));
  return digest;
}

/**
 * A hash that is fed piece by piece, as `createHash` of `node:crypto`.
 *
 * @throws {RangeError} If the algorithm is not `sha256`.
 */
export function createHash(algorithm: string) {
  if (algorithm !== "sha256") {
    throw new RangeError(
      `Cannot hash: the algorithm must be sha256, got ${algorithm}`,
    );
  }
  let fed = new Uint8Array();
  const hash = {
    update(content: Uint8Array | string) {
      const piece = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      const both = new Uint8Array(fed.length + piece.length);
      both.set(fed);
      both.set(piece, fed.length);
      fed = both;
      return hash;
    },
    digest(encoding?: "hex"): Digest | string {
      const digest = sha256(fed);
      return encoding === undefined ? digest : Array.from(
        digest,
        (byte) => byte.toString(16).padStart(2, "0"),
      ).join("");
    },
  };
  return hash;
}

/** The path of a URL. */
export function fileURLToPath(url: URL | string): string {
  return new URL(url).pathname;
}

/** Everything before the last slash. */
export function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Everything after the last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Paths with slashes between. */
export function join(...paths: readonly string[]): string {
  return paths.join("/").replaceAll(/\/+/g, "/");
}

/** As {@link join}: there is no working folder. */
export const resolve = join;
