import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { randomPlaces } from "../../lib/language/masking.ts";
import {
  fillExample,
  generateExample,
  maskCodes,
  MASKED,
  readCodes,
  readFill,
  toSentence,
  writtenWords,
} from "../../lib/language/sentences.ts";

/** Reads a text as a sequence of so many codes. */
function read(text: string, length: number) {
  return readCodes(writtenWords(text), { length, codebookSize: 512 });
}

/** Reads a text as what fills the masks of a sequence. */
function fill(masked: ArrayLike<number>, text: string) {
  return readFill(masked, writtenWords(text), { codebookSize: 512 });
}

Deno.test("toSentence() and readCodes() are the paper's sentence", () => {
  const codes = [81, 19, 44, 283, 8, 4, 232];
  assert.equal(toSentence(codes), "81 19 44 283 8 4 232");
  assert.deepEqual(read("81 19 44 283 8 4 232", 7), {
    codes: Int32Array.from(codes),
    malformed: null,
  });
});

Deno.test("readCodes() names what is wrong", () => {
  const reason = (text: string) => read(text, 3).malformed;
  assert.equal(reason("0 511 7"), null);
  assert.equal(reason("  0\n511   7 "), null);
  assert.equal(reason("0 08 7"), null);
  assert.equal(reason("0 512 7"), "number outside the codebook");
  assert.equal(reason("0 -1 7"), "number outside the codebook");
  assert.equal(reason(`0 ${"9".repeat(30)} 7`), "number outside the codebook");
  assert.equal(reason("0 7"), "wrong length");
  assert.equal(reason("0 7 7 7"), "wrong length");
  assert.equal(reason(""), "wrong length");
  assert.equal(reason("0 x 7"), "not a number");
  assert.equal(reason("0 1.5 7"), "not a number");
  assert.equal(reason("0 7 <unk>"), "not a number");
  assert.equal(reason("generate: 0 7"), "not a number");
});

Deno.test("readCodes() names the first reason in its order", () => {
  const reason = (text: string) => read(text, 7).malformed;
  assert.equal(reason("600 x"), "not a number");
  assert.equal(reason("600 1"), "number outside the codebook");
});

Deno.test("generateExample() pairs the prompt with the sentence", () => {
  const { input, target } = generateExample([81, 19, 44]);
  assert.equal(input.join(" "), "generate:");
  assert.equal(target.join(" "), "81 19 44");
});

Deno.test("fillExample() is the paper's example with T5's masks", () => {
  // "fill: 81 36 71 [tok-0] 70 [tok-1] 150" → "[tok-0] 36 [tok-1] 465"
  const codes = [81, 36, 71, 36, 70, 465, 150];
  const { input, target } = fillExample(codes, [5, 3]); // the order is no matter
  assert.equal(
    input.join(" "),
    "fill: 81 36 71 <extra_id_0> 70 <extra_id_1> 150",
  );
  assert.equal(target.join(" "), "<extra_id_0> 36 <extra_id_1> 465");
});

Deno.test("readFill() of an example's own target gives the codes back", () => {
  const rng = Random.fromSeed(1);
  for (let i = 0; i < 200; i++) {
    const codes = Int32Array.from({ length: 8 }, () => rng.integer(512));
    const places = randomPlaces(8, rng);
    const { target } = fillExample(codes, places);
    // T5's decoder writes no space before a mask.
    for (
      const text of [target.join(" "), target.join(" ").replace(" <", "<")]
    ) {
      assert.deepEqual(fill(maskCodes(codes, places), text), {
        codes,
        malformed: null,
      });
    }
  }
});

Deno.test("readFill() names what is wrong", () => {
  const masked = [81, MASKED, 71, MASKED];
  assert.deepEqual(
    fill(masked, "<extra_id_1> 5 <extra_id_0> 6").codes,
    Int32Array.of(81, 6, 71, 5),
  );
  const reason = (text: string) => fill(masked, text).malformed;
  assert.equal(reason("<extra_id_0> 36"), "missing sentinel");
  assert.equal(reason(""), "missing sentinel");
  const whole = "<extra_id_0> 36 <extra_id_1> 465";
  assert.equal(reason(`${whole} <extra_id_2> 7`), "surplus sentinel");
  assert.equal(reason(`${whole} <extra_id_1> 7`), "surplus sentinel");
  assert.equal(reason(`${whole} <extra_id_2>`), "surplus sentinel");
  assert.equal(reason("<extra_id_0> <extra_id_1> 465"), "wrong length");
  assert.equal(reason("<extra_id_0> 36 <extra_id_1>"), "wrong length");
  assert.equal(reason("<extra_id_0> 36 7 <extra_id_1> 465"), "wrong length");
  assert.equal(reason("36 465"), "wrong length");
  assert.equal(reason("<extra_id_0> x <extra_id_1> 465"), "not a number");
  assert.equal(reason("fill: 36"), "not a number");
  assert.equal(
    reason("<extra_id_0> 512 <extra_id_1> 465"),
    "number outside the codebook",
  );
  assert.equal(
    reason("<extra_id_0> -1 <extra_id_1> 465"),
    "number outside the codebook",
  );
});

Deno.test("maskCodes() leaves its argument, and refuses places that are not there", () => {
  const codes = Int32Array.of(1, 2, 3);
  assert.deepEqual(maskCodes(codes, [0]), Int32Array.of(MASKED, 2, 3));
  assert.deepEqual(codes, Int32Array.of(1, 2, 3));
  for (const [places, text] of [[[3], "3"], [[1, 1], "1, 1"], [[-1], "-1"]]) {
    assert.throws(() => maskCodes(codes, places as number[]), {
      name: "RangeError",
      message:
        `Cannot mask codes: places must be distinct and within [0, 3), got [${text}]`,
    });
  }
});
