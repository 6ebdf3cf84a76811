/**
 * Accuracies of NAS-Bench-201 from JSON, one file for each data set.
 *
 * A file is an object of all 15,625 arch strings; of each it has, in percent,
 * `val_acc_200` and `test_acc_200`: means over seeds after 200 epochs.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); the files are those of
 * mingkai-zheng/GENIUS.
 *
 * @module
 */

import { basename } from "node:path";
import { readJson } from "../../../core/files.ts";
import { cellGraph } from "../../space.ts";
import { formatArch } from "../arch.ts";
import { allCells } from "../cells.ts";

/** Mean accuracies of all cells, `[15,625]` each, fractions in `[0, 1]`. */
export interface Nasbench201Means {
  readonly validation: Float64Array;
  readonly test: Float64Array;
}

/**
 * Reads the accuracies on one data set.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON.
 * @throws {RangeError} If a key is no cell, a cell is missing, or an accuracy is not
 *   in `[0, 100]`; the message has the key.
 */
export async function readNasbench201Json(
  path: string,
): Promise<Nasbench201Means> {
  const name = basename(path);
  const value = await readJson<unknown>(path, "accuracies");
  if (!_isRecord(value)) {
    throw new TypeError(
      `Cannot read accuracies: ${name} must be an object of arch strings, got ${
        Array.isArray(value) ? "an array" : JSON.stringify(value)
      }`,
    );
  }
  const cells = _cellsByArch();
  const validation = new Float64Array(cells.size).fill(NaN);
  const test = new Float64Array(cells.size).fill(NaN);
  for (const [arch, entry] of Object.entries(value)) {
    const cell = cells.get(arch);
    if (cell === undefined) {
      throw new RangeError(
        `Cannot read accuracies: each key of ${name} must be the arch string of a cell of NAS-Bench-201, got ${
          JSON.stringify(arch)
        }`,
      );
    }
    validation[cell] = _fraction(entry, "val_acc_200", arch, name);
    test[cell] = _fraction(entry, "test_acc_200", arch, name);
  }
  for (const [arch, cell] of cells) {
    if (!Number.isNaN(validation[cell])) continue;
    throw new RangeError(
      `Cannot read accuracies: ${name} must have all ${cells.size} cells, got ${
        Object.keys(value).length
      } without ${JSON.stringify(arch)}`,
    );
  }
  return { validation, test };
}

function _isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function _fraction(
  entry: unknown,
  key: string,
  arch: string,
  name: string,
): number {
  const percent = _isRecord(entry) ? entry[key] : undefined;
  if (typeof percent === "number" && percent >= 0 && percent <= 100) {
    return percent / 100;
  }
  throw new RangeError(
    `Cannot read accuracies: ${key} of ${
      JSON.stringify(arch)
    } in ${name} must be a number in [0, 100], got ${JSON.stringify(percent)}`,
  );
}

/** The index of each cell by its arch string. */
function _cellsByArch(): Map<string, number> {
  const table = allCells();
  const cells = new Map<string, number>();
  for (let cell = 0; cell < table.count; cell++) {
    cells.set(formatArch(cellGraph(table, cell)), cell);
  }
  return cells;
}
