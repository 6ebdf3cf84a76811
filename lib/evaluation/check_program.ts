/**
 * Tries a program that trains cells against the protocol: three cells, one that is none, and a
 * training that is stopped on the way and gone on with.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../core/random.ts";
import { reasonOf } from "../core/shown.ts";
import { type Cell, cellAt, cellOf } from "../spaces/cell.ts";
import { isEnumerated, type SearchSpace } from "../spaces/space.ts";
import { GRACE_SECONDS } from "./backends/backend.ts";
import {
  exitCode,
  lastErrors,
  Output,
  readResult,
  RUN_JOB,
  takeResultOfOutput,
  writeRequest,
} from "./job_folder.ts";
import {
  type EvaluationRequest,
  type EvaluationResult,
  PROTOCOL,
  type Recipe,
  requestCell,
  requestId,
  type TrainedResult,
  type TrainingProgress,
  TRY_AGAIN,
} from "./protocol.ts";

/** Cells that are trained. */
const CELLS = 3;

/** Exit code of a program that did not end by itself. */
const KILLED = 137;

/** Milliseconds between two looks at a program. */
const LOOK_EVERY_MS = 20;

/** One thing that was looked at. */
export interface Finding {
  /** `wrong`: searches suffer from it; `note`: worth knowing. */
  readonly kind: "right" | "wrong" | "note";
  /** In words for a reader. */
  readonly text: string;
}

/** How one start of the program ended. */
interface Attempt {
  readonly code: number;
  /** Null where there is none; an error where it is of no use. */
  readonly result: EvaluationResult | Error | null;
  readonly seconds: number;
  readonly progress: readonly TrainingProgress[];
  /** The last line of standard error. */
  readonly errors: string;
}

/**
 * Tries a program.
 *
 * @param command Program and arguments.
 * @param options `folder`: absolute, for the requests; `cwd`: absolute, that the program runs in,
 *   by default that of this process; `onFinding` is told each finding as it is
 *   made.
 */
export async function checkProgram(
  command: readonly string[],
  { space, recipe, random, folder, cwd, onFinding = () => {} }: {
    readonly space: SearchSpace;
    readonly recipe: Recipe;
    readonly random: Random;
    readonly folder: string;
    readonly cwd?: string;
    readonly onFinding?: (finding: Finding) => void;
  },
): Promise<Finding[]> {
  await space.prepare();
  const findings: Finding[] = [];
  const find = (finding: Finding) => {
    findings.push(finding);
    onFinding(finding);
  };
  const cells = _randomCells(space, random, CELLS);
  const request = (cell: Cell, suffix = "", content?: RequestCell) =>
    _request(space, cell, recipe, { folder, cwd }, suffix, content);
  const trained: { result: TrainedResult; seconds: number }[] = [];
  let hasProgress = false;
  for (const [i, cell] of cells.entries()) {
    const attempt = await _attempt(command, await request(cell));
    const what = `Cell ${i + 1} of ${CELLS}`;
    const wrong = _wrongTraining(attempt);
    if (wrong !== null) find({ kind: "wrong", text: `${what}: ${wrong}` });
    else {
      const result = attempt.result as TrainedResult;
      const { seconds } = attempt;
      trained.push({ result, seconds });
      find({
        kind: "right",
        text: `${what}: validation accuracy ${
          result.validation.toFixed(4)
        }, test accuracy ${result.test?.toFixed(4) ?? "not told"}, ${
          seconds.toFixed(1)
        } s`,
      });
    }
    hasProgress ||= attempt.progress.length > 0;
  }
  if (trained.length < CELLS) return findings;
  find({
    kind: hasProgress ? "right" : "note",
    text: hasProgress
      ? "It tells its progress"
      : 'It prints no progress, so a bar moves by cells alone; {"event":"progress","epoch":1,"epochs":12} on a line of its own is one',
  });
  if (new Set(trained.map(({ result }) => result.validation)).size === 1) {
    find({ kind: "note", text: "The three cells have the same accuracy" });
  }
  const bad = await request(cells[0], "-bad", _badContent(space, cells[0]));
  find(_badCell(await _attempt(command, bad)));
  const toStop = await request(cells[0], "-stop");
  for (const finding of await _tryStop(command, toStop, trained[0])) {
    find(finding);
  }
  return findings;
}

/** Random cells of a space, each once. */
function _randomCells(
  space: SearchSpace,
  random: Random,
  count: number,
): Cell[] {
  const cells = new Map<string, Cell>();
  while (cells.size < count) {
    const cell = space.randomCell !== undefined
      ? cellOf(space, space.randomCell(random))
      : isEnumerated(space)
      ? cellAt(space, random.integer(space.cells().count))
      : null;
    if (cell !== null) cells.set(cell.key, cell);
  }
  return [...cells.values()];
}

/** A cell as a request has it. */
type RequestCell = EvaluationRequest["cell"];

/** A request on disk. */
interface Request {
  readonly folder: string;
  readonly cwd: string | undefined;
  readonly content: Omit<EvaluationRequest, "work_dir" | "checkpoint">;
}

async function _request(
  space: SearchSpace,
  cell: Cell,
  recipe: Recipe,
  { folder, cwd }: { readonly folder: string; readonly cwd?: string },
  suffix: string,
  content: RequestCell = requestCell(space, cell.graph),
): Promise<Request> {
  const id = requestId(space, cell, recipe) + suffix;
  return await _again({
    folder: join(folder, id),
    cwd,
    content: {
      ...{ protocol: PROTOCOL, id, space: space.name, cell: content, recipe },
    },
  });
}

