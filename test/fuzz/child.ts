/**
 * The process that inputs are read in: one that hangs, crashes or takes too much memory is
 * ended by `session.ts`, and no other input suffers.
 *
 * It gets a job a line on standard input and writes a result a line to standard output. What
 * readers print there goes to standard error instead.
 *
 * @module
 */

import process from "node:process";
import { readLines } from "../../lib/core/processes.ts";
import { Random } from "../../lib/core/random.ts";
import { mutated, pick } from "./mutations.ts";
import type { Case, OpenTarget, Outcome, Target } from "./target.ts";

/** Milliseconds and bytes that reading an input may take. */
export const TIME_LIMIT_MS = 1_000, MEMORY_LIMIT = 200e6;

/** What is to be done with a target: open it, try inputs of a seed in turn, or try one input. */
export type Job =
  & { readonly target: string }
  & (
    | { readonly open: true }
    | { readonly seed: number; readonly from: number; readonly to: number }
    | { readonly input: string; readonly must?: Case["must"] }
  );

/** What came of one input. */
export interface Result {
  /** Its number; that of an input that was handed over is 0. */
  readonly index: number;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly bytes: number;
}

/** What a line of the child says: the number of cases of an opened target, a result, or that the job is done. */
export type Line = { readonly cases: number } | Result | {
  readonly done: true;
};

/**
 * The input of a number: cases first, then changed seeds, each by its own random numbers.
 *
 * @param name Of the target.
 */
export function inputOf(
  { cases, seeds }: Pick<OpenTarget, "cases" | "seeds">,
  { name, mutators }: Pick<Target, "name" | "mutators">,
  seed: number,
  index: number,
): Case {
  if (index < cases.length) return cases[index];
  const random = Random.fromSeed(seed).split(`${name} ${index}`);
  return {
    name: `input ${index}`,
    input: mutated(pick(seeds, random), mutators, random),
  };
}

/** Resident memory in bytes: now, or at its peak since `resetPeak`; null where the system does not tell. */
function resident(what: "VmRSS" | "VmHWM"): number | null {
  try {
    const text = Deno.readTextFileSync("/proc/self/status");
    const kilobytes = text.match(new RegExp(`^${what}:\\s*(\\d+)`, "m"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

function resetPeak(): void {
  try {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Only Linux has it: elsewhere memory is not measured.
  }
}

/** Reads one input and measures it. */
async function tried(
  target: OpenTarget,
  { input, must }: Case,
): Promise<Omit<Result, "index">> {
  resetPeak();
  const before = resident("VmRSS") ?? 0;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const judge = await target.attempt(input);
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  // On a busy machine a reader waits its turn: what it did itself counts, or all that passed
  // if that is less, as where several threads work.
  const milliseconds = Math.min(wall, (user + system) / 1000);
  const bytes = Math.max(0, (resident("VmHWM") ?? 0) - before);
  let outcome = await judge();
  if (outcome.kind !== "fault") {
    if (milliseconds > TIME_LIMIT_MS) {
      outcome = { kind: "fault", text: "more than a second" };
    } else if (bytes > MEMORY_LIMIT) {
      outcome = { kind: "fault", text: "more than 200 MB" };
    } else if (must === "accept" && outcome.kind === "refused") {
      outcome = {
        kind: "fault",
        text: `refused, and is right: ${outcome.text}`,
      };
    } else if (must === "refuse" && outcome.kind === "accepted") {
      outcome = { kind: "fault", text: "accepted, and is wrong" };
    }
  }
  return { outcome, milliseconds, bytes };
}

/** Serves jobs until standard input ends; a target stays open until another one is asked for. */
export async function serve(
  targets: readonly Target[],
  folder: string,
): Promise<void> {
  const encoder = new TextEncoder();
  const write = (line: Line) => {
    const bytes = encoder.encode(`${JSON.stringify(line)}\n`);
    for (let at = 0; at < bytes.length;) {
      at += Deno.stdout.writeSync(bytes.subarray(at));
    }
  };
  console.log = console.error;
  let target: Target | undefined, opened: OpenTarget | undefined;
  for await (const line of readLines(Deno.stdin.readable)) {
    const job: Job = JSON.parse(line);
    if (target?.name !== job.target || opened === undefined) {
      await opened?.close();
      target = targets.find(({ name }) => name === job.target)!;
      opened = await target.open(await Deno.makeTempDir({ dir: folder }));
    }
    if ("open" in job) write({ cases: opened.cases.length });
    else if ("input" in job) {
      const input = Uint8Array.fromBase64(job.input);
      const one = { name: "", input, must: job.must };
      write({ index: 0, ...await tried(opened, one) });
    } else {
      for (let index = job.from; index < job.to; index++) {
        const one = inputOf(opened, target, job.seed, index);
        write({ index, ...await tried(opened, one) });
      }
    }
    write({ done: true });
  }
  await opened?.close();
}

if (import.meta.main) {
  const [folder, module] = Deno.args;
  const { TARGETS } = await import(module) as { TARGETS: readonly Target[] };
  await serve(TARGETS, folder);
  Deno.exit(0);
}
