/**
 * What a run shows while it goes: text line by line, and progress bars that are rewritten in place.
 *
 * Where the output is no terminal (a file, a log of a build server) a bar is a
 * line every ten seconds, and escape codes are left out.
 *
 * @module
 */

/** Where text goes, and what is there. */
export interface TerminalOptions {
  readonly write: (text: string) => void;
  /** Whether lines can be rewritten. */
  readonly isTerminal: boolean;
  /** Columns of the terminal now. */
  readonly columns: () => number;
  /** Milliseconds from any start. */
  readonly now: () => number;
}

/** Pause between two lines of one bar where lines cannot be rewritten, in milliseconds. */
const LINE_PAUSE_MS = 10_000;

// deno-lint-ignore no-control-regex
const ESCAPE_CODES = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** Removes terminal escape codes. */
export function stripEscapes(text: string): string {
  return text.replace(ESCAPE_CODES, "");
}

/** Shows lines and one live line below them. */
export class Terminal {
  readonly #options: TerminalOptions;
  /** Text after the last line break, waiting for the next one. */
  #partial = "";
  /** The bar that is drawn, or waits to be printed. */
  #live:
    | { id: string; text: string; printedAt: number; pending: boolean }
    | null = null;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  /** The process's own standard output. */
  static standardOutput(): Terminal {
    const encoder = new TextEncoder();
    return new Terminal({
      write: (text) => {
        const bytes = encoder.encode(text);
        for (let sent = 0; sent < bytes.length;) {
          sent += Deno.stdout.writeSync(bytes.subarray(sent));
        }
      },
      isTerminal: Deno.stdout.isTerminal(),
      columns: () => {
        try {
          return Deno.consoleSize().columns;
        } catch {
          return 80;
        }
      },
      now: () => performance.now(),
    });
  }

  /** Shows text; an unfinished line is held back until its end comes. */
  text(text: string): void {
    const { isTerminal, write } = this.#options;
    const lines = (this.#partial + (isTerminal ? text : stripEscapes(text)))
      .split("\n");
    this.#partial = lines.pop()!;
    if (lines.length === 0) return;
    this.#erase();
    write(lines.map((line) => `${line}\n`).join(""));
    this.#draw();
  }

  /** Shows whole lines. */
  line(text: string): void {
    this.#finishLine();
    this.text(`${text}\n`);
  }

  /**
   * Shows the state of a bar: in place of its last one where that is possible.
   *
   * @param id Which bar; another one leaves the last state of the one before standing.
   * @param text Only the first line is shown.
   */
  live(id: string, text: string): void {
    const { isTerminal, now, write } = this.#options;
    const first = stripEscapes(text).trim().split("\n")[0];
    this.#finishLine();
    if (this.#live !== null && this.#live.id !== id) this.settle();
    if (isTerminal) {
      this.#erase();
      this.#live = { id, text: first, printedAt: 0, pending: true };
      this.#draw();
      return;
    }
    const last = this.#live;
    if (last === null || now() - last.printedAt >= LINE_PAUSE_MS) {
      write(`${first}\n`);
      this.#live = { id, text: first, printedAt: now(), pending: false };
    } else {
      last.pending ||= last.text !== first;
      last.text = first;
    }
  }

  /** Ends the live line: its last state stays, and what comes next goes below it. */
  settle(): void {
    this.#finishLine();
    const { isTerminal, write } = this.#options;
    if (this.#live?.pending) {
      write(isTerminal ? "\n" : `${this.#live.text}\n`);
    }
    this.#live = null;
  }

  #finishLine(): void {
    if (this.#partial !== "") this.text("\n");
  }

  #erase(): void {
    if (this.#live !== null && this.#options.isTerminal) {
      this.#options.write("\r\x1b[2K");
    }
  }

  #draw(): void {
    if (this.#live !== null && this.#options.isTerminal) {
      this.#options.write(
        [...this.#live.text].slice(0, this.#options.columns() - 1).join(""),
      );
    }
  }
}
