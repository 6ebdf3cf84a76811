/**
 * A search's side of evaluations, in a process that tests kill: _tool.ts SETTINGS
 *
 * Evaluates cells with a backend, writes down each answer as it comes, and all at the end.
 *
 * @module
 */

import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import {
  type BackendSettings,
  openBackend,
} from "../../lib/evaluation/backends/open_backend.ts";
import { TrainingEvaluator } from "../../lib/evaluation/training_evaluator.ts";
import { cell, SPACE } from "../search/_tables.ts";

/** What it is told, as JSON. */
export interface ToolSettings {
  readonly folder: string;
  readonly cells: number;
  readonly backend: BackendSettings;
}

if (import.meta.main) {
  const { folder, cells, backend: settings }: ToolSettings = JSON.parse(
    Deno.args[0],
  );
  await using backend = await openBackend(settings);
  const evaluator = new TrainingEvaluator(SPACE, backend, {
    folder: join(folder, "evaluations"),
    recipe: { seed: 0 },
    program: "test",
    retryAfterMs: 10,
  });
  const answers: Record<string, number | string> = {};
  const asked = Array.from({ length: cells }, (_, i) => cell(7 * i));
  for await (const one of evaluator.evaluate(asked)) {
    const { key } = one.cell;
    if (key in answers) throw new Error(`${key} was answered twice`);
    answers[key] = "error" in one ? one.error : one.validation;
    console.log(key);
  }
  await writeJson(join(folder, "answers.json"), answers);
}
