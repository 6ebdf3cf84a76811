/**
 * Seeded changes of inputs: of bytes, of lines of text, of the tree of a JSON document.
 *
 * A mutator takes an input and gives a changed copy; what it does hangs on the random numbers
 * alone. Those that know a format leave most of it right, so that a reader gets past its first
 * check; `within` lets one change what lies in a frame, and closes the frame again.
 *
 * @module
 */

import type { Random } from "../../lib/core/random.ts";

/** Gives a changed copy of an input. */
export type Mutator = (input: Uint8Array, random: Random) => Uint8Array;

/** The longest input that is made: growth by repetition ends here. */
const LONGEST = 8 * 2 ** 20;

const ENCODER = new TextEncoder();

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** The text of bytes, a replacement character for what is no UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The JSON of bytes, with a byte-order mark or without. */
// deno-lint-ignore no-explicit-any -- a document of any form
export function jsonOf(bytes: Uint8Array): any {
  return JSON.parse(textOf(bytes).replace(/^\ufeff/, ""));
}

/** One entry of a list. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[random.integer(list.length)];
}

/** Joins pieces, cut where they are longer than inputs may be. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes.subarray(0, LONGEST);
}

/** Applies one to four changes, a single one half of the time. */
export function mutated(
  input: Uint8Array,
  mutators: readonly Mutator[],
  random: Random,
): Uint8Array {
  // A copy, and no Buffer, whose slices are views.
  let bytes = new Uint8Array(input);
  do {
    bytes = new Uint8Array(
      pick(mutators, random)(bytes, random).subarray(0, LONGEST),
    );
  } while (random.integer(2) === 0 && bytes.length < LONGEST);
  return bytes;
}

/**
 * A mutator of what lies in a frame, such as the payload under a checksum.
 *
 * @param open Takes the frame off; null where there is none, and bytes are changed instead.
 */
export function within<Frame>(
  open: (input: Uint8Array) => { content: Uint8Array; frame: Frame } | null,
  mutators: readonly Mutator[],
  close: (content: Uint8Array, frame: Frame) => Uint8Array,
): Mutator {
  return (input, random) => {
    const opened = open(input);
    return opened === null
      ? pick(BYTES, random)(input, random)
      : close(mutated(opened.content, mutators, random), opened.frame);
  };
}

/** Two places of an input, the first not after the second, mostly near each other. */
function range(length: number, random: Random): [number, number] {
  const start = random.integer(length + 1);
  const most = random.integer(4) === 0 ? length : Math.min(16, length);
  return [start, Math.min(length, start + random.integer(most + 1))];
}

/** Numbers that are apt to be mistaken for another: sizes, offsets, counts. */
const WORDS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  1n << 30n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
] as const;

/** Changes of single bytes, ranges and words, for every format. */
export const BYTES: readonly Mutator[] = [
  function flipBit(input, random) {
    if (input.length === 0) return input;
    const bytes = input.slice();
    bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
    return bytes;
  },
  function setByte(input, random) {
    if (input.length === 0) return input;
    const bytes = input.slice();
    bytes[random.integer(bytes.length)] = random.integer(256);
    return bytes;
  },
  function truncate(input, random) {
    return input.slice(0, random.integer(input.length + 1));
  },
  function remove(input, random) {
    const [start, end] = range(input.length, random);
    return joined(input.subarray(0, start), input.subarray(end));
  },
  function repeat(input, random) {
    const [start, end] = range(input.length, random);
    const times = 1 + random.integer(random.integer(8) === 0 ? 200 : 3);
    const piece = input.subarray(start, end);
    return joined(
      input.subarray(0, end),
      ...Array.from({ length: times }, () => piece),
      input.subarray(end),
    );
  },
  function insert(input, random) {
    const [at] = range(input.length, random);
    const piece = Uint8Array.from(
      { length: 1 + random.integer(8) },
      () => random.integer(256),
    );
    return joined(input.subarray(0, at), piece, input.subarray(at));
  },
  function move(input, random) {
    const [start, end] = range(input.length, random);
    const rest = joined(input.subarray(0, start), input.subarray(end));
    const at = random.integer(rest.length + 1);
    return joined(
      rest.subarray(0, at),
      input.subarray(start, end),
      rest.subarray(at),
    );
  },
  function setWord(input, random) {
    const width = pick([2, 4, 8], random);
    if (input.length < width) return input;
    const bytes = input.slice();
    // Headers are at the start: half of the words go there, on a multiple of their width.
    const places = random.integer(2) === 0
      ? Math.min(input.length, 64)
      : input.length;
    const at = random.integer(Math.floor(places / width)) * width;
    let word: bigint = pick(WORDS, random);
    for (let k = 0; k < width; k++, word >>= 8n) {
      bytes[at + k] = Number(word & 0xffn);
    }
    return bytes;
  },
];

