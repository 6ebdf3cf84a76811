/**
 * The protocol between a search and a program that trains cells: one process, one cell, one
 * seed. `PROTOCOL.md` beside this file tells it to the authors of such programs, and
 * `protocol.schema.json` has its documents as a JSON schema.
 *
 * @module
 */

import { sha256 } from "../core/files.ts";
import { runKey } from "../core/keys.ts";
import { shown, shownText } from "../core/shown.ts";
import { parseStrictJson } from "../core/strict_json.ts";
import type { Cell } from "../spaces/cell.ts";
import type { Graph } from "../spaces/graph.ts";
import { getNotation } from "../spaces/notations.ts";
import type { SearchSpace } from "../spaces/space.ts";

/** Version of the protocol. */
export const PROTOCOL = 1;

/** Exit code of a program that has stopped on the way and is to be started again: EX_TEMPFAIL. */
export const TRY_AGAIN = 75;

/** How cells are trained: free fields, which the program knows. */
export interface Recipe {
  /** Of all randomness of the training. */
  readonly seed: number;
  /** Seconds that one training may take; missing where there is no limit. */
  readonly budget_s?: number;
  readonly [field: string]: unknown;
}

/** What a program is asked for. */
export interface EvaluationRequest {
  readonly protocol: typeof PROTOCOL;
  /** Of cell, recipe and seed: what is asked again has the same one. */
  readonly id: string;
  /** Name of the search space. */
  readonly space: string;
  /**
   * `adjacency` and `operations`, as NAS-Bench-101's ModelSpec has them, and the cell in the
   * notations of the space by their names, such as `arch`.
   */
  readonly cell: Readonly<Record<string, unknown>>;
  readonly recipe: Recipe;
  /** A folder for files of the training, the same in each attempt. */
  readonly work_dir: string;
  /** The file `checkpoint` of that folder, where an earlier attempt left it; else null. */
  readonly checkpoint: string | null;
}

/** Why a cell has no accuracy. */
export const FAILURE_REASONS = [
  "oom",
  "diverged",
  "invalid_cell",
  "timeout",
  "error",
] as const;

/** One of {@link FAILURE_REASONS}. */
export type FailureReason = typeof FAILURE_REASONS[number];

/** A cell was trained. */
export interface TrainedResult {
  readonly status: "ok";
  readonly id: string;
  /** Fractions. */
  readonly validation: number;
  /** For reports alone: no search sees it. Null where the program tells none. */
  readonly test: number | null;
  /** That the training took, by the program's own account; null where it tells none. */
  readonly seconds: number | null;
  /** Trainable numbers of the network; null where the program tells none. */
  readonly parameters: number | null;
}

/** A cell was not trained. */
export interface FailedResult {
  readonly status: "failed";
  readonly id: string;
  readonly reason: FailureReason;
  readonly message: string;
  /** Whether another attempt could succeed. */
  readonly retryable: boolean;
}

/** What came of a request. */
export type EvaluationResult = TrainedResult | FailedResult;

/** How far a training is; a line of the program's standard output. */
export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
}

/** Identity of a recipe, without the seed of its training. */
export function recipeKey({ seed: _, ...rest }: Recipe): string {
  const sorted = Object.keys(rest).sort().map((name) => [name, rest[name]]);
  return runKey({ recipe: sorted }).slice(0, 8);
}

/** Name of what is asked: the same for the same cell, recipe and seed. */
export function requestId(
  { name }: Pick<SearchSpace, "name">,
  { key }: Pick<Cell, "key">,
  recipe: Recipe,
): string {
  const cell = /^[0-9a-z]{1,32}$/.test(key) ? key : sha256(key).slice(0, 32);
  return `${name}-${cell}-${recipeKey(recipe)}-s${recipe.seed}`;
}

/** A cell as a request has it. */
export function requestCell(
  space: SearchSpace,
  graph: Graph,
): Record<string, unknown> {
  const { matrix, ops } = getNotation(space, "matrix").write!(graph) as Record<
    string,
    unknown
  >;
  return {
    adjacency: matrix,
    operations: ops,
    ...Object.fromEntries(
      (space.notations ?? []).flatMap(({ name, write }) =>
        write === undefined ? [] : [[name, write(graph)]]
      ),
    ),
  };
}

/**
 * Checks a recipe.
 *
 * @param where It was read, for the error.
 * @throws {SyntaxError} If it is no recipe.
 */
export function parseRecipe(value: unknown, where: string): Recipe {
  const fail = (name: string, rule: string, got: unknown): never => {
    throw new SyntaxError(
      `Cannot read the recipe: ${name} of ${where} must be ${rule}, got ${
        got === undefined ? "none" : shown(got)
      }`,
    );
  };
  if (!_isObject(value)) return fail("the content", "a JSON object", value);
  const { seed, budget_s = null } = value;
  if (!(Number.isSafeInteger(seed) && seed as number >= 0)) {
    fail("seed", "a whole number from 0 on", seed);
  }
  if (budget_s !== null && !(typeof budget_s === "number" && budget_s > 0)) {
    fail("budget_s", "a number of seconds above 0", budget_s);
  }
  return value as Recipe;
}

