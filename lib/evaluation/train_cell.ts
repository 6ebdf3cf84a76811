/**
 * A program that trains a cell's network, as searches ask for it: the project's own evaluator.
 *
 * Fields of a recipe beside `seed`, all of them optional:
 *
 *     dataset         digits, cifar10 or a folder (digits)
 *     epochs  batch_size  learning_rate  weight_decay    as published for the space
 *     channels        of the first cells, as published
 *     cells           in each of the three stacks, as published
 *     images          that are trained on, the first so many (all)
 *     crop            places around an image that is cropped (an eighth of its size)
 *     flip            whether every other image is mirrored (not of digits)
 *
 * @module
 */

import { join } from "node:path";
import { ConfigFields } from "../core/config_fields.ts";
import { exists, writeJson } from "../core/files.ts";
import type { Executor } from "../engine/executor.ts";
import { type ImageSet, splitImages } from "../models/cell_network/images.ts";
import {
  type CellTraining,
  DivergedError,
  trainNetwork,
} from "../models/cell_network/training.ts";
import { type NetworkSize, planParameters } from "../spaces/network.ts";
import { getNotation } from "../spaces/notations.ts";
import { getSpace } from "../spaces/registry.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { openImages } from "./image_sets.ts";
import {
  type EvaluationRequest,
  type FailureReason,
  PROTOCOL,
} from "./protocol.ts";

/** What is known of a training, one line of standard output each. */
export type ReportLine = (line: Readonly<Record<string, unknown>>) => void;

/** A recipe as a training is run with it. */
interface KnownRecipe {
  readonly images: ImageSet;
  readonly training: CellTraining;
  readonly size: NetworkSize;
}

/**
 * Trains the cell of a request.
 *
 * @param options `report` gets a line after each epoch.
 * @returns The result of the protocol: a trained cell's, or why it could not be trained.
 * @throws {Error} If something is wrong with the recipe or this machine, not with the cell.
 */
export async function trainCell(
  request: EvaluationRequest,
  { executor, report }: {
    readonly executor: Executor;
    readonly report: ReportLine;
  },
): Promise<Readonly<Record<string, unknown>>> {
  const started = performance.now();
  const result = (fields: Readonly<Record<string, unknown>>) => ({
    protocol: PROTOCOL,
    id: request.id,
    ...fields,
  });
  const failed = (reason: FailureReason, error: unknown) =>
    result({
      status: "failed",
      reason,
      message: (error as Error).message,
      retryable: false,
    });
  const space = getSpace(request.space);
  let graph;
  try {
    graph = _graph(space, request.cell);
  } catch (error) {
    return failed("invalid_cell", error);
  }
  const { images, training, size } = await _recipe(space, request.recipe);
  const plan = space.network!(graph, size);
  try {
    const { history, validation, test } = await trainNetwork(
      plan,
      images,
      training,
      {
        executor,
        checkpoint: join(request.work_dir, "checkpoint"),
        onEpoch: ({ epoch, loss, train }) =>
          report({
            event: "progress",
            ...{ epoch, epochs: training.epochs, loss, train },
            time_s: (performance.now() - started) / 1000,
          }),
      },
    );
    return result({
      status: "ok",
      validation_accuracy: validation,
      test_accuracy: test,
      train_accuracy: history.at(-1)!.train,
      epochs: training.epochs,
      seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
      parameters: planParameters(plan),
      curve: history.map(({ train }) => train),
      device: executor.description,
      versions: { deno: Deno.version.deno },
    });
  } catch (error) {
    if (error instanceof DivergedError) return failed("diverged", error);
    throw error;
  }
}

/** Writes a result, unless an earlier attempt has written one. */
export async function leaveResult(
  path: string,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (!await exists(path)) await writeJson(path, result);
}

/** @throws {Error} If the cell is none, or no network is known of it. */
function _graph(space: SearchSpace, cell: EvaluationRequest["cell"]) {
  const graph = getNotation(space, "matrix").read(cell);
  const reason = space.invalidReason(graph, "strict");
  if (reason !== null) {
    throw new SyntaxError(
      `Cannot train the cell: it must be one of ${space.title}, got one where ${
        space.invalidReasons[reason]
      }`,
    );
  }
  return graph;
}

async function _recipe(
  space: SearchSpace,
  recipe: EvaluationRequest["recipe"],
): Promise<KnownRecipe> {
  const published = space.networkTraining;
  if (published === undefined || space.network === undefined) {
    throw new RangeError(
      `Cannot train the cell: its space must have a network, got ${space.title}, which has none`,
    );
  }
  const fields = new ConfigFields(
    recipe,
    "the request",
    "follow the recipe",
  );
  const dataset = recipe.dataset ?? "digits";
  if (typeof dataset !== "string") {
    throw new RangeError(
      `Cannot train the cell: dataset must be a name or a folder, got ${dataset}`,
    );
  }
  const all = await openImages(dataset);
  const count = all.train.labels.length;
  const [train] = splitImages(all.train, [
    fields.whole("images", [1, count], count),
  ]);
  const positive = (name: string, otherwise: number) =>
    fields.real(name, "a number from 0 on", (value) => value >= 0, otherwise);
  const whole = (name: string, otherwise: number) =>
    fields.whole(name, [1, 1e6], otherwise);
  const number = (name: "channels" | "cells") =>
    recipe[name] === undefined ? {} : { [name]: fields.whole(name, [1, 4096]) };
  return {
    images: { ...all, train },
    size: {
      imageChannels: all.channels,
      classes: all.classes,
      ...number("channels"),
      ...number("cells"),
    },
    training: {
      ...published,
      epochs: whole("epochs", published.epochs),
      batchSize: whole("batch_size", published.batchSize),
      learningRate: positive("learning_rate", published.learningRate),
      weightDecay: positive("weight_decay", published.weightDecay),
      crop: fields.whole("crop", [0, all.size], all.size / 8),
      flip: fields.oneOf("flip", [true, false], dataset !== "digits"),
      seed: recipe.seed,
    },
  };
}
