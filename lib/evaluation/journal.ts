/**
 * Journals: each answer of an evaluator is on disk before the search sees it, so that a
 * search that was killed asks only for what it had not learned.
 *
 * A file of JSON lines. The first has the key of the evaluator, every other one the key of
 * a cell with its validation accuracy or with why it failed:
 *
 *     {"evaluator":"5d41…"}
 *     {"cell":"28cfc7874f6d200472e1a9dcd8650aa0","validation":0.9412}
 *     {"cell":"00005c142e6f48ac74fdcf73e3439874","error":"diverged"}
 *
 * A failure is final too: to have a cell judged again, delete its line.
 *
 * @module
 */

import { dirname } from "node:path";
import { shown, shownText } from "../core/shown.ts";
import type { Cell } from "../spaces/cell.ts";
import {
  checkedEvaluation,
  type Evaluation,
  type Evaluator,
} from "./evaluator.ts";

/** What is known of a cell. */
type Entry =
  | { readonly validation: number }
  | { readonly error: string };

/** An answer that arrives this long after the last flush is flushed at once, in milliseconds. */
const FLUSH_EVERY_MS = 1000;

/** An open journal. */
export class Journal {
  readonly #file: Deno.FsFile;
  readonly #entries: Map<string, Entry>;
  /** Keys of the cells it knows, in the order they were written; it grows. */
  readonly order: readonly string[];
  readonly #order: string[];
  /** Whether a torn last line was found, and dropped. */
  readonly torn: boolean;
  #flushedAt = performance.now();

  private constructor(
    file: Deno.FsFile,
    entries: Map<string, Entry>,
    torn: boolean,
  ) {
    this.#file = file;
    this.#entries = entries;
    this.order = this.#order = [...entries.keys()];
    this.torn = torn;
  }

  /**
   * Opens a journal to be read and gone on with; a missing one is begun.
   *
   * A last line that is not whole, as a kill or a power cut leaves one, is dropped.
   *
   * @param evaluator Key of the evaluator whose answers it holds.
   * @throws {Error} If the file cannot be read or written.
   * @throws {SyntaxError} If a line before the last is not one of a journal.
   * @throws {RangeError} If it is of another evaluator.
   */
  static async open(path: string, evaluator: string): Promise<Journal> {
    await Deno.mkdir(dirname(path), { recursive: true });
    const file = await Deno.open(path, {
      read: true,
      write: true,
      create: true,
    });
    try {
      const bytes = new Uint8Array((await file.stat()).size);
      for (let at = 0; at < bytes.length;) {
        at += await file.read(bytes.subarray(at)) ?? bytes.length;
      }
      const whole = _wholeLines(path, bytes);
      const entries = new Map<string, Entry>();
      for (const [number, line] of whole.lines.entries()) {
        if (number === 0) _checkHeader(path, line, evaluator);
        else _readEntry(path, number, line, entries);
      }
      await file.truncate(whole.length);
      await file.seek(0, Deno.SeekMode.End);
      const journal = new Journal(file, entries, whole.length < bytes.length);
      if (whole.lines.length === 0) journal.#write({ evaluator });
      return journal;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** What is known of a cell, or null. */
  evaluationOf(cell: Cell): Evaluation | null {
    const entry = this.#entries.get(cell.key);
    return entry === undefined ? null : { cell, ...entry };
  }

  /**
   * Writes an evaluation down.
   *
   * It is with the operating system when this returns: a kill does not lose it.
   *
   * @returns Whether it is the cell's first; another one is not written.
   */
  async add({ cell, ...entry }: Evaluation): Promise<boolean> {
    if (this.#entries.has(cell.key)) return false;
    this.#entries.set(cell.key, entry);
    this.#order.push(cell.key);
    this.#write({ cell: cell.key, ...entry });
    if (performance.now() - this.#flushedAt > FLUSH_EVERY_MS) {
      await this.flush();
    }
    return true;
  }

  /** Waits until all is on disk: a power cut does not lose it either. */
  async flush(): Promise<void> {
    await this.#file.syncData();
    this.#flushedAt = performance.now();
  }

  close(): void {
    this.#file.close();
  }

  /** At once, so that lines of evaluations that arrive together do not mix. */
  #write(line: object): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
    for (let at = 0; at < bytes.length;) {
      at += this.#file.writeSync(bytes.subarray(at));
    }
  }
}

/** An evaluator that asks another one only for what a journal does not know, and writes it down. */
export function journalled(evaluator: Evaluator, journal: Journal): Evaluator {
  return {
    name: evaluator.name,
    key: evaluator.key,
    covered: evaluator.covered,
    covers: (cell) => evaluator.covers(cell),
    async *evaluate(cells, options) {
      const open: Cell[] = [];
      for (const cell of cells) {
        const known = journal.evaluationOf(cell);
        if (known === null) open.push(cell);
        else yield known;
      }
      if (open.length === 0) return;
      try {
        for await (const came of evaluator.evaluate(open, options)) {
          const evaluation = checkedEvaluation(came);
          if (await journal.add(evaluation)) yield evaluation;
        }
      } finally {
        await journal.flush();
      }
    },
  };
}

/** The lines of a file that are whole, and their length in bytes. */
function _wholeLines(
  path: string,
  bytes: Uint8Array,
): { lines: unknown[]; length: number } {
  const lines: unknown[] = [];
  let length = 0;
  for (let end; (end = bytes.indexOf(10, length)) >= 0; length = end + 1) {
    const line = bytes.subarray(length, end);
    try {
      lines.push(
        JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line)),
      );
    } catch {
      // After a power cut the end of a file can be anything, a line break included.
      if (bytes.indexOf(10, end + 1) < 0) break;
      throw _malformed(path, lines.length, new TextDecoder().decode(line));
    }
  }
  return { lines, length };
}

function _checkHeader(path: string, line: unknown, evaluator: string): void {
  const found = (line as { evaluator?: unknown } | null)?.evaluator;
  if (typeof found !== "string") {
    throw _malformed(path, 0, line);
  }
  if (found !== evaluator) {
    throw new RangeError(
      `Cannot go on with the journal: ${path} must be of the evaluator ${evaluator}, got ${
        shownText(found)
      }`,
    );
  }
}

function _readEntry(
  path: string,
  number: number,
  line: unknown,
  entries: Map<string, Entry>,
): void {
  const { cell, validation, error } = (line ?? {}) as Record<string, unknown>;
  // An accuracy that is no fraction is never written: it is a failure before that.
  const entry = typeof error === "string" && validation === undefined
    ? { error }
    : typeof validation === "number" && validation >= 0 && validation <= 1 &&
        error === undefined
    ? { validation }
    : null;
  if (typeof cell !== "string" || entry === null) {
    throw _malformed(path, number, line);
  }
  if (!entries.has(cell)) entries.set(cell, entry);
}

function _malformed(path: string, number: number, line: unknown): SyntaxError {
  const found = typeof line === "string" ? shownText(line) : shown(line);
  return new SyntaxError(
    `Cannot read the journal: ${path} must be one JSON object a line, as a journal has them, got ${found} in line ${
      number + 1
    }`,
  );
}
