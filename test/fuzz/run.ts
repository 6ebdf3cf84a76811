/**
 * `deno task fuzz`: changes inputs of every format at random and sees what their readers make of
 * them.
 *
 * Right is a value that an oracle accepts, or a named error, within a second and 200 MB.
 * Everything else is a finding: it is printed with its seed and a shortened input, which is
 * also saved, and the exit code is 1.
 *
 * @module
 */

import { join } from "node:path";
import {
  formatSeconds,
  parseOptions,
  wholeNumber,
} from "../../lib/cli/command.ts";
import { inputOf, type Result } from "./child.ts";
import { Session } from "./session.ts";
import type { Case, Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const ACTION = "fuzz";
const DEFAULT_SECONDS = 60;

const HELP = `deno task fuzz [options]

  --seconds N      for all formats together (${DEFAULT_SECONDS}); fixed cases are tried in any case
  --inputs N       of each format at most, the same ones for the same seed
  --seed N         where the changes come from (0)
  --only FORMAT    one of ${TARGETS.map(({ name }) => name).join(", ")}

Findings are printed, with inputs saved in a temporary folder; the exit code is then 1.
`;

/** Inputs per job at the start; a job grows while it takes less than {@link JOB_MS}. */
const FIRST_JOB = 8, JOB_MS = 300;
/** Tries to shorten the input of a finding, and the time for it. */
const SHORTENINGS = 300, SHORTENING_MS = 15_000;
/** Findings of a format that are shortened; further kinds are only counted. */
const MOST_FINDINGS = 20;

/** Inputs that came to one fault. */
export interface Finding {
  readonly target: string;
  /** What is wrong. */
  readonly text: string;
  /** Number of the first, or the name of a case. */
  readonly first: string;
  /** Shortened. */
  readonly input: Uint8Array;
  /** How many there were. */
  count: number;
}

/** What came of the inputs of a format. */
export interface Tally {
  readonly target: string;
  inputs: number;
  accepted: number;
  refused: number;
  /** Longest time and most memory of an input. */
  milliseconds: number;
  bytes: number;
  readonly findings: Finding[];
}

/**
 * Faults that differ in numbers and quoted texts alone are one; so are wrong values and long
 * messages that begin alike.
 */
export function signature(text: string): string {
  const words = /^(?:wrong value|message of)/.test(text) ? 6 : 40;
  return text.split(/\s+/, words).join(" ").replaceAll(
    /"(?:[^"\\]|\\.)*"?|'[^']*'?/g,
    '"…"',
  )
    .replaceAll(/[-+]?\d[\d.,e+-]*|NaN|Infinity/g, "#").slice(0, 160);
}

/**
 * Fuzzes one format.
 *
 * @param module URL of the module that lists the targets, for the processes.
 */
export async function fuzz(
  target: Target,
  { folder, module, seed, milliseconds, most = Infinity }: {
    readonly folder: string;
    readonly module: string;
    readonly seed: number;
    readonly milliseconds: number;
    /** How many inputs at most, beside the fixed cases. */
    readonly most?: number;
  },
): Promise<Tally> {
  const { name } = target;
  const tally: Tally = {
    target: name,
    inputs: 0,
    accepted: 0,
    refused: 0,
    milliseconds: 0,
    bytes: 0,
    findings: [],
  };
  const faults = new Map<string, { result: Result; count: number }>();
  await using session = new Session(folder, module);
  const cases = await session.open(name);
  const started = performance.now();
  const end = cases + most;
  let next = 0, size = cases;
  while (
    next < cases || next < end && performance.now() - started < milliseconds
  ) {
    const begun = performance.now();
    const to = Math.min(next + size, end);
    for await (const result of session.range(name, seed, next, to)) {
      const { outcome } = result;
      tally.inputs++;
      if (outcome.kind !== "fault") tally[outcome.kind]++;
      else {
        const kind = signature(outcome.text);
        const known = faults.get(kind);
        if (known === undefined) faults.set(kind, { result, count: 1 });
        else known.count++;
      }
      tally.milliseconds = Math.max(
        tally.milliseconds,
        result.milliseconds || 0,
      );
      tally.bytes = Math.max(tally.bytes, result.bytes || 0);
    }
    const took = performance.now() - begun;
    size = next < cases ? FIRST_JOB : took < JOB_MS ? 2 * size : size;
    next = tally.inputs;
  }
  if (faults.size === 0) return tally;
  const opened = await target.open(await Deno.makeTempDir({ dir: folder }));
  try {
    for (
      const { result, count } of [...faults.values()].slice(0, MOST_FINDINGS)
    ) {
      const one = inputOf(opened, target, seed, result.index);
      tally.findings.push({
        target: name,
        first: one.name,
        count,
        ...await _shortened(session, name, one, result),
      });
    }
  } finally {
    await opened.close();
  }
  return tally;
}

