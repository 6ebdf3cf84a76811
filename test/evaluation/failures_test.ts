/**
 * Two hundred cells (80 with SLURM), of which one in twenty fails, by each engine, while something is killed:
 * none is lost, and none is trained twice but what ran on what was killed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readJson } from "../../lib/core/files.ts";
import { readLines } from "../../lib/core/processes.ts";
import type { BackendSettings } from "../../lib/evaluation/backends/open_backend.ts";
import { requestId } from "../../lib/evaluation/protocol.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";
import { engines, killAll, type Process, Redis, Slurm } from "./_engines.ts";
import type { ToolSettings } from "./_tool.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const TOOL = path("_tool.ts");
const PROGRAM = path("_table_program.sh");
const WORKER = path("../../lib/cli/worker.ts");

const CELLS = 200;
/** The same with SLURM, which starts two a second; 200 took a minute and a half. */
const SLURM_CELLS = 80;
/** Milliseconds after which a start of the tool is given up. */
const LIMIT_MS = 180_000;
const PARALLEL = 8;
/** That a training takes. */
const TRAINING_SECONDS = 0.5;
/** As SLURM starts few jobs a second, some run at a time only if they are longer. */
const SLURM_TRAINING_SECONDS = 1;

/** A folder with the table that the program looks up. */
async function prepare(
  folder: string,
  cells: number,
): Promise<Record<string, number | string>> {
  const expected: Record<string, number | string> = {};
  let table = "";
  for (let i = 0; i < cells; i++) {
    const { key } = cell(7 * i);
    const fails = i % 20 === 9;
    const validation = (i + 1) / (cells + 1);
    expected[key] = fails ? "diverged: as the table says" : validation;
    const id = requestId(SPACE, { key }, { seed: 0 });
    table += `${id} ${fails ? "fails" : validation}\n`;
  }
  await Deno.writeTextFile(join(folder, "table"), table);
  return expected;
}

/** Starts the tool. */
function start(settings: ToolSettings): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", TOOL, JSON.stringify(settings)],
    stdout: "piped",
  }).spawn();
}

/** Something that goes wrong. */
interface Fault {
  readonly what: string;
  readonly happen: (tool: { kill(): Promise<void> }) => Promise<void> | void;
  /** Whether trainings run on what is lost, and are begun again; of faults the last. */
  readonly stopsTrainings: boolean;
}

/** What programs have written down: a word and the id of a training, a line each. */
async function ledger(
  folder: string,
): Promise<{ readonly word: string; readonly id: string }[]> {
  const text = await Deno.readTextFile(join(folder, "ledger"));
  return text.trim().split("\n").map((line) => {
    const [word, id] = line.split(" ");
    return { word, id };
  });
}

/** Waits until trainings run; returns how many, and the length of the ledger. */
async function untilSomeRun(
  folder: string,
): Promise<{ readonly running: number; readonly at: number }> {
  for (let looks = 0; looks < 100; looks++) {
    const lines = await ledger(folder);
    const ended = new Set(
      lines.filter(({ word }) => word === "ended").map(({ id }) => id),
    );
    const running = new Set(lines.map(({ id }) => id)).difference(ended).size;
    if (running > 0) return { running, at: lines.length };
    await delay(100);
  }
  throw new Error("no training was begun for 10 s");
}

/** Evaluates all cells; in between, after as many answers each, faults happen. */
async function evaluate(
  engine: string,
  folder: string,
  backend: Pick<BackendSettings, "name" | "lookEveryMs" | "queue">,
  faults: readonly Fault[],
  { seconds, cells } = { seconds: TRAINING_SECONDS, cells: CELLS },
): Promise<void> {
  const expected = await prepare(folder, cells);
  const settings: ToolSettings = {
    folder,
    cells,
    backend: {
      ...backend,
      command: ["sh", PROGRAM, folder, `${seconds}`, "{request}", "{result}"],
      parallel: PARALLEL,
      heartbeatSeconds: null,
      cwd: folder,
    },
  };
  const started = performance.now();
  const answered = new Set<string>();
  const moments: { readonly running: number; readonly at: number }[] = [];
  for (let done = false; !done;) {
    const child = start(settings);
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    let killed = false;
    for await (const key of readLines(child.stdout)) {
      answered.add(key);
      const fault = faults[moments.length];
      const share = cells / (faults.length + 1);
      if (fault === undefined || answered.size < share * (moments.length + 1)) {
        continue;
      }
      moments.push(await untilSomeRun(folder));
      await fault.happen({
        kill: async () => {
          killed = true;
          child.kill("SIGKILL");
          await child.status;
        },
      });
    }
    done = (await child.status).success;
    clearTimeout(limit);
    assert.ok(done || killed, "the tool has failed, or took too long");
  }
  const took = (performance.now() - started) / 1000;
  const answers = await readJson<typeof expected>(
    join(folder, "answers.json"),
    "answers",
  );
  const lost = cells - Object.keys(answers).length;
  const lines = await ledger(folder);
  const ended = lines.filter(({ word }) => word === "ended");
  const twice = ended.length - new Set(ended.map(({ id }) => id)).size;
  // Of each training that was begun again: after which fault.
  const again = faults.map(() => 0);
  const begun = new Set<string>();
  for (const [at, { word, id }] of lines.entries()) {
    if (word !== "begun") continue;
    if (begun.has(id)) {
      again[moments.findLastIndex((moment) => moment.at <= at)]++;
    }
    begun.add(id);
  }
  console.log(
    `\n${engine}: ${cells} cells of ${seconds} s, ${PARALLEL} at a time, in ${
      took.toFixed(0)
    } s`,
  );
  for (
    const [name, fault, ...figures] of [
      ["engine", "fault", "ran then", "begun again", "lost", "trained twice"],
      ...faults.map(({ what }, i) => [
        ...[engine, what, `${moments[i]?.running}`, `${again[i]}`, "", ""],
      ]),
      [engine, "all of them", "", "", `${lost}`, `${twice}`],
    ]
  ) {
    console.log(
      `${name.padEnd(8)}${fault.padEnd(44)}${
        figures.map((text) => text.padStart(15)).join("")
      }`.trimEnd(),
    );
  }
  assert.deepEqual(answers, expected);
  assert.equal(moments.length, faults.length);
  assert.equal(twice, 0);
  // Nothing is begun again but what a fault has stopped.
  for (const [i, { what, stopsTrainings }] of faults.entries()) {
    if (!stopsTrainings) assert.equal(again[i], 0, what);
    else assert.ok(again[i] > 0 && again[i] <= PARALLEL, what);
  }
}

