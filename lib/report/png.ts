/**
 * PNG files made small: a chart has few colours, and a browser stores four bytes
 * per pixel all the same.
 *
 * Source: PNG specification, third edition, W3C 2025 (chunks §5, filters §9).
 *
 * @module
 */

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Colours closer than this (Euclidean, 8-bit channels) may become one. */
const COLOR_DISTANCE = 3;

/**
 * Width and height of a PNG, in pixels.
 *
 * @throws {TypeError} If it is not a PNG.
 */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  if (png.length < 33 || SIGNATURE.some((byte, i) => png[i] !== byte)) {
    throw new TypeError(
      "Cannot read the image: it must be a PNG, got another format",
    );
  }
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * Stores an opaque PNG with a palette, at about a third of its size.
 *
 * The frequent colours stay exact; the shades at the edges of lines and letters
 * move by a few levels where there are more than 256. Any other kind of PNG than
 * 8-bit RGB or RGBA without interlacing is returned as it is.
 *
 * @throws {TypeError} If it is not a PNG.
 */
export function shrinkPng(png: Uint8Array): Uint8Array {
  const { width, height } = pngSize(png);
  const [depth, colorType, , , interlaced] = png.subarray(24, 29);
  const channels = colorType === 6 ? 4 : colorType === 2 ? 3 : 0;
  if (depth !== 8 || channels === 0 || interlaced) return png;
  const pixels = readPixels(png, width, height, channels);
  const counts = new Map<number, number>();
  const colors = new Uint32Array(width * height);
  for (let i = 0; i < colors.length; i++) {
    const at = i * channels;
    if (channels === 4 && pixels[at + 3] !== 255) return png;
    const color = pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2];
    colors[i] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const { palette, indexOf } = choosePalette(counts);
  const rows = new Uint8Array(height * (width + 1)); // filter 0 before each row
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 1; x <= width; x++, i++) {
      rows[y * (width + 1) + x] = indexOf.get(colors[i])!;
    }
  }
  const header = Uint8Array.from(png.subarray(16, 29));
  header[9] = 3; // colour type: palette
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk(
      "PLTE",
      Uint8Array.from(
        palette.flatMap((c) => [c >> 16, c >> 8 & 255, c & 255]),
      ),
    ),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array()),
  ];
  const small = concatenate(parts);
  return small.length < png.length ? small : png;
}

/** Undoes compression and filters: `[height × width × channels]`. */
function readPixels(
  png: Uint8Array,
  width: number,
  height: number,
  channels: number,
): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset);
  const packed: Uint8Array[] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (name === "IDAT") packed.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const raw = inflateSync(concatenate(packed));
  const stride = width * channels;
  const pixels = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? pixels[at - channels] : 0;
      const up = y > 0 ? pixels[at - stride] : 0;
      const corner = x >= channels && y > 0
        ? pixels[at - stride - channels]
        : 0;
      const predicted = filter === 0
        ? 0
        : filter === 1
        ? left
        : filter === 2
        ? up
        : filter === 3
        ? (left + up) >> 1
        : paeth(left, up, corner);
      pixels[at] = raw[y * (stride + 1) + 1 + x] + predicted;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** At most 256 colours, the frequent first, and the one that stands for each. */
function choosePalette(
  counts: ReadonlyMap<number, number>,
): { palette: number[]; indexOf: Map<number, number> } {
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).map(([c]) => c);
  const palette: number[] = [];
  const indexOf = new Map<number, number>();
  const nearest = counts.size <= 256 ? 0 : COLOR_DISTANCE ** 2;
  for (const color of frequent) {
    let best = -1;
    let bestDistance = Infinity;
    for (let i = 0; i < palette.length; i++) {
      const distance = squaredDistance(color, palette[i]);
      if (distance < bestDistance) [best, bestDistance] = [i, distance];
    }
    if (bestDistance > nearest && palette.length < 256) {
      best = palette.push(color) - 1;
    }
    indexOf.set(color, best);
  }
  return { palette, indexOf };
}

function squaredDistance(a: number, b: number): number {
  return ((a >> 16) - (b >> 16)) ** 2 +
    ((a >> 8 & 255) - (b >> 8 & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
