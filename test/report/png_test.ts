import assert from "node:assert/strict";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { pngSize, shrinkPng } from "../../lib/report/png.ts";

/** Bytes of a PNG; `rows` are filter bytes and pixels. */
function png(
  width: number,
  height: number,
  colorType: number,
  rows: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colorType], 8);
  const chunk = (name: string, data: Uint8Array) => {
    const bytes = new Uint8Array(data.length + 12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(name), 4);
    bytes.set(data, 8);
    view.setUint32(
      data.length + 8,
      crc32(bytes.subarray(4, data.length + 8)),
    );
    return [...bytes];
  };
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", deflateSync(rows, { level: 0 })),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

/** Colours of a palette PNG without filters, `[height × width]`, checked chunk by chunk. */
function paletteColors(file: Uint8Array): number[] {
  const { width, height } = pngSize(file);
  const view = new DataView(file.buffer, file.byteOffset);
  const chunks: Record<string, Uint8Array> = {};
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at);
    const body = file.subarray(at + 4, at + 8 + length);
    assert.equal(view.getUint32(at + 8 + length), crc32(body));
    chunks[new TextDecoder().decode(body.subarray(0, 4))] = body.subarray(4);
    at += length + 12;
  }
  const rows = inflateSync(chunks.IDAT);
  assert.equal(rows.length, height * (width + 1));
  const colors: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 1; x <= width; x++) {
      const [r, g, b] = chunks.PLTE.subarray(3 * rows[y * (width + 1) + x]);
      colors.push(r << 16 | g << 8 | b);
    }
  }
  return colors;
}

Deno.test("shrinkPng() undoes each of the five filters", () => {
  // One RGB pixel per column, each row made of the one before by its filter:
  const rows = [
    [0, 10, 20, 30, 40, 50, 60], // none: 10 20 30, 40 50 60
    [1, 1, 2, 3, 4, 5, 6], // left: 1 2 3, 5 7 9
    [2, 1, 1, 1, 2, 2, 2], // up: 2 3 4, 7 9 11
    // average: 1 + ⌊(0+2)/2⌋ = 2, 2 + ⌊3/2⌋ = 3, 3 + ⌊4/2⌋ = 5;
    // 4 + ⌊(2+7)/2⌋ = 8, 5 + ⌊(3+9)/2⌋ = 11, 6 + ⌊(5+11)/2⌋ = 14
    [3, 1, 2, 3, 4, 5, 6],
    // Paeth, first pixel takes up: 3 4 6; then estimates 3+8−2 = 9 → 8 (up),
    // 4+11−3 = 12 → 11, 6+14−5 = 15 → 14: 9 12 15
    [4, 1, 1, 1, 1, 1, 1],
  ];
  const file = png(2, 5, 2, Uint8Array.from(rows.flat()));
  // So small a file cannot shrink: repeated rows make it large enough.
  const padding = Array.from({ length: 200 }, () => [2, 0, 0, 0, 0, 0, 0]);
  const large = png(
    2,
    205,
    2,
    Uint8Array.from([...rows, ...padding].flat()),
  );
  assert.equal(shrinkPng(file), file);
  const small = shrinkPng(large);
  assert.ok(small.length < large.length);
  const hex = (r: number, g: number, b: number) => r << 16 | g << 8 | b;
  assert.deepEqual(paletteColors(small).slice(0, 10), [
    hex(10, 20, 30),
    hex(40, 50, 60),
    hex(1, 2, 3),
    hex(5, 7, 9),
    hex(2, 3, 4),
    hex(7, 9, 11),
    hex(2, 3, 5),
    hex(8, 11, 14),
    hex(3, 4, 6),
    hex(9, 12, 15),
  ]);
});

Deno.test("shrinkPng() keeps frequent colours exact and moves the others little", () => {
  // 1,024 colours once each, and white 4,096 times.
  const colors = [
    ...Array.from({ length: 1024 }, (_, i) => (i % 256) << 16 | (i >> 8) << 4),
    ...Array(4096).fill(0xffffff),
  ];
  const rows = colors.flatMap((c, i) => [
    ...(i % 64 === 0 ? [0] : []),
    ...[c >> 16, c >> 8 & 255, c & 255, 255],
  ]);
  const file = png(64, colors.length / 64, 6, Uint8Array.from(rows));
  const result = paletteColors(shrinkPng(file));
  assert.ok(new Set(result).size <= 256);
  for (const [i, color] of colors.entries()) {
    const moved = Math.max(
      ...[16, 8, 0].map((shift) =>
        Math.abs((color >> shift & 255) - (result[i] >> shift & 255))
      ),
    );
    assert.ok(moved <= (color === 0xffffff ? 0 : 8), `${color}: ${moved}`);
  }
});

Deno.test("shrinkPng() leaves a transparent image and one of another kind alone", () => {
  const transparent = png(1, 1, 6, Uint8Array.from([0, 1, 2, 3, 128]));
  assert.equal(shrinkPng(transparent), transparent);
  const grey = png(1, 1, 0, Uint8Array.from([0, 1]));
  assert.equal(shrinkPng(grey), grey);
});

Deno.test("pngSize() reads width and height, and throws for anything else", () => {
  const file = png(3, 2, 0, new Uint8Array(8));
  assert.deepEqual(pngSize(file), { width: 3, height: 2 });
  assert.throws(() => pngSize(new Uint8Array(100)), {
    name: "TypeError",
    message: "Cannot read the image: it must be a PNG, got another format",
  });
});
