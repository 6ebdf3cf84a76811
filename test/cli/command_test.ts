import assert from "node:assert/strict";
import {
  formatSeconds,
  parseOptions,
  parseWords,
  wholeNumber,
} from "../../lib/cli/command.ts";

const OPTIONS = {
  seed: { type: "string" },
  quick: { type: "boolean" },
} as const;

Deno.test("parseOptions() reads values and flags", () => {
  const parse = (...args: string[]) => ({
    ...parseOptions(args, OPTIONS, "run"),
  });
  assert.deepEqual(parse("--seed", "3", "--quick"), { seed: "3", quick: true });
  assert.deepEqual(parse("--seed=-3"), { seed: "-3" });
  assert.deepEqual(parse(), {});
});

Deno.test("parseWords() keeps bare words in order, apart from options", () => {
  const { values, words } = parseWords(
    ["a", "--seed", "3", "b"],
    OPTIONS,
    "run",
  );
  assert.deepEqual({ ...values }, { seed: "3" });
  assert.deepEqual(words, ["a", "b"]);
  assert.throws(() => parseWords(["a", "--foo"], OPTIONS, "run"), {
    name: "RangeError",
    message: /^Cannot run: unknown option '--foo'/,
  });
});

Deno.test("parseOptions() names what is wrong and the options there are", () => {
  const wrong: [string[], string][] = [
    [["--foo"], "unknown option '--foo'"],
    [["--seed"], "--seed must be followed by a value"],
    [["--seed", "--quick"], "--seed must be followed by a value"],
    [["--quick=3"], "option '--quick' does not take an argument"],
    [["word"], "unexpected argument 'word'"],
  ];
  for (const [args, what] of wrong) {
    assert.throws(() => parseOptions(args, OPTIONS, "run"), {
      name: "RangeError",
      message: `Cannot run: ${what}; the options are --seed, --quick`,
    });
  }
});

Deno.test("wholeNumber() takes decimal whole numbers only", () => {
  assert.equal(wholeNumber("12", "--n", "run"), 12);
  assert.equal(wholeNumber("-1", "--n", "run"), -1);
  assert.equal(wholeNumber(undefined, "--n", "run"), undefined);
  for (const text of ["", "1.5", "1e3", "0x10", "three", " 1"]) {
    assert.throws(() => wholeNumber(text, "--n", "run"), {
      name: "RangeError",
      message: `Cannot run: --n must be a whole number, got ${text}`,
    });
  }
});

Deno.test("formatSeconds() changes unit at a minute and at an hour", () => {
  assert.equal(formatSeconds(8.24), "8.2 s");
  assert.equal(formatSeconds(60), "1 min 0 s");
  assert.equal(formatSeconds(185.4), "3 min 5 s");
  assert.equal(formatSeconds(3720), "1 h 2 min");
  // Rounded, never to 60 of a unit.
  assert.equal(formatSeconds(59.96), "1 min 0 s");
  assert.equal(formatSeconds(3599.6), "1 h 0 min");
  assert.equal(formatSeconds(7190), "2 h 0 min");
});