/** Kills the programs that run now on jobs of a folder, and the shells around them. */
async function killPrograms(jobs: string): Promise<void> {
  const isOne = ({ exe, command }: Process) =>
    !exe.endsWith("deno") && command.some((word) => word.includes(jobs));
  while (await killAll(isOne) === 0) await delay(50);
}

const KILL_TOOL: Fault = {
  what: "kill -9 of the tool",
  happen: (tool) => tool.kill(),
  stopsTrainings: false,
};

const ROOT = await engines();

Deno.test("local: programs and the tool are killed", () =>
  withFolder((folder) =>
    evaluate("local", folder, { name: "local" }, [KILL_TOOL, {
      what: "kill -9 of running programs",
      happen: () => killPrograms(`${folder}/evaluations/`),
      stopsTrainings: true,
    }])
  ));

Deno.test({
  name: "SLURM: the tool, slurmd and the whole machine are killed",
  ignore: ROOT === null,
  fn: () =>
    withFolder(async (folder) => {
      await using slurm = await Slurm.start(ROOT!, join(folder, "slurm"));
      const backend = { name: "slurm", lookEveryMs: 500 } as const;
      await evaluate("SLURM", folder, backend, [KILL_TOOL, {
        what: "kill -9 of slurmd",
        happen: async () => {
          await slurm.node.kill();
          await delay(2000);
          slurm.node.start();
        },
        stopsTrainings: false,
      }, {
        what: "kill -9 of slurmd and all jobs",
        happen: async () => {
          await slurm.killNode();
          await delay(2000);
          slurm.node.start();
        },
        stopsTrainings: true,
      }], { seconds: SLURM_TRAINING_SECONDS, cells: SLURM_CELLS });
    }),
});

/** A worker in a process of its own. */
class WorkerProcess implements AsyncDisposable {
  #child: Deno.ChildProcess | null = null;

  private constructor(readonly redis: Redis, readonly folder: string) {}

  static async start(redis: Redis, folder: string): Promise<WorkerProcess> {
    const worker = new WorkerProcess(redis, folder);
    await worker.again();
    return worker;
  }

  /** Starts it, and waits until it takes jobs. */
  async again(): Promise<void> {
    const command =
      `sh '${PROGRAM}' '${this.folder}' ${TRAINING_SECONDS} {request} {result}`;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-check", "-A", WORKER, "--evaluator", command],
        ...["--queue", this.redis.url, "--parallel", `${PARALLEL / 2}`],
        ...["--folder", join(this.folder, "worker"), "--lock", "2"],
      ],
      stdout: "piped",
    }).spawn();
    const lines = readLines(child.stdout);
    assert.equal((await lines.next()).value, "Waiting for cells to train.");
    this.#child = child;
    // A pipe that nobody reads would stop it.
    Array.fromAsync(lines);
  }

  /** Ends it; without a signal that can be heeded, at once. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return 0;
    child.kill(signal);
    return (await child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

Deno.test({
  name: "BullMQ: the tool, a worker, a whole machine and Redis are killed",
  ignore: ROOT === null,
  fn: () =>
    withFolder(async (folder) => {
      await using redis = await Redis.start(ROOT!, join(folder, "redis"));
      await using first = await WorkerProcess.start(redis, folder);
      await using _second = await WorkerProcess.start(redis, folder);
      const backend = { name: "bullmq", queue: redis.url } as const;
      await evaluate("BullMQ", folder, backend, [KILL_TOOL, {
        what: "kill -9 of a worker",
        happen: async () => {
          await first.kill();
          await delay(1000);
          await first.again();
        },
        stopsTrainings: false,
      }, {
        what: "kill -9 of Redis",
        happen: async () => {
          await redis.server.kill();
          await delay(2000);
          redis.server.start();
        },
        stopsTrainings: false,
      }, {
        what: "kill -9 of a worker and running programs",
        happen: async () => {
          await first.kill();
          await killPrograms(`${folder}/worker/`);
        },
        stopsTrainings: true,
      }]);
    }),
});
