import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../../lib/core/files.ts";
import {
  readSafetensors,
  writeSafetensors,
} from "../../lib/core/safetensors.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** Runs a test with a folder of its own. */
function withFolder(test: (folder: string) => Promise<void>) {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      await test(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

/** A file from a header, as text or value, and bytes of data. */
async function writeFile(path: string, header: unknown, data: number) {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  await Deno.writeFile(path, bytes);
}

Deno.test("readSafetensors() reads every number format that Python wrote", async () => {
  const { tensors, metadata } = await readSafetensors(
    fixture("t5_dtypes.safetensors"),
  );
  const expected = await readJson<
    Record<string, { shape: number[]; data: number[] }>
  >(fixture("t5_dtypes.json"), "fixture");
  assert.deepEqual(metadata, { purpose: "a test" });
  assert.deepEqual([...tensors.keys()].sort(), Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const tensor = tensors.get(name)!;
    const kind = name.startsWith("i") ? Int32Array : Float32Array;
    assert.ok(tensor.data instanceof kind, name);
    assert.deepEqual(tensor.shape, shape, name);
    assert.deepEqual(tensor.data, kind.from(data), name); // −0 is not 0 here
  }
});

Deno.test("readSafetensors() reads a model that transformers wrote", async () => {
  const { tensors, metadata } = await readSafetensors(
    fixture("t5_tiny/model.safetensors"),
  );
  assert.deepEqual(metadata, { format: "pt" });
  assert.equal(tensors.size, 47);
  assert.deepEqual(tensors.get("shared.weight")!.shape, [32, 16]);
  assert.equal(tensors.get("shared.weight")!.data.length, 512);
});

Deno.test(
  "writeSafetensors() writes the bytes of the format",
  withFolder(async (folder) => {
    const path = join(folder, "new", "a.safetensors");
    const tensors = new Map([
      ["b", { shape: [2], data: Float32Array.of(1, -2) }],
      ["a", { shape: [], data: Float32Array.of(0.5) }],
    ]);
    await writeSafetensors(path, tensors, { step: "3" });
    const header = '{"__metadata__":{"step":"3"},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    assert.deepEqual(
      await Deno.readFile(path),
      Uint8Array.from([
        ...[padded.length, 0, 0, 0, 0, 0, 0, 0],
        ...new TextEncoder().encode(padded),
        ...[0, 0, 0x80, 0x3f], // 1
        ...[0, 0, 0, 0xc0], // −2
        ...[0, 0, 0, 0x3f], // ½
      ]),
    );
  }),
);

Deno.test(
  "readSafetensors() reads back what writeSafetensors() wrote",
  withFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const whole = Float32Array.of(9, NaN, Infinity, -0, 1e-45, 3.4e38, 9);
    const tensors = new Map([
      ["part", { shape: [1, 5], data: whole.subarray(1, 6) }],
      ["empty", { shape: [0, 3], data: new Float32Array() }],
      ["größe", { shape: [], data: Float32Array.of(2) }],
      ["__proto__", { shape: [1], data: Float32Array.of(4) }],
    ]);
    await writeSafetensors(path, tensors);
    const read = await readSafetensors(path);
    assert.deepEqual(read.tensors, tensors);
    assert.deepEqual(read.metadata, { format: "pt" });
  }),
);

Deno.test(
  "readSafetensors() reads data at any offset",
  withFolder(async (folder) => {
    // A header of odd length: no number lies on a multiple of its size.
    for (const spaces of [0, 1, 2, 3]) {
      const path = join(folder, `${spaces}.safetensors`);
      const header = {
        a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
        b: { dtype: "I64", shape: [1], data_offsets: [4, 12] },
        c: { dtype: "BF16", shape: [2], data_offsets: [12, 16] },
      };
      await writeFile(path, JSON.stringify(header) + " ".repeat(spaces), 16);
      const bytes = await Deno.readFile(path);
      // 1 as F32; −2 as I64; −1 and ∞ as BF16
      bytes.set([0, 0, 0x80, 0x3f], bytes.length - 16);
      bytes.set([0xfe, ...new Array(7).fill(0xff)], bytes.length - 12);
      bytes.set([0x80, 0xbf, 0x80, 0x7f], bytes.length - 4);
      await Deno.writeFile(path, bytes);
      const { tensors } = await readSafetensors(path);
      assert.deepEqual(tensors.get("a")!.data, Float32Array.of(1));
      assert.deepEqual(tensors.get("b")!.data, Int32Array.of(-2));
      assert.deepEqual(tensors.get("c")!.data, Float32Array.of(-1, Infinity));
    }
  }),
);

/** A file that the reference reader was given, and what it found; null: it refused it. */
interface Verdict {
  readonly file: string;
  readonly tensors:
    | readonly [name: string, dtype: string, shape: string[], data: string][]
    | null;
}

