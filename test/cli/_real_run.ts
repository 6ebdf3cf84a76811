/**
 * `reproduce` as a person starts it: a process of its own, with all that it starts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readLines } from "../../lib/core/processes.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";

/** A run that has been started, in a process group of its own. */
export interface RealRun {
  readonly pid: number;
  /** Waits for a line of its standard output that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Sends a signal to its process group, as the terminal does. */
  signal(name: "INT" | "HUP" | "KILL"): Promise<void>;
  /** Ids of its process and of all that this has started, once a kernel is among them. */
  started(): Promise<number[]>;
  /** Waits for its end; what it wrote to both streams. */
  end(): Promise<{ code: number; output: string; errors: string }>;
}

/** How a run is started. */
export interface RealRunOptions {
  /** Through `deno task`. */
  readonly task?: boolean;
  /** Another program than `reproduce`, from the project's folder. */
  readonly program?: string;
  readonly env?: Record<string, string>;
  /** Leave the variables of this process out. */
  readonly clearEnv?: boolean;
}

/** Starts `reproduce` with these arguments. */
export function startRun(
  args: readonly string[],
  {
    task = false,
    program = "lib/cli/reproduce.ts",
    env = {},
    clearEnv = false,
  }: RealRunOptions = {},
): RealRun {
  const start = task
    ? ["task", "reproduce"]
    : ["run", "-A", "--no-check", program];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...start, ...args],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1", ...env },
    clearEnv,
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const lines = readLines(child.stdout);
  let output = "";
  const next = async () => {
    const { value, done } = await lines.next();
    if (!done) output += `${value}\n`;
    return done ? null : value;
  };
  return {
    pid: child.pid,
    async line(pattern) {
      for (let line; (line = await next()) !== null;) {
        if (pattern.test(line)) return line;
      }
      return assert.fail(
        `no line ${pattern} in …${output.slice(-2000)}\n${await errors}`,
      );
    },
    async signal(name) {
      await new Deno.Command("kill", {
        args: [`-${name}`, "--", `-${child.pid}`],
      })
        .output();
    },
    async started() {
      const processes = await runningProcesses();
      const all = new Set([child.pid]);
      for (const { id, parent } of processes) if (all.has(parent)) all.add(id);
      const isKernel = ({ id, command }: typeof processes[number]) =>
        all.has(id) && command.includes("jupyter --kernel");
      assert.ok(processes.some(isKernel), "a kernel runs");
      return [...all];
    },
    async end() {
      while (await next() !== null);
      const { code } = await child.status;
      return { code, output, errors: await errors };
    },
  };
}

/** The processes of the machine in the order of their ids, without those that only wait to be looked at. */
async function runningProcesses() {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-A", "-o", "pid=,ppid=,state=,args="],
  }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
    const [id, parent, state, ...command] = line.trim().split(/\s+/);
    return {
      ...{ id: Number(id), parent: Number(parent), state },
      command: command.join(" "),
    };
  }).filter(({ state }) => !state.startsWith("Z"));
}

/** Asserts that some processes end within a few seconds; `from` tells whose they are. */
export async function assertEnded(
  ids: readonly number[],
  from: string,
): Promise<void> {
  const started = performance.now();
  let left: { id: number; command: string }[];
  do {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = (await runningProcesses()).filter(({ id }) => ids.includes(id));
  } while (left.length > 0 && performance.now() - started < 5000);
  assert.deepEqual(left, [], from);
}

/** Arguments of a small run into a folder. */
export const smallRun = (
  folder: string,
) => ["--quick", "--outputs", folder];
