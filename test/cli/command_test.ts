import assert from "node:assert/strict";
import { join } from "node:path";
import {
  existingFile,
  existingFolder,
  formatSeconds,
  parseOptions,
  parseWords,
  wholeNumber,
} from "../../lib/cli/command.ts";
import { readJson } from "../../lib/core/files.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { withFolder } from "../_helpers.ts";

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
  // No option has one dash: what follows an option with a value is that.
  assert.deepEqual(parse("--seed", "-3", "--quick"), {
    seed: "-3",
    quick: true,
  });
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
    [["--quick=-3"], "option '--quick' does not take an argument"],
    [["-5"], "unknown option '-5'"],
    [["word"], "unexpected argument 'word'"],
  ];
  for (const [args, what] of wrong) {
    assert.throws(() => parseOptions(args, OPTIONS, "run"), {
      name: "RangeError",
      message: `Cannot run: ${what}; the options are --seed, --quick, --help`,
    });
  }
});

Deno.test("parseOptions() refuses values that are none", () => {
  const long = "a".repeat(1000);
  const wrong: [string[], string][] = [
    [["--seed="], "--seed must be followed by a value, got an empty one"],
    [["--seed", ""], "--seed must be followed by a value, got an empty one"],
    [["--seed", "  "], "--seed must be followed by a value, got an empty one"],
    [["--seed", "1", "--seed=2"], "--seed must stand once, got it twice"],
    [["--quick", "--quick"], "--quick must stand once, got it twice"],
    [
      [`--seed=${long}`],
      "--seed must have at most 1000 characters, got 1007",
    ],
    [
      ["--seed", long + long],
      "an argument must have at most 1000 characters, got 2000",
    ],
    [
      ["--seed=a\nb"],
      '--seed must hold no control characters, got "--seed=a\\nb"',
    ],
    [
      ["\x1b[2J"],
      'an argument must hold no control characters, got "\\u001b[2J"',
    ],
  ];
  for (const [args, what] of wrong) {
    assert.throws(() => parseOptions(args, OPTIONS, "run"), {
      name: "RangeError",
      message: `Cannot run: ${what}`,
    });
  }
});

Deno.test("existingFolder() and existingFile() tell what is there instead", () =>
  withFolder(async (folder) => {
    const file = join(folder, "a.txt");
    await Deno.writeTextFile(file, "");
    assert.equal(existingFile(file, "--a", "run"), file);
    assert.equal(existingFolder(folder, "--a", "run"), folder);
    assert.equal(
      existingFolder(folder, "--a", "run", { files: ["a.txt"] }),
      folder,
    );
    const wrong: [() => string, string][] = [
      [
        () => existingFile(folder, "--a", "run"),
        `a file, got something else: ${folder}`,
      ],
      [
        () => existingFile(`${file}/b`, "--a", "run"),
        `a file, got nothing at ${file}/b`,
      ],
      [
        () => existingFolder(file, "--a", "run"),
        `a folder, got a file: ${file}`,
      ],
      [
        () => existingFolder(join(folder, "b"), "--a", "run", { files: ["c"] }),
        `a folder with c, got nothing at ${join(folder, "b")}`,
      ],
      [
        () =>
          existingFolder(folder, "--a", "run", { files: ["a.txt", "b", "c"] }),
        `a folder with a.txt, b, c, got ${folder} without b, c`,
      ],
    ];
    for (const [check, rule] of wrong) {
      assert.throws(check, {
        name: "RangeError",
        message: `Cannot run: --a must be ${rule}`,
      });
    }
  }));

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

Deno.test("wholeNumber() names the range that a number is out of", () => {
  assert.equal(wholeNumber("3", "--n", "run", [3, 4]), 3);
  assert.equal(wholeNumber("4", "--n", "run", [3, 4]), 4);
  for (const text of ["2", "5", "-3", "3.0", "9".repeat(400)]) {
    assert.throws(() => wholeNumber(text, "--n", "run", [3, 4]), {
      name: "RangeError",
      message:
        `Cannot run: --n must be a whole number from 3 to 4, got ${text}`,
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

/** Runs a command as a process. */
async function runAsProcess(name: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(PROJECT_ROOT, `lib/cli/${name}.ts`), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("every task that is a command has --help and says what is wrong in one sentence", async () => {
  const { tasks } = await readJson<
    { tasks: Record<string, { command: string }> }
  >(
    join(PROJECT_ROOT, "deno.json"),
    "tasks",
  );
  const commands = Object.entries(tasks)
    .filter(([, { command }]) => command !== undefined)
    .filter(([name, { command }]) => command.endsWith(`lib/cli/${name}.ts`))
    .map(([name]) => name);
  assert.ok(commands.length >= 11, `${commands}`);
  for (const name of commands) {
    const [help, wrong] = await Promise.all([
      // Whatever else there is, wrong or not.
      runAsProcess(name, "--nonsense", "--help"),
      runAsProcess(name, ...name === "lab" ? [] : ["--nonsense"], "word"),
    ]);
    assert.equal(help.code, 0, name);
    assert.match(help.stdout, RegExp(`^deno task ${name}\\b`));
    assert.equal(help.stderr, "");
    assert.equal(wrong.code, 1, name);
    assert.equal(wrong.stdout, "");
    assert.match(wrong.stderr, /^Cannot [^\n]*(?:nonsense|word)[^\n]*\n$/);
  }
});