/** Why a file is refused here that the reference reader takes. */
const STRICTER = [
  // The format forbids these four; the reference reader passes over them.
  /a key must stand once in its object, got "[^"]*" twice$/,
  /must begin with "{", got "( |\\n)"$/,
  /must have no fields but dtype, shape, data_offsets, got /,
  /tensor a must be described by an object, got \["F32",\[1\],\[0,4\]\]$/,
  // These cannot be had as numbers here.
  /must have one of the number formats F32, F16, BF16, I32, I64, got /,
  /must have a shape of whole numbers, got \[0,18446744073709552000(,2)?\]$/,
];

Deno.test(
  "readSafetensors() takes nothing that the reference reader refuses, and finds the same tensors",
  withFolder(async (folder) => {
    const verdicts = await readJson<Verdict[]>(
      fixture("safetensors_verdicts.json"),
      "verdicts",
    );
    assert.ok(verdicts.length > 400);
    const path = join(folder, "a.safetensors");
    const counts = { read: 0, refused: 0 };
    const used = new Set<RegExp>();
    for (const { file, tensors: expected } of verdicts) {
      const bytes = Uint8Array.fromBase64(file);
      await Deno.writeFile(path, bytes);
      const what = new TextDecoder().decode(bytes.subarray(8));
      try {
        const { tensors } = await readSafetensors(path);
        assert.notEqual(expected, null, `read, but refused there: ${what}`);
        assert.deepEqual(
          Array.from(tensors, ([name, { shape }]) => [name, shape.map(String)])
            .sort(),
          expected!.map(([name, , shape]) => [name, shape]).sort(),
        );
        for (const [name, dtype, , data] of expected!) {
          if (dtype !== "F32") continue;
          const { buffer, byteOffset, byteLength } = tensors.get(name)!.data;
          const found = new Uint8Array(buffer, byteOffset, byteLength);
          assert.equal(found.toBase64(), data, what);
        }
        counts.read++;
      } catch (error) {
        const { name, message } = error as Error;
        if (error instanceof assert.AssertionError) throw error;
        assert.ok(["SyntaxError", "RangeError"].includes(name), message);
        assert.ok(message.startsWith(`Cannot read ${path}: `), message);
        assert.ok(message.length < 600, message);
        if (expected !== null) {
          const reason = STRICTER.find((reason) => reason.test(message));
          assert.ok(reason, `refused, but read there: ${what}\n${message}`);
          used.add(reason);
        }
        counts.refused++;
      }
    }
    assert.equal(used.size, STRICTER.length);
    assert.ok(counts.read >= 20 && counts.refused >= 300);
  }),
);

const F32 = (start: number, end: number) => ({
  dtype: "F32",
  shape: [(end - start) / 4],
  data_offsets: [start, end],
});

