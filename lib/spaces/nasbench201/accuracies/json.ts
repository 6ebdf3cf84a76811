/**
 * Accuracies of NAS-Bench-201 from JSON, one file for each data set.
 *
 * A file is an object of arch strings, in any notation of `arch.ts`, of all 15,625 cells or
 * some; of each it has, in percent,
 * `val_acc_200` and `test_acc_200`: means over seeds after 200 epochs.
 *
 * Source: NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326); the files are those of
 * mingkai-zheng/GENIUS.
 *
 * @module
 */

import { basename } from "node:path";
import { readJson } from "../../../core/files.ts";
import { shown } from "../../../core/shown.ts";
import { parseStrictJson } from "../../../core/strict_json.ts";
import { cellGraph } from "../../space.ts";
import { formatArch, parseArch } from "../arch.ts";
import { allCells, indexOf } from "../cells.ts";

/** Mean accuracies, `[15,625]` each, fractions in `[0, 1]`; NaN where a cell is not covered. */
export interface Nasbench201Means {
  readonly validation: Float64Array;
  readonly test: Float64Array;
  /** Indices of the covered cells, ascending. */
  readonly covered: Uint32Array;
}

/**
 * Reads the accuracies on one data set; they may cover part of the space.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON, or has a key twice.
 * @throws {TypeError} If it is no object.
 * @throws {RangeError} If there are none, a key is no cell, an accuracy is not in `[0, 100]`,
 *   or all are at most 1, as fractions would be; the message has the key.
 */
export async function readNasbench201Json(
  path: string,
): Promise<Nasbench201Means> {
  const name = basename(path);
  const value = await readJson<unknown>(path, "accuracies", parseStrictJson);
  if (!_isRecord(value)) {
    throw new TypeError(
      `Cannot read accuracies: ${name} must be an object of arch strings, got ${
        Array.isArray(value) ? "an array" : shown(value)
      }`,
    );
  }
  const entries = Object.entries(value);
  if (entries.length === 0) {
    throw new RangeError(
      `Cannot read accuracies: ${name} must have those of a cell, got none`,
    );
  }
  const cells = _cellsByArch();
  const seen = new Map<number, string>();
  const covered = Uint32Array.from(entries, ([arch]) => {
    const cell = cells.get(arch) ?? _cellOf(arch);
    if (cell === null) {
      throw new RangeError(
        `Cannot read accuracies: each key of ${name} must be the arch string of a cell of NAS-Bench-201, got ${
          shown(arch)
        }`,
      );
    }
    const other = seen.get(cell);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot read accuracies: ${name} must have each cell once, got it as ${
          shown(other)
        } and ${shown(arch)}`,
      );
    }
    seen.set(cell, arch);
    return cell;
  });
  const column = (key: string) => {
    const values = new Float64Array(cells.size).fill(NaN);
    let highest = 0;
    for (const [i, [arch, entry]] of entries.entries()) {
      const percent = _percent(entry, key, arch, name);
      values[covered[i]] = percent / 100;
      highest = Math.max(highest, percent);
    }
    // Of a guess at one of 120 classes 0.8 % are right: no table ends there.
    if (highest <= 1) {
      throw new RangeError(
        `Cannot read accuracies: ${key} of ${name} must be percentages, got ${highest} as the highest, which is a fraction`,
      );
    }
    return values;
  };
  return {
    validation: column("val_acc_200"),
    test: column("test_acc_200"),
    covered: covered.sort(),
  };
}

function _isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function _percent(
  entry: unknown,
  key: string,
  arch: string,
  name: string,
): number {
  const percent = _isRecord(entry) ? entry[key] : undefined;
  if (typeof percent === "number" && percent >= 0 && percent <= 100) {
    return percent;
  }
  throw new RangeError(
    `Cannot read accuracies: ${key} of ${
      shown(arch)
    } in ${name} must be a number in [0, 100], got ${shown(percent)}`,
  );
}

/** The index of the cell in any notation; null where it is none. */
function _cellOf(text: string): number | null {
  try {
    return indexOf(parseArch(text));
  } catch {
    return null;
  }
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
