/**
 * Two hundred cells, of which one in twenty fails, by each engine, while something is killed:
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
import { engines, killAll, Redis, Slurm } from "./_engines.ts";
import type { ToolSettings } from "./_tool.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const TOOL = path("_tool.ts");
const PROGRAM = path("_table_program.sh");
const WORKER = path("../../lib/cli/worker.ts");

const CELLS = 200;
const PARALLEL = 8;
/** That a training takes. */
const TRAINING_SECONDS = 0.5;
/** As SLURM starts few jobs a second, some run at a time only if they are longer. */
const SLURM_TRAINING_SECONDS = 1;

/** A folder with the table that the program looks up. */
async function prepare(
  folder: string,
): Promise<Record<string, number | string>> {
  const expected: Record<string, number | string> = {};
  let table = "";
  for (let i = 0; i < CELLS; i++) {
    const { key } = cell(7 * i);
    const fails = i % 20 === 9;
    const validation = (i + 1) / (CELLS + 1);
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
  /** Whether trainings run on what is lost, and are begun again. */
  readonly stopsTrainings: boolean;
}

/** Lines of the ledger by what they say, and how often of each training. */
async function ledger(
  folder: string,
  word: string,
): Promise<Map<string, number>> {
  const text = await Deno.readTextFile(join(folder, "ledger"));
  const counts = new Map<string, number>();
  for (const line of text.trim().split("\n")) {
    const [said, id] = line.split(" ");
    if (said === word) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Trainings that run; waits for some. */
async function untilSomeRun(folder: string): Promise<string[]> {
  for (let looks = 0; looks < 100; looks++) {
    const ended = await ledger(folder, "ended");
    const running = [...(await ledger(folder, "begun")).keys()]
      .filter((id) => !ended.has(id));
    if (running.length > 0) return running;
    await delay(100);
  }
  return [];
}

/** Evaluates all cells; in between, after as many answers each, faults happen. */
async function evaluate(
  engine: string,
  folder: string,
  backend: Pick<BackendSettings, "name" | "lookEveryMs" | "queue">,
  faults: readonly Fault[],
  seconds = TRAINING_SECONDS,
): Promise<void> {
  const expected = await prepare(folder);
  const settings: ToolSettings = {
    folder,
    cells: CELLS,
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
  const running: string[][] = [];
  for (let done = false; !done;) {
    const child = start(settings);
    let killed = false;
    for await (const key of readLines(child.stdout)) {
      answered.add(key);
      const fault = faults[running.length];
      const share = CELLS / (faults.length + 1);
      if (fault === undefined || answered.size < share * (running.length + 1)) {
        continue;
      }
      running.push(await untilSomeRun(folder));
      await fault.happen({
        kill: async () => {
          killed = true;
          child.kill("SIGKILL");
          await child.status;
        },
      });
    }
    done = (await child.status).success;
    assert.ok(done || killed, "the tool has failed");
  }
  const took = (performance.now() - started) / 1000;
  const answers = await readJson<typeof expected>(
    join(folder, "answers.json"),
    "answers",
  );
  const begun = await ledger(folder, "begun"),
    ended = await ledger(folder, "ended");
  const lost = CELLS - Object.keys(answers).length;
  const twice = [...ended.values()].filter((count) => count > 1).length;
  console.log(
    `\n${engine}: ${CELLS} cells of ${seconds} s, ${PARALLEL} at a time, in ${
      took.toFixed(0)
    } s`,
  );
  const lines = [
    ["engine", "fault", "ran then", "begun again", "lost", "trained twice"],
    ...faults.map(({ what }, i) => [
      ...[engine, what, `${running[i]?.length}`],
      `${running[i]?.filter((id) => begun.get(id)! > 1).length}`,
      ...["", ""],
    ]),
    [engine, "all of them", "", "", `${lost}`, `${twice}`],
  ];
  for (const [name, fault, ...figures] of lines) {
    console.log(
      `${name.padEnd(8)}${fault.padEnd(44)}${
        figures.map((text) => text.padStart(15)).join("")
      }`,
    );
  }
  assert.deepEqual(answers, expected);
  assert.equal(running.length, faults.length);
  assert.equal(twice, 0);
  for (const [i, { what, stopsTrainings }] of faults.entries()) {
    const again = running[i].filter((id) => begun.get(id)! > 1).length;
    if (!stopsTrainings) assert.equal(again, 0, what);
    else assert.ok(again > 0, what);
  }
  // Nothing was begun again but what a fault had stopped, some begun after it was looked at.
  const again = [...begun.values()].filter((count) => count > 1).length;
  const stopping = faults.filter(({ stopsTrainings }) => stopsTrainings).length;
  assert.ok(again <= PARALLEL * stopping, `${again} were begun again`);
}

/** Kills the programs that run now on jobs of a folder, and the shells around them. */
function killPrograms(jobs: string): Promise<void> {
  return killAll(({ exe, command }) =>
    !exe.endsWith("deno") && command.some((word) => word.includes(jobs))
  );
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
          await slurm.killNode(`${folder}/evaluations/`);
          await delay(2000);
          slurm.node.start();
        },
        stopsTrainings: true,
      }], SLURM_TRAINING_SECONDS);
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