Deno.test(
  "readSafetensors() names the file, the tensor and what is wrong",
  withFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const cases: [string, unknown, number, string, string | RegExp][] = [
      ["no JSON", "{nonsense", 0, "SyntaxError", /the header must be JSON: /],
      [
        "no object",
        [1],
        0,
        "SyntaxError",
        'the header must be JSON: it must begin with "{", got "["',
      ],
      [
        "metadata",
        { __metadata__: { step: 3 } },
        0,
        "SyntaxError",
        '__metadata__ must map keys to text, got {"step":3}',
      ],
      [
        "no description",
        { w: 1 },
        0,
        "SyntaxError",
        "tensor w must be described by an object, got 1",
      ],
      [
        "unknown format",
        { w: { ...F32(0, 4), dtype: "F8_E4M3" } },
        4,
        "RangeError",
        "tensor w must have one of the number formats F32, F16, BF16, I32, I64, got F8_E4M3",
      ],
      [
        "format of an object",
        { w: { ...F32(0, 4), dtype: "constructor" } },
        4,
        "RangeError",
        /tensor w must have one of the number formats .*, got constructor/,
      ],
      [
        "shape",
        { w: { ...F32(0, 4), shape: [-1] } },
        4,
        "SyntaxError",
        "the header must be JSON: numbers must be whole, in digits alone, got -1",
      ],
      [
        "shape of another kind",
        { w: { ...F32(0, 4), shape: "1" } },
        4,
        "SyntaxError",
        'tensor w must have a shape of whole numbers, got "1"',
      ],
      [
        "offsets",
        { w: { ...F32(0, 4), data_offsets: [4, 0] } },
        4,
        "SyntaxError",
        "tensor w must have a first and a last offset, got [4,0]",
      ],
      [
        "size",
        { w: { ...F32(0, 8), shape: [3] } },
        8,
        "RangeError",
        "tensor w must take 12 bytes for F32 [3], got 8",
      ],
      [
        "truncated data",
        { v: F32(0, 4), w: F32(4, 12) },
        8,
        "RangeError",
        "tensor w must end within the 8 bytes of data, got an end at 12",
      ],
      [
        "overlap",
        { v: F32(0, 8), w: F32(4, 12) },
        12,
        "RangeError",
        "tensor w must begin where the one before it ends, at 8, got 4",
      ],
      [
        "gap",
        { v: F32(0, 4), w: F32(8, 12) },
        12,
        "RangeError",
        "tensor w must begin where the one before it ends, at 4, got 8",
      ],
      [
        "a name twice",
        `{"v":${JSON.stringify(F32(0, 4))},"v":${JSON.stringify(F32(0, 4))}}`,
        4,
        "SyntaxError",
        'the header must be JSON: a key must stand once in its object, got "v" twice',
      ],
      [
        "a surplus field",
        { w: { ...F32(0, 4), x: 1 } },
        4,
        "SyntaxError",
        'tensor w must have no fields but dtype, shape, data_offsets, got "x"',
      ],
      [
        "a space before the header",
        ` {"w":${JSON.stringify(F32(0, 4))}}`,
        4,
        "SyntaxError",
        'the header must be JSON: it must begin with "{", got " "',
      ],
      [
        "a byte-order mark",
        `\ufeff{"w":${JSON.stringify(F32(0, 4))}}`,
        4,
        "SyntaxError",
        /the header must be JSON: it must begin with "{", got "/,
      ],
      [
        "a size with a point",
        '{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}',
        4,
        "SyntaxError",
        "the header must be JSON: numbers must be whole, in digits alone, got 1.0",
      ],
      [
        "a product beyond all numbers",
        {
          w: {
            dtype: "F32",
            shape: [2 ** 40, 2 ** 40, 0],
            data_offsets: [0, 0],
          },
        },
        0,
        "RangeError",
        "tensor w must have a shape whose bytes can be counted, got [1099511627776,1099511627776,0]",
      ],
      [
        "bytes left over",
        { v: F32(0, 4) },
        12,
        "RangeError",
        "the tensors must fill the 12 bytes of data, got 4 bytes",
      ],
    ];
    for (const [what, header, data, name, message] of cases) {
      await writeFile(path, header, data);
      await assert.rejects(readSafetensors(path), (error: Error) => {
        assert.equal(error.name, name, what);
        if (typeof message === "string") {
          assert.equal(error.message, `Cannot read ${path}: ${message}`);
        } else {
          assert.ok(error.message.startsWith(`Cannot read ${path}: `), what);
          assert.match(error.message, message);
        }
        return true;
      });
    }
  }),
);

Deno.test(
  "readSafetensors() refuses a file without its header, or that is not there",
  withFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    await assert.rejects(readSafetensors(path), {
      name: "Error",
      message: /^Cannot read .*a\.safetensors: /,
    });
    await Deno.writeFile(path, new Uint8Array(5));
    await assert.rejects(readSafetensors(path), {
      name: "RangeError",
      message:
        `Cannot read ${path}: it must begin with 8 bytes of header length, got 5 bytes`,
    });
    await Deno.writeFile(path, Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 123));
    await assert.rejects(readSafetensors(path), {
      name: "RangeError",
      message:
        `Cannot read ${path}: the header must end within the file's 9 bytes, got a length of 200`,
    });
    // Refused before anything of that size is looked at.
    await Deno.writeFile(path, Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0));
    await assert.rejects(readSafetensors(path), {
      name: "RangeError",
      message:
        `Cannot read ${path}: the header must have at most 100000000 bytes, got 100000001`,
    });
    const whole = await Deno.readFile(fixture("t5_tiny/model.safetensors"));
    await Deno.writeFile(path, whole.subarray(0, whole.length - 1));
    await assert.rejects(readSafetensors(path), {
      name: "RangeError",
      message:
        /tensor shared\.weight must end within the \d+ bytes of data, got an end at \d+$/,
    });
  }),
);

Deno.test(
  "readSafetensors() refuses an I64 value that does not fit",
  withFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const w = { dtype: "I64", shape: [1], data_offsets: [0, 8] };
    await writeFile(path, { w }, 8);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 4] = 1; // 2³²
    await Deno.writeFile(path, bytes);
    await assert.rejects(readSafetensors(path), {
      name: "RangeError",
      message:
        `Cannot read ${path}: tensor w must have values of 32 bits, got 4294967296`,
    });
  }),
);

Deno.test(
  "writeSafetensors() refuses data that does not fill its shape",
  withFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const write = (name: string, shape: number[]) =>
      writeSafetensors(
        path,
        new Map([[name, { shape, data: Float32Array.of(1) }]]),
      );
    await assert.rejects(write("w", [2, 3]), {
      name: "RangeError",
      message:
        `Cannot write ${path}: tensor w must have as many numbers as its shape [2, 3], got 1`,
    });
    await assert.rejects(write("__metadata__", [1]), {
      name: "RangeError",
      message:
        `Cannot write ${path}: a tensor's name must not be __metadata__, got it`,
    });
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }),
);