/** Pieces of text that readers stumble over. */
const PIECES = [
  "\ufeff",
  "\0",
  "\r",
  "\n",
  "\r\n",
  "\t",
  " ",
  "\u00a0",
  "\u2028",
  "\u202e",
  "é",
  "e\u0301",
  "𝟙",
  "１",
  "\u001b[31m",
  ",",
  ";",
  '"',
  "'",
  "\\",
  "|",
  "~",
  "+",
  "-",
  "--",
  "=",
  "..",
  "/",
  "../",
  "%2e%2e%2f",
  "NaN",
  "nan",
  "Infinity",
  "-Infinity",
  "null",
  "undefined",
  "true",
  "0",
  "-0",
  "-1",
  "+1",
  "1.5",
  "1e3",
  "1e999",
  "1e-400",
  "0x10",
  "0b1",
  "1_000",
  "1,5",
  ".5",
  "5.",
  "007",
  "4294967295",
  "4294967296",
  "9007199254740993",
  "99999999999999999999999999",
  "__proto__",
  "constructor",
  "toString",
  "none",
  "x".repeat(5_000),
];

/** A text that readers stumble over. */
export function oddText(random: Random): string {
  return pick(PIECES, random);
}

/** Changes of the text as such: words, numbers, lines. */
export const TEXT: readonly Mutator[] = [
  function insertPiece(input, random) {
    const [at] = range(input.length, random);
    const piece = bytesOf(oddText(random));
    return joined(input.subarray(0, at), piece, input.subarray(at));
  },
  function replaceWord(input, random) {
    const text = textOf(input);
    const words = [...text.matchAll(/[\w.+-]+/g)];
    if (words.length === 0) return input;
    const { 0: word, index } = pick(words, random);
    const other = random.integer(3) === 0
      ? pick(words, random)[0]
      : oddText(random);
    return bytesOf(
      text.slice(0, index) + other + text.slice(index + word.length),
    );
  },
  function changeCase(input, random) {
    const text = textOf(input);
    const [start, end] = range(text.length, random);
    return bytesOf(
      text.slice(0, start) + text.slice(start, end).toUpperCase() +
        text.slice(end),
    );
  },
  function putFirst(input, random) {
    return joined(bytesOf(pick(["\ufeff", " ", "\n", "\0"], random)), input);
  },
  function changeLines(input, random) {
    const lines = textOf(input).split("\n");
    const at = random.integer(lines.length);
    const other = random.integer(lines.length);
    const line = lines[at];
    const change = random.integer(5);
    if (change === 0) lines.splice(at, 1);
    else if (change === 1) lines.splice(other, 0, line);
    else if (change === 2) [lines[at], lines[other]] = [lines[other], line];
    else if (change === 3) lines[at] = `${line}\r`;
    else lines.splice(at, 0, "");
    return bytesOf(lines.join("\n"));
  },
  function changeColumns(input, random) {
    const lines = textOf(input).split("\n").map((line) => line.split(","));
    const at = random.integer(lines.length);
    const rows = random.integer(2) === 0 ? lines : [lines[at]];
    const [from, to] = [
      random.integer(lines[at].length),
      random.integer(lines[at].length),
    ];
    const change = random.integer(3);
    for (const row of rows) {
      if (change === 0) row.splice(from, 1);
      else if (change === 1) row.splice(to, 0, row[from] ?? "");
      else if (row.length > Math.max(from, to)) {
        [row[from], row[to]] = [row[to], row[from]];
      }
    }
    return bytesOf(lines.map((line) => line.join(",")).join("\n"));
  },
];

/** A JSON document whose objects may hold a key twice and whose scalars are any text. */
type Node = ObjectNode | ArrayNode | RawNode;
interface ObjectNode {
  readonly entries: [string, Node][];
}
interface ArrayNode {
  readonly items: Node[];
}
interface RawNode {
  readonly raw: string;
}

/** Deeper documents, which an earlier change made, are changed byte by byte. */
const DEEPEST = 500;

function nodeOf(value: unknown, depth = 0): Node {
  if (depth > DEEPEST) throw new RangeError(`deeper than ${DEEPEST}`);
  if (Array.isArray(value)) {
    return { items: value.map((item) => nodeOf(item, depth + 1)) };
  }
  if (typeof value === "object" && value !== null) {
    return {
      entries: Object.entries(value).map((
        [key, of],
      ) => [key, nodeOf(of, depth + 1)]),
    };
  }
  return { raw: JSON.stringify(value) };
}

function documentOf(node: Node): string {
  if ("raw" in node) return node.raw;
  if ("items" in node) return `[${node.items.map(documentOf).join(",")}]`;
  return `{${
    node.entries.map(([key, of]) => `${JSON.stringify(key)}:${documentOf(of)}`)
      .join(",")
  }}`;
}

