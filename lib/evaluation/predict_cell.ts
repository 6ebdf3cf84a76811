/**
 * Answers a request of the protocol from a surrogate that a user brings: an ensemble of boosted
 * trees over the configuration of a cell, such as NAS-Bench-301's.
 *
 * The folder of an ensemble has the members, `member_0.json`, `member_1.json`, …, as XGBoost
 * saves them, and `features.json`: the names of the features in their order, and a row of values
 * in which those of an architecture are filled in. A choice that a configuration does not make
 * is −1, as NAS-Bench-301 has it. `PROTOCOL.md` has the script that writes such a folder.
 *
 * @module
 */

import { join } from "node:path";
import { readJson } from "../core/files.ts";
import { shown } from "../core/shown.ts";
import {
  predictTrees,
  readTreeModel,
  type TreeModel,
} from "../models/surrogate/trees.ts";
import type { Graph } from "../spaces/graph.ts";
import { getNotation } from "../spaces/notations.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import {
  type EvaluationRequest,
  type FailureReason,
  PROTOCOL,
} from "./protocol.ts";

/** An ensemble of models over the same features. */
export interface TreeEnsemble {
  readonly members: readonly TreeModel[];
  /** Names of the features, in their order. */
  readonly names: readonly string[];
  /** Values of those that no configuration has, `[names.length]`. */
  readonly base: Float32Array;
}

/** What a choice that is not made is for the trees. */
const NOT_CHOSEN = -1;

/**
 * Reads the ensemble of a folder.
 *
 * @throws {Error} If a file is missing, or not as it must be.
 */
export async function readEnsemble(folder: string): Promise<TreeEnsemble> {
  const members: TreeModel[] = [];
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^member_\d+\.json$/.test(name)).sort();
  if (files.length === 0) {
    throw new RangeError(
      `Cannot read an ensemble: ${folder} must have member_0.json, …, got none`,
    );
  }
  for (const name of files) {
    const path = join(folder, name);
    members.push(readTreeModel(await readJson(path, "model"), name));
  }
  const path = join(folder, "features.json");
  const features = await readJson<{ names?: unknown; vector?: unknown }>(
    path,
    "list of features",
  );
  const { names, vector } = features;
  const isRow = Array.isArray(names) && Array.isArray(vector) &&
    names.every((name) => typeof name === "string") &&
    vector.every((value) => typeof value === "number") &&
    names.length === vector.length &&
    members.every((member) => member.features === names.length);
  if (!isRow) {
    throw new SyntaxError(
      `Cannot read an ensemble: ${path} must have names and a vector, a name and a number for each of ${
        members[0].features
      } features, got ${shown(features)}`,
    );
  }
  return { members, names, base: Float32Array.from(vector) };
}

/**
 * What an ensemble predicts of a cell: the mean of its members.
 *
 * @returns In the ensemble's own unit; null where its configuration cannot have the cell.
 * @throws {RangeError} If cells of the space have no configuration, or the ensemble lacks one of
 *   its choices.
 */
export function predictCell(
  { members, names, base }: TreeEnsemble,
  space: SearchSpace,
  graph: Graph,
): number | null {
  if (space.configuration === undefined) {
    throw new RangeError(
      `Cannot predict: cells of the space must have a configuration, got ${space.title}, whose have none`,
    );
  }
  const choices = space.configuration(graph);
  if (choices === null) return null;
  const missing = Object.keys(choices).find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot predict: the ensemble must have the feature ${missing}, got none of that name`,
    );
  }
  const row = Float32Array.from(
    names,
    (name, i) =>
      Object.hasOwn(choices, name) ? choices[name] ?? NOT_CHOSEN : base[i],
  );
  const sum = members.reduce(
    (sum, member) => sum + predictTrees(member, row),
    0,
  );
  return sum / members.length;
}

/**
 * Answers a request.
 *
 * @param ensemble Predicts validation accuracies in percent.
 * @returns The result of the protocol.
 */
export function predictRequest(
  request: EvaluationRequest,
  ensemble: TreeEnsemble,
): Readonly<Record<string, unknown>> {
  const result = (fields: Readonly<Record<string, unknown>>) => ({
    ...{ protocol: PROTOCOL, id: request.id },
    ...fields,
  });
  const failed = (message: string) => {
    const reason: FailureReason = "invalid_cell";
    return result({ status: "failed", reason, message, retryable: false });
  };
  const space = getSpace(request.space);
  let graph: Graph;
  try {
    graph = getNotation(space, "matrix").read(request.cell);
  } catch (error) {
    return failed((error as Error).message);
  }
  const reason = space.invalidReason(graph, "strict");
  if (reason !== null) {
    return failed(
      `Cannot predict the cell: it must be one of ${space.title}, got one where ${
        space.invalidReasons[reason]
      }`,
    );
  }
  const percent = predictCell(ensemble, space, graph);
  if (percent === null) {
    return failed(
      "Cannot predict the cell: it must be one that the surrogate knows, got another",
    );
  }
  return result({
    status: "ok",
    validation_accuracy: percent / 100,
    surrogate: true,
    members: ensemble.members.length,
  });
}
