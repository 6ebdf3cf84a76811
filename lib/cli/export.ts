/**
 * `deno task export`: trained models as ONNX, for programs that are not this one.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { exists } from "../core/files.ts";
import { exportT5 } from "../models/t5/export.ts";
import { CODES } from "../models/vqvae/config.ts";
import { exportVqvae } from "../models/vqvae/export.ts";
import {
  modelFolder,
  recordFolder,
  runFolder,
  shownPath,
} from "../run/folders.ts";
import { DEFAULT_SPACE, getSpace } from "../spaces/registry.ts";
import {
  checkedRunName,
  existingFolder,
  existingOutputs,
  parseOptions,
  runCommand,
  userFolder,
} from "./command.ts";

const ACTION = "export models";

/** The file that a folder of a model has. */
const CONFIG = "config.json";

const HELP = `deno task export [options]

  --space NAME     models of the run of record of this search space (${DEFAULT_SPACE.name})
  --run NAME       models of this run of outputs/runs instead
  --outputs DIR    folder of all runs and records (outputs)
  --t5 DIR         only the T5 of this folder, in Hugging Face's layout
  --vqvae DIR      only the VQ-VAE of this folder

Writes ONNX files to onnx/ in each model's folder, weights included:

  T5       encoder_model.onnx, decoder_model_merged.onnx: Transformers.js loads the
           model's folder with { dtype: "fp32" }
  VQ-VAE   encoder.onnx: operations, adjacency → codes
           decoder.onnx: codes → operations, adjacency (logits)
`;

/** Folders of models to export. */
export interface ExportRequest {
  readonly t5: readonly string[];
  readonly vqvae: readonly string[];
}

/**
 * Reads the command line of `export`.
 *
 * @param args As in `Deno.args`.
 * @param folder What relative paths are relative to.
 * @throws {RangeError} If an option is unknown, its value is wrong, two exclude each other, or
 *   a folder that is named is not there.
 */
export function parseExportArguments(
  args: readonly string[],
  folder: string = Deno.cwd(),
): ExportRequest {
  const options = parseOptions(args, {
    space: { type: "string" },
    run: { type: "string" },
    outputs: { type: "string" },
    t5: { type: "string" },
    vqvae: { type: "string" },
  }, ACTION);
  const { space, run, outputs, t5, vqvae } = options;
  if (t5 !== undefined || vqvae !== undefined) {
    if ([space, run, outputs].some((option) => option !== undefined)) {
      throw new RangeError(
        `Cannot ${ACTION}: --t5 and --vqvae must stand without --space, --run and --outputs, got both`,
      );
    }
    const list = (option: string, path?: string) =>
      path === undefined ? [] : [
        existingFolder(resolve(folder, path), option, ACTION, {
          files: [CONFIG],
        }),
      ];
    return { t5: list("--t5", t5), vqvae: list("--vqvae", vqvae) };
  }
  if (space !== undefined && run !== undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --run must stand without --space, got both`,
    );
  }
  const root = existingOutputs(outputs, folder, ACTION);
  const source = run === undefined
    ? recordFolder(root, getSpace(space ?? DEFAULT_SPACE.name).name)
    : runFolder(root, checkedRunName(run, ACTION));
  const models = (kind: string) =>
    CODES.map((code) => modelFolder(source, `${code}/${kind}`));
  return { t5: models("t5"), vqvae: models("vqvae") };
}

/**
 * Exports the models that are there and tells what was written.
 *
 * @throws {Error} If there is none, or one cannot be read or written.
 */
export async function runExport(
  { t5, vqvae }: ExportRequest,
  print: (line: string) => void = console.log,
): Promise<void> {
  const jobs = [
    ...vqvae.map((folder) => ({ folder, write: exportVqvae })),
    ...t5.map((folder) => ({ folder, write: exportT5 })),
  ];
  const there = await Promise.all(
    jobs.map(({ folder }) => exists(join(folder, CONFIG))),
  );
  if (!there.includes(true)) {
    throw new Error(
      `Cannot ${ACTION}: there must be a trained model (${CONFIG}) in ${
        jobs.map(({ folder }) => shownPath(folder)).join(" or ")
      }, got none`,
    );
  }
  for (const [i, { folder, write }] of jobs.entries()) {
    if (!there[i]) {
      print(`${shownPath(folder)}: no model, left out`);
      continue;
    }
    for (const path of await write(folder)) {
      const { size } = await Deno.stat(path);
      print(`${shownPath(path)}: ${_megabytes(size)} MB`);
    }
  }
}

/** Two digits that say something, as `0.035` and `2.7`. */
function _megabytes(bytes: number): string {
  const millions = bytes / 1e6;
  return millions < 10 ? String(+millions.toPrecision(2)) : millions.toFixed(0);
}

async function main(args: readonly string[]): Promise<number> {
  await runExport(parseExportArguments(args, userFolder()));
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