/** Values in the place of another; the last few are no JSON. */
const VALUES = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "-1",
  "1",
  "2",
  "0.5",
  "1.5",
  "1.0",
  "1e3",
  "1e999",
  "-1e999",
  "1e-400",
  "255",
  "256",
  "300",
  "2147483648",
  "4294967296",
  "9007199254740993",
  "1e15",
  "100000",
  '""',
  '"x"',
  '"0"',
  '"NaN"',
  '"\\ud800"',
  '"\\u0000"',
  '"\\u202e"',
  '"../x"',
  '"__proto__"',
  '"constructor"',
  "[]",
  "{}",
  "[[]]",
  "[null]",
  "[0]",
  '{"length":1}',
  '{"__proto__":{}}',
  "NaN",
  "Infinity",
  "0x10",
  "'x'",
  "undefined",
];

/** A value in the place of another. */
function oddValue(random: Random): Node {
  const kind = random.integer(30);
  if (kind === 0) {
    const depth = pick([100, 2_000, 20_000], random);
    return { raw: "[".repeat(depth) + "]".repeat(depth) };
  }
  if (kind === 1) {
    const depth = pick([100, 2_000, 20_000], random);
    return { raw: '{"a":'.repeat(depth) + "0" + "}".repeat(depth) };
  }
  if (kind === 2) return { raw: JSON.stringify(oddText(random)) };
  if (kind === 3) return { raw: `[${"0,".repeat(100_000)}0]` };
  if (kind === 4) return { raw: JSON.stringify("long ".repeat(20_000)) };
  return { raw: pick(VALUES, random) };
}

/** A place of a document: a node and how to put another there. */
interface Place {
  readonly node: Node;
  replace(other: Node): void;
  remove(): void;
  /** A second one beside it, under the same key in an object. */
  double(other: Node): void;
  rename(key: string): void;
}

/** A place at a random depth: down a random way, with a chance to stop at each step. */
function randomPlace(root: { top: Node }, random: Random): Place {
  let place: Place = {
    node: root.top,
    replace: (other) => root.top = other,
    remove: () => root.top = { raw: "null" },
    double: () => root.top = { items: [root.top, root.top] },
    rename: () => {},
  };
  while (random.integer(5) !== 0) {
    const { node } = place;
    if ("raw" in node) break;
    const list = "items" in node ? node.items : node.entries;
    if (list.length === 0) break;
    const at = random.integer(list.length);
    place = "items" in node
      ? {
        node: node.items[at],
        replace: (other) => node.items[at] = other,
        remove: () => node.items.splice(at, 1),
        double: (other) => node.items.splice(at, 0, other),
        rename: () => {},
      }
      : {
        node: node.entries[at][1],
        replace: (other) => node.entries[at][1] = other,
        remove: () => node.entries.splice(at, 1),
        double: (other) =>
          node.entries.splice(at + random.integer(2), 0, [
            node.entries[at][0],
            other,
          ]),
        rename: (key) => node.entries[at][0] = key,
      };
  }
  return place;
}

/** Changes of a JSON document; of what is none, of its bytes. */
export const JSON_TREE: Mutator = (input, random) => {
  let top: Node;
  try {
    top = nodeOf(JSON.parse(textOf(input)));
  } catch {
    return pick(BYTES, random)(input, random);
  }
  const root = { top };
  const place = randomPlace(root, random);
  const { node } = place;
  const change = random.integer(10);
  if (change < 3) place.replace(oddValue(random));
  else if (change === 3) place.remove();
  else if (change === 4) place.double(node);
  else if (change === 5) place.double(oddValue(random));
  else if (change === 6) place.rename(oddText(random));
  else if (change === 7) {
    // A copy: the other can be one that this one lies in.
    place.replace(structuredClone(randomPlace(root, random).node));
  } else if (change === 8) place.replace({ items: [node] });
  else place.replace(_stretched(node, random));
  return bytesOf(documentOf(root.top));
};

/** A number or text a little or much larger; a list with an entry repeated. */
function _stretched(node: Node, random: Random): Node {
  if ("items" in node) {
    if (node.items.length === 0) return node;
    const item = pick(node.items, random);
    const most = Math.floor(1e6 / documentOf(item).length);
    const times = Math.min(pick([1, 10, 1_000], random), most);
    return { items: [...node.items, ...Array(times).fill(item)] };
  }
  if ("entries" in node) return { entries: node.entries.toReversed() };
  const value: unknown = _scalar(node.raw);
  if (typeof value === "number") {
    const factor = pick([-1, 0.5, 1.000001, 10, 1e6, 1e300], random);
    return { raw: String(value * factor) };
  }
  if (typeof value === "string") {
    return {
      raw: JSON.stringify(
        pick(
          [value + oddText(random), oddText(random) + value, value.slice(1)],
          random,
        ),
      ),
    };
  }
  return oddValue(random);
}

function _scalar(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

/** Changes for a JSON document: mostly of its tree, else of its bytes. */
export const JSON_DOCUMENT: readonly Mutator[] = [
  ...Array<Mutator>(20).fill(JSON_TREE),
  ...BYTES,
  ...TEXT.slice(0, 4),
];

/** Changes for a text of lines. */
export const LINES: readonly Mutator[] = [...TEXT, ...TEXT, ...BYTES];