/** The shortest input found that comes to the same fault. */
async function _shortened(
  session: Session,
  target: string,
  { input, must }: Case,
  { outcome }: Result,
): Promise<{ input: Uint8Array; text: string }> {
  const kind = signature(outcome.text);
  const fails = async (bytes: Uint8Array) => {
    const { outcome } = await session.one(target, bytes, must);
    return outcome.kind === "fault" && signature(outcome.text) === kind;
  };
  if (!await fails(input)) {
    return { input, text: `${outcome.text} (once, not again)` };
  }
  // What is slow or ends the process is slow to shorten, and a case is short as it is.
  const dear = /^(?:a hang|a crash|memory|more than)/.test(outcome.text);
  if (dear || must !== undefined) return { input, text: outcome.text };
  const ends = performance.now() + SHORTENING_MS;
  let bytes = input, tries = 0;
  for (let size = bytes.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < bytes.length;) {
      if (++tries > SHORTENINGS || performance.now() > ends) {
        return { input: bytes, text: outcome.text };
      }
      const shorter = new Uint8Array(
        bytes.length - Math.min(size, bytes.length - at),
      );
      shorter.set(bytes.subarray(0, at));
      shorter.set(bytes.subarray(at + size), at);
      if (await fails(shorter)) bytes = shorter;
      else at += size;
    }
  }
  return { input: bytes, text: outcome.text };
}

/** An input as one line: its text with escapes, cut. */
export function shownInput(input: Uint8Array): string {
  const text = JSON.stringify(new TextDecoder().decode(input.subarray(0, 400)));
  return `${text.slice(0, 300)}${
    text.length > 300 || input.length > 400 ? "…" : ""
  }`;
}

/** Fuzzes targets in turn; prints a line for each, and the findings. Returns how many there are. */
export async function fuzzAll(
  targets: readonly Target[],
  { module, seed, seconds, inputs: most, print = console.log }: {
    readonly module: string;
    readonly seed: number;
    readonly seconds: number;
    /** Of each target at most, beside its fixed cases; by default as many as there is time for. */
    readonly inputs?: number;
    readonly print?: (line: string) => void;
  },
): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "fuzz_" });
  const started = performance.now();
  const findings: Finding[] = [];
  let inputs = 0;
  print(
    `${"format".padEnd(16)}${
      ["inputs", "accepted", "refused", "kinds of fault", "ms", "MB"]
        .map((head) => head.padStart(15)).join("")
    }`,
  );
  for (const target of targets) {
    const tally = await fuzz(target, {
      ...{ folder, module, seed, most },
      milliseconds: 1000 * seconds / targets.length,
    });
    inputs += tally.inputs;
    findings.push(...tally.findings);
    const cells = [
      tally.inputs,
      tally.accepted,
      tally.refused,
      tally.findings.length,
      Math.ceil(tally.milliseconds),
      Math.ceil(tally.bytes / 1e6),
    ].map((cell) => cell.toLocaleString("en-US").padStart(15));
    print(target.name.padEnd(16) + cells.join(""));
  }
  const time = formatSeconds((performance.now() - started) / 1000);
  print(
    `${inputs.toLocaleString("en-US")} inputs in ${time}, seed ${seed}: ${
      findings.length === 0 ? "all is well" : `${findings.length} findings`
    }`,
  );
  if (findings.length === 0) {
    await Deno.remove(folder, { recursive: true });
    return 0;
  }
  const saved = join(folder, "findings");
  await Deno.mkdir(saved);
  for (const [i, { target, first, count, text, input }] of findings.entries()) {
    const path = join(saved, `${i}_${target}`);
    await Deno.writeFile(path, input);
    print(
      `\n${target}, ${first}${
        count > 1 ? ` and ${count - 1} more` : ""
      }: ${text}\n  ${input.length} bytes in ${path}: ${shownInput(input)}`,
    );
  }
  return findings.length;
}

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP.trimEnd());
    return 0;
  }
  const options = parseOptions(args, {
    seconds: { type: "string" },
    inputs: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
  }, ACTION);
  const seconds = wholeNumber(options.seconds, "--seconds", ACTION) ??
    DEFAULT_SECONDS;
  const inputs = wholeNumber(options.inputs, "--inputs", ACTION);
  const seed = wholeNumber(options.seed, "--seed", ACTION) ?? 0;
  const { only } = options;
  const targets = TARGETS.filter(({ name }) =>
    only === undefined || name === only
  );
  if (targets.length === 0) {
    throw new RangeError(
      `Cannot ${ACTION}: --only must be one of ${
        TARGETS.map(({ name }) => name).join(", ")
      }, got ${only}`,
    );
  }
  const module = new URL("./targets.ts", import.meta.url).href;
  return await fuzzAll(targets, { module, seed, seconds, inputs }) === 0
    ? 0
    : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
