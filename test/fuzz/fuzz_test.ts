import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { withFolder } from "../_helpers.ts";
import { TARGETS as FAULTY } from "./_faulty.ts";
import { inputOf } from "./child.ts";
import { bytesOf, JSON_DOCUMENT, LINES, mutated, textOf } from "./mutations.ts";
import {
  doubleKey,
  fieldsOf,
  framedRecords,
  parseStrictly,
  slowCrc,
} from "./oracles.ts";
import { fuzz, fuzzAll, signature } from "./run.ts";
import { judgedError } from "./target.ts";
import { TARGETS } from "./targets.ts";

const MODULE = new URL("./targets.ts", import.meta.url).href;
const FAULTY_MODULE = new URL("./_faulty.ts", import.meta.url).href;

/** What is found with one of the readers that are wrong. */
const findingsOf = (name: string, milliseconds = 0) =>
  withFolder(async (folder) => {
    const target = FAULTY.find((target) => target.name === name)!;
    return await fuzz(target, {
      ...{ folder, module: FAULTY_MODULE, seed: 0, milliseconds },
    });
  });

Deno.test("fuzz() finds nothing wrong with a reader that is right", async () => {
  const { inputs, accepted, refused, findings } = await findingsOf(
    "right",
    500,
  );
  assert.deepEqual(findings, []);
  assert.equal(accepted + refused, inputs);
  assert.ok(accepted > 3 && refused > 3, `${accepted}, ${refused}`);
});

for (
  const [name, text] of [
    ["wrong value", /^wrong value: 5, another number$/],
    ["unnamed", /^unnamed error: Error: oh/],
    ["native", /^unnamed error: TypeError: Cannot read properties of null/],
    ["wrapped", /^unnamed error within: Error: Cannot read a number: /],
    ["long", /^message of 20\d\d characters: /],
    ["slow", /^more than a second$/],
    ["crash", /^a crash/],
    ["unheard", /^a crash: (?:.|\n)*nobody waits for this/],
  ] as const
) {
  Deno.test(`fuzz() finds a reader at fault: ${name}`, async () => {
    const { findings } = await findingsOf(name);
    assert.equal(findings.length, 1);
    const [{ first, text: found, input }] = findings;
    assert.equal(first, "marked");
    assert.match(found, text);
    const dear = /second|crash/.test(found);
    assert.equal(textOf(input), dear ? "a long text with a ! in it" : "!");
  });
}

Deno.test({
  name: "fuzz() finds a reader that takes more than 200 MB",
  ignore: Deno.build.os !== "linux", // elsewhere the system does not tell
  async fn() {
    const [{ text }] = (await findingsOf("large")).findings;
    // Whether it takes as much again is up to the collector of garbage.
    assert.match(text, /^more than 200 MB/);
  },
});

Deno.test("fuzzAll() prints a line for each format and each finding, with its input", async () => {
  const lines: string[] = [];
  const found = await fuzzAll(
    FAULTY.filter(({ name }) => ["right", "unnamed"].includes(name)),
    {
      module: FAULTY_MODULE,
      seed: 3,
      seconds: 0,
      print: (line) => lines.push(line),
    },
  );
  assert.equal(found, 1);
  const text = lines.join("\n");
  assert.match(text, /^right +3 +2 +1 +0 /m);
  assert.match(text, /^unnamed +3 +2 +0 +1 /m);
  assert.match(text, /^6 inputs in .*, seed 3: 1 findings$/m);
  const [, path] = text.match(
    /unnamed, marked: unnamed error: Error: oh[^]* 1 bytes in (\S+): "!"/,
  )!;
  assert.equal(await Deno.readTextFile(path), "!");
  await Deno.remove(path.replace(/findings.*/, ""), { recursive: true });
});

Deno.test("inputOf() gives the same input for the same seed and number alone", async () => {
  const target = TARGETS.find(({ name }) => name === "settings")!;
  const opened = await target.open("/x");
  const text = (seed: number, index: number) =>
    textOf(inputOf(opened, target, seed, index).input);
  for (let index = 0; index < 50; index++) {
    assert.equal(text(1, index), text(1, index));
  }
  assert.equal(text(0, 0), text(1, 0)); // a case
  assert.notEqual(text(0, 40), text(1, 40));
  assert.notEqual(text(0, 40), text(0, 41));
});