/**
 * Reads a request, as a program that trains cells gets it.
 *
 * Fields that the protocol does not have are passed over.
 *
 * @param where Of the text, for the error.
 * @throws {SyntaxError} If it is no request.
 */
export function parseRequest(text: string, where: string): EvaluationRequest {
  const { fields, fail } = _object(text, "request", where);
  const { protocol, id, space, cell, recipe, work_dir, checkpoint = null } =
    fields;
  if (protocol !== PROTOCOL) fail("protocol", `${PROTOCOL}`, protocol);
  if (typeof id !== "string") fail("id", "a text", id);
  if (typeof space !== "string") fail("space", "a text", space);
  if (!_isObject(cell)) fail("cell", "an object", cell);
  if (!_isObject(recipe)) fail("recipe", "an object", recipe);
  parseRecipe(recipe, `recipe of ${where}`);
  const { adjacency, operations } = cell as Record<string, unknown>;
  if (
    !Array.isArray(adjacency) ||
    !adjacency.every((row) =>
      Array.isArray(row) && row.every((bit) => bit === 0 || bit === 1)
    )
  ) fail("cell.adjacency", "rows of 0 and 1", adjacency);
  if (
    !Array.isArray(operations) ||
    !operations.every((name) => typeof name === "string")
  ) fail("cell.operations", "a list of names", operations);
  if (typeof work_dir !== "string") fail("work_dir", "a folder", work_dir);
  if (checkpoint !== null && typeof checkpoint !== "string") {
    fail("checkpoint", "a file or null", checkpoint);
  }
  return fields as unknown as EvaluationRequest;
}

/**
 * Reads a result.
 *
 * Fields that the protocol does not have are passed over.
 *
 * @param id Of the request that it has to be of.
 * @param where Of the text, for the error.
 * @throws {SyntaxError} If it is no result, or of another request.
 */
export function parseResult(
  text: string,
  id: string,
  where: string,
): EvaluationResult {
  const { fields, fail } = _object(text, "result", where);
  if (fields.protocol !== PROTOCOL) {
    fail("protocol", `${PROTOCOL}`, fields.protocol);
  }
  if (fields.id !== id) fail("id", shownText(id), fields.id);
  if (fields.status === "failed") {
    const { reason, message = "", retryable = false } = fields;
    if (!FAILURE_REASONS.some((known) => known === reason)) {
      fail("reason", FAILURE_REASONS.join(", "), reason);
    }
    if (typeof message !== "string") fail("message", "a text", message);
    if (typeof retryable !== "boolean") {
      fail("retryable", "true or false", retryable);
    }
    return {
      status: "failed",
      id,
      reason: reason as FailureReason,
      message: message as string,
      retryable: retryable as boolean,
    };
  }
  if (fields.status !== "ok") fail("status", "ok or failed", fields.status);
  const number = (name: string, most: number): number | null => {
    const value = fields[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== "number" || !(value >= 0 && value <= most)) {
      fail(
        name,
        most === 1 ? "a fraction from 0 to 1" : "a number from 0 on",
        value,
      );
    }
    return value as number;
  };
  const validation = number("validation_accuracy", 1);
  if (validation === null) {
    fail("validation_accuracy", "a fraction from 0 to 1", null);
  }
  return {
    status: "ok",
    id,
    validation: validation!,
    test: number("test_accuracy", 1),
    seconds: number("seconds", Infinity),
    parameters: number("parameters", Infinity),
  };
}

/**
 * What a line of the program's standard output tells of its progress.
 *
 * @returns Null of a line that is no progress of the protocol: a line of a log.
 */
export function parseProgress(line: string): TrainingProgress | null {
  if (!line.startsWith("{")) return null;
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return null;
  }
  const { event, epoch, epochs } = fields as Record<string, unknown>;
  return event === "progress" && typeof epoch === "number" &&
      typeof epochs === "number" && epoch >= 0 && epochs > 0
    ? { epoch, epochs }
    : null;
}

/** Whether a line of standard output is the result of a program that writes none to a file. */
export function isResultLine(line: string): boolean {
  if (!line.startsWith("{")) return false;
  try {
    const fields = JSON.parse(line);
    return typeof fields.status === "string" && "protocol" in fields;
  } catch {
    return false;
  }
}

function _object(text: string, what: string, where: string) {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch {
    throw new SyntaxError(
      `Cannot read the ${what}: ${where} must be a JSON object, got ${
        shown(text)
      }`,
    );
  }
  const fail = (name: string, rule: string, got: unknown): never => {
    throw new SyntaxError(
      `Cannot read the ${what}: ${name} of ${where} must be ${rule}, got ${
        got === undefined ? "none" : shown(got)
      }`,
    );
  };
  if (!_isObject(value)) fail("the content", "a JSON object", value);
  return { fields: value as Record<string, unknown>, fail };
}

function _isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