/** Writes a request, with the checkpoint that an attempt has left. */
async function _again(request: Request): Promise<Request> {
  await writeRequest(request.folder, request.content);
  return request;
}

/**
 * Starts the program once.
 *
 * @param stopAfterSeconds When to send it SIGTERM, or earlier with the first progress; null:
 *   never.
 */
async function _attempt(
  command: readonly string[],
  { folder, cwd, content: { id } }: Request,
  stopAfterSeconds: number | null = null,
): Promise<Attempt> {
  const output = await Output.after(folder);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const child = new Deno.Command("sh", {
    args: [RUN_JOB, folder, ...command],
    env: { EVALUATOR_GPU: "0" },
    cwd,
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  let gone = false;
  const ended = child.status.then(() => gone = true);
  const progress: TrainingProgress[] = [];
  let stopped: number | null = null;
  while (!gone) {
    await Promise.race([ended, delay(LOOK_EVERY_MS)]);
    const { progress: told } = await output.look();
    if (told !== null) progress.push(told);
    const isTime = stopAfterSeconds !== null &&
      (progress.length > 0 || seconds() > stopAfterSeconds);
    if (isTime && stopped === null && !gone) {
      stopped = seconds();
      child.kill("SIGTERM");
    }
    if (stopped !== null && seconds() > stopped + GRACE_SECONDS && !gone) {
      child.kill("SIGKILL");
      await ended;
      return {
        ...{ code: KILLED, result: null, seconds: seconds(), progress },
        errors: "",
      };
    }
  }
  await takeResultOfOutput(folder);
  return {
    code: await exitCode(folder) ?? 0,
    result: await readResult(folder, id).catch((error: Error) => error),
    seconds: seconds(),
    progress,
    errors: await lastErrors(folder),
  };
}

/** What is wrong with the training of a cell that is one; null where nothing is. */
function _wrongTraining({ code, result, errors }: Attempt): string | null {
  if (result instanceof Error) return reasonOf(result);
  if (result === null) {
    return `there must be a result, got none and exit code ${code}${
      errors === "" ? "" : `: ${reasonOf(errors)}`
    }`;
  }
  if (result.status === "ok") return null;
  return `it must be trained, got a failure: ${result.reason}: ${
    reasonOf(result.message)
  }`;
}

/** A cell with an operation that no space has. */
function _badContent(space: SearchSpace, { graph }: Cell): RequestCell {
  const { adjacency, operations } = requestCell(space, graph);
  return {
    adjacency,
    operations: (operations as string[]).map((name, node, { length }) =>
      node > 0 && node < length - 1 ? "no_such_operation" : name
    ),
  };
}

function _badCell({ code, result }: Attempt): Finding {
  const rule =
    'a cell with unknown operations has to end as {"status":"failed","reason":"invalid_cell"}';
  if (result instanceof Error) {
    return { kind: "wrong", text: `${rule}, got ${reasonOf(result)}` };
  }
  if (result === null) {
    return code === 0
      ? { kind: "wrong", text: `${rule}, got exit code 0 and no result` }
      : {
        kind: "note",
        text:
          `A cell with unknown operations ends with exit code ${code} and no result, and is tried three times; better ${rule}`,
      };
  }
  if (result.status === "ok") {
    return { kind: "wrong", text: `${rule}, got an accuracy` };
  }
  return result.reason === "invalid_cell" && !result.retryable
    ? { kind: "right", text: "A cell with unknown operations is refused" }
    : {
      kind: "note",
      text:
        `A cell with unknown operations ends as ${result.reason}; better ${rule}`,
    };
}

/** Stops the training of a cell on the way, and goes on with it. */
async function _tryStop(
  command: readonly string[],
  request: Request,
  whole: { readonly result: TrainedResult; readonly seconds: number },
): Promise<Finding[]> {
  const stopped = await _attempt(command, request, whole.seconds / 2);
  if (stopped.code === KILLED) {
    return [{
      kind: "wrong",
      text:
        `After SIGTERM it must end within ${GRACE_SECONDS} s, got no end: save a checkpoint and leave with exit code ${TRY_AGAIN}`,
    }];
  }
  if (stopped.result !== null && !(stopped.result instanceof Error)) {
    return [{
      kind: "note",
      text: "It has finished in spite of SIGTERM, or before it came",
    }];
  }
  const findings: Finding[] = [
    stopped.code === TRY_AGAIN
      ? {
        kind: "right",
        text: `After SIGTERM it leaves with exit code ${TRY_AGAIN}`,
      }
      : {
        kind: "wrong",
        text:
          `After SIGTERM it must leave with exit code ${TRY_AGAIN}, got ${stopped.code}: it counts as a crash when a cluster wants its machine back`,
      },
  ];
  const resumed = await _attempt(command, await _again(request));
  const wrong = _wrongTraining(resumed);
  if (wrong !== null) {
    return [...findings, {
      kind: "wrong",
      text: `Started again after SIGTERM: ${wrong}`,
    }];
  }
  const { validation } = resumed.result as TrainedResult;
  const isSame = validation === whole.result.validation;
  const times = `in ${resumed.seconds.toFixed(1)} s of ${
    whole.seconds.toFixed(1)
  } s`;
  return [...findings, {
    kind: isSame ? "right" : "note",
    text: isSame
      ? `Started again after SIGTERM it has the same accuracy, ${times}`
      : `Started again after SIGTERM it has another accuracy, ${times}: ${
        validation.toFixed(4)
      } instead of ${whole.result.validation.toFixed(4)}`,
  }];
}