Deno.test("mutated() reaches what is no JSON, JSON of another tree, and keys that stand twice", () => {
  const seed = bytesOf('{"a":[1,{"b":"x"}],"c":null}');
  const kinds = { none: 0, same: 0, other: 0, double: 0 };
  for (let i = 0; i < 2_000; i++) {
    const text = textOf(
      mutated(seed, JSON_DOCUMENT, Random.fromSeed(i)),
    );
    try {
      const value = parseStrictly(text);
      if (doubleKey(value) !== null) kinds.double++;
      else if (text === textOf(seed)) kinds.same++;
      else kinds.other++;
    } catch {
      kinds.none++;
    }
  }
  for (const [kind, count] of Object.entries(kinds)) {
    assert.ok(count > 20 && count < 1_500, `${kind}: ${count}`);
  }
  // Neither an array nor a Buffer, whose slices are views, is changed itself.
  const text = textOf(seed);
  const buffer = Buffer.from(text);
  for (let i = 0; i < 200; i++) {
    mutated(seed, LINES, Random.fromSeed(i));
    mutated(buffer, LINES, Random.fromSeed(i));
  }
  assert.equal(textOf(seed), text);
  assert.equal(buffer.toString(), text);
});

Deno.test("judgedError() takes errors in the project's form alone", () => {
  const kind = (error: unknown) => judgedError(error).kind;
  const long = "x".repeat(1_500);
  assert.equal(
    kind(new RangeError("Cannot read x: it must be y, got z")),
    "refused",
  );
  assert.equal(
    kind(
      new SyntaxError(
        "Cannot read x: it must be JSON: Unexpected token 'a', \"abc\" is not valid JSON",
      ),
    ),
    "refused",
  );
  for (
    const wrong of [
      "Cannot read x: it must be y, got z",
      null,
      new Error("It went wrong"),
      new TypeError("Cannot read properties of undefined (reading 'length')"),
      new RangeError("Invalid array length"),
      new RangeError(`Cannot read x: it must be y, got ${long}`),
      new Error(`Cannot read x: it must be y, got ${"\n".repeat(7)}`),
      new Error("Cannot read x: undefined is not iterable"),
      new Error("Internal: x must be y"),
    ]
  ) assert.equal(kind(wrong), "fault", String(wrong));
});

Deno.test("signature() is one for faults that differ in numbers and quoted texts", () => {
  assert.equal(
    signature('unnamed error: TypeError: "a" of 3 (lib/x.ts:5:7)'),
    signature('unnamed error: TypeError: "bc" of -1e5 (lib/x.ts:5:7)'),
  );
  assert.notEqual(signature("a crash"), signature("a hang"));
});

Deno.test("the oracles read by themselves", () => {
  // RFC 3720, B.4: 32 bytes of zero.
  assert.equal(slowCrc(new Uint8Array(32)), 0x8a9136aa);
  // 8 bytes of length, 4 of checksum, the data, 4 of checksum.
  assert.equal(framedRecords([Uint8Array.of(1, 2)]).length, 18);
  for (
    const text of ["01", "1.", "+1", "[1,]", "{a:1}", '"\n"', "NaN", "1 2", ""]
  ) {
    assert.throws(() => parseStrictly(text), SyntaxError, text);
  }
  assert.equal(doubleKey(parseStrictly('[{"a":{"b":1,"\\u0062":2}}]')), "b");
  assert.equal(doubleKey(parseStrictly('{"a":1,"b":{"a":1}}')), null);
  // Field 1, a double; field 2, three bytes: 0x09 = 1 << 3 | 1, 0x12 = 2 << 3 | 2.
  const message = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 240, 63, 18, 3, 1, 2, 3);
  assert.deepEqual(
    fieldsOf(message)?.map(({ number, bytes }) => [number, bytes.length]),
    [[1, 8], [2, 3]],
  );
  assert.equal(fieldsOf(message.subarray(0, 13)), null);
});

Deno.test("every format: fixed cases, and inputs of a fixed seed, are read or refused as they must", async () => {
  const lines: string[] = [];
  const found = await fuzzAll(TARGETS, {
    module: MODULE,
    seed: 20_260,
    seconds: TARGETS.length / 5,
    print: (line) => lines.push(line),
  });
  assert.equal(found, 0, lines.join("\n"));
});
