/**
 * Other ways to the same values: slow and plain readers of JSON, CRC-32C and protocol buffers,
 * written apart from those of `lib/`.
 *
 * @module
 */

/** What a JSON text says, with what `JSON.parse` hides. */
export type StrictValue =
  | { readonly kind: "object"; readonly entries: [string, StrictValue][] }
  | { readonly kind: "array"; readonly items: StrictValue[] }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "word"; readonly value: true | false | null };

/**
 * Parses JSON by RFC 8259.
 *
 * @throws {SyntaxError} At the first character that is wrong, or deeper than 200 levels.
 */
export function parseStrictly(text: string): StrictValue {
  let at = 0;
  const fail = (): never => {
    throw new SyntaxError(`no JSON at character ${at}`);
  };
  const space = () => {
    while (" \t\n\r".includes(text[at] ?? "x")) at++;
  };
  const take = (pattern: RegExp): string => {
    const sticky = new RegExp(pattern.source, "yu");
    sticky.lastIndex = at;
    const found = sticky.exec(text)?.[0] ?? fail();
    at += found.length;
    return found;
  };
  const string = (): string =>
    JSON.parse(
      take(
        /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/u,
      ),
    );
  const list = <T>(end: string, item: () => T): T[] => {
    const items: T[] = [];
    at++;
    space();
    if (text[at] === end) {
      at++;
      return items;
    }
    while (true) {
      items.push(item());
      space();
      if (text[at] === end) {
        at++;
        return items;
      }
      if (text[at] !== ",") fail();
      at++;
    }
  };
  const value = (depth: number): StrictValue => {
    if (depth > 200) fail();
    space();
    const sign = text[at];
    if (sign === "{") {
      const entries = list("}", (): [string, StrictValue] => {
        space();
        const key = string();
        space();
        if (text[at++] !== ":") fail();
        return [key, value(depth + 1)];
      });
      return { kind: "object", entries };
    }
    if (sign === "[") {
      return { kind: "array", items: list("]", () => value(depth + 1)) };
    }
    if (sign === '"') return { kind: "string", value: string() };
    if (/[-\d]/.test(sign ?? "")) {
      return {
        kind: "number",
        text: take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/),
      };
    }
    return { kind: "word", value: JSON.parse(take(/true|false|null/)) };
  };
  const whole = value(0);
  space();
  if (at < text.length) fail();
  return whole;
}

/** The first key that stands twice in an object of a document, or null. */
export function doubleKey(value: StrictValue): string | null {
  if (value.kind === "array") {
    return value.items.map(doubleKey).find((key) => key !== null) ?? null;
  }
  if (value.kind !== "object") return null;
  const seen = new Set<string>();
  for (const [key, of] of value.entries) {
    const below = seen.has(key) ? key : doubleKey(of);
    if (below !== null) return below;
    seen.add(key);
  }
  return null;
}

/** CRC-32C, bit by bit. */
export function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}

/** A checksum as TFRecord files store it. */
export function maskedSlowCrc(bytes: Uint8Array): number {
  const crc = BigInt(slowCrc(bytes));
  return Number(BigInt.asUintN(32, (crc >> 15n | crc << 17n) + 0xa282ead8n));
}

/** Frames records as a TFRecord file, checksums bit by bit. */
export function framedRecords(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    records.reduce((sum, { length }) => sum + length + 16, 0),
  );
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const record of records) {
    view.setBigUint64(at, BigInt(record.length), true);
    view.setUint32(at + 8, maskedSlowCrc(bytes.subarray(at, at + 8)), true);
    bytes.set(record, at + 12);
    at += 12 + record.length;
    view.setUint32(at, maskedSlowCrc(record), true);
    at += 4;
  }
  return bytes;
}

/** A field of a message of protocol buffers. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of the wire types 1 and 5 the bytes, of 2 the content; empty else. */
  readonly bytes: Uint8Array;
}

/**
 * The fields of a message, or null where it is none.
 *
 * Groups, which no message here has, make it none.
 */
export function fieldsOf(message: Uint8Array): Field[] | null {
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= message.length) return NaN;
      const byte = message[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asUintN(64, value));
    }
    return NaN;
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8), wire = tag % 8;
    let size = 0;
    if (wire === 0) {
      if (Number.isNaN(varint())) return null;
    } else if (wire === 1) size = 8;
    else if (wire === 2) size = varint();
    else if (wire === 5) size = 4;
    else return null;
    if (!(number >= 1 && size <= message.length - at)) return null;
    fields.push({ number, wire, bytes: message.subarray(at, at + size) });
    at += size;
  }
  return fields;
}

/** What is wrong with numbers that must be fractions, or null. */
export function notFraction(
  values: ArrayLike<number>,
  what: string,
): string | null {
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0 && values[i] <= 1)) return `${what} of ${values[i]}`;
  }
  return null;
}

/** Whether a number is whole, at least `low` and at most `high`. */
export function isWhole(
  value: unknown,
  low = 0,
  high: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return Number.isInteger(value) && (value as number) >= low &&
    (value as number) <= high;
}
