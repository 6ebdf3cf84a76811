/**
 * Format, lint and type check of notebooks.
 *
 * `deno lint` and `deno check` do not read notebooks: the code cells of a
 * notebook are joined to one module beside it, so that its imports lead where the
 * notebook's do; lines in the messages are led back to notebook, cell and line.
 * `deno fmt --check` wants a line break at the end of each cell, which neither
 * Jupyter nor `deno fmt` puts there: a copy is formatted and compared instead.
 *
 * @module
 */

import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { PROJECT_ROOT } from "../core/project.ts";
import {
  cellText,
  codeCells,
  notebookText,
  readNotebook,
  stableNotebook,
} from "../run/notebook.ts";
import { stripEscapes } from "./terminal.ts";

/** A place in a notebook, all counted from 1. */
export interface CellPosition {
  readonly cell: number;
  readonly line: number;
}

/**
 * Joins code cells to the text of one module.
 *
 * @returns The text, and where a line of it (counted from 1) stands in the notebook.
 */
export function joinCells(
  cells: readonly string[],
): { text: string; position: (line: number) => CellPosition } {
  /** For each line of the text its place. */
  const positions: CellPosition[] = [];
  const lines: string[] = [];
  for (const [index, cell] of cells.entries()) {
    for (const [at, line] of cell.replace(/\n$/, "").split("\n").entries()) {
      lines.push(line);
      positions.push({ cell: index + 1, line: at + 1 });
    }
  }
  const last = positions.at(-1) ?? { cell: 1, line: 1 };
  return {
    text: lines.join("\n") + "\n",
    position: (line) => positions[line - 1] ?? last,
  };
}

/** Names of the notebooks in a folder, in order. */
export async function listNotebooks(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && entry.name.endsWith(".ipynb")) names.push(entry.name);
  }
  return names.sort();
}

/** A notebook's code as a module on disk. */
interface CheckModule {
  readonly path: string;
  /** How a message names a place of it. */
  readonly place: (line: number, column: number) => string;
}

/** Runs Deno in the project's folder, without colours. */
async function deno(
  ...args: string[]
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const output = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: PROJECT_ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return {
    success: output.success,
    stdout: decoder.decode(output.stdout),
    stderr: stripEscapes(decoder.decode(output.stderr)),
  };
}

/** Finds the cells that `deno fmt` would change. */
async function checkFormat(
  folder: string,
  names: readonly string[],
): Promise<string[]> {
  const copies = await Deno.makeTempDir();
  try {
    for (const name of names) {
      // Named as Deno's: `deno fmt` leaves code of an unknown language alone.
      const copy = stableNotebook(await readNotebook(join(folder, name)));
      await Deno.writeTextFile(join(copies, name), notebookText(copy));
    }
    // A cell that does not parse is left as it is; the type check tells of it.
    await deno(
      "fmt",
      ...["--quiet", "--config", join(PROJECT_ROOT, "deno.json")],
      ...names.map((name) => join(copies, name)),
    );
    const problems: string[] = [];
    for (const name of names) {
      const { cells } = await readNotebook(join(folder, name));
      const formatted = (await readNotebook(join(copies, name))).cells;
      for (const [index, cell] of cells.entries()) {
        const wanted = cellText(formatted[index]);
        if (cellText(cell).replace(/\n$/, "") === wanted.replace(/\n$/, "")) {
          continue;
        }
        const number = cells.slice(0, index + 1)
          .filter(({ cell_type }) => cell_type === cell.cell_type).length;
        problems.push(
          `${name}, ${cell.cell_type} cell ${number}: not formatted (deno fmt notebooks)`,
        );
      }
    }
    return problems;
  } finally {
    await Deno.remove(copies, { recursive: true });
  }
}

/** What `deno lint --json` prints, as far as it is used. */
interface LintReport {
  readonly diagnostics: readonly {
    readonly filename: string;
    readonly range: { readonly start: { line: number; col: number } };
    readonly code: string;
    readonly message: string;
  }[];
}

async function lint(modules: readonly CheckModule[]): Promise<string[]> {
  const { stdout } = await deno(
    "lint",
    "--json",
    ...modules.map((module) => module.path),
  );
  const { diagnostics } = JSON.parse(stdout) as LintReport;
  return diagnostics.map(({ filename, range: { start }, code, message }) => {
    const module = modules.find(({ path }) =>
      filename === path || filename === pathToFileURL(path).href
    );
    const where = module?.place(start.line, start.col + 1) ?? filename;
    return `${where}: ${message} (${code})`;
  });
}

async function checkTypes(modules: readonly CheckModule[]): Promise<string[]> {
  const { success, stderr } = await deno(
    "check",
    "--quiet",
    ...modules.map((module) => module.path),
  );
  if (success) return [];
  let message = stderr.trim();
  for (const { path, place } of modules) {
    const url = pathToFileURL(path).href.replace(/[.+]/g, "\\$&");
    message = message.replace(
      new RegExp(`${url}:(\\d+):(\\d+)`, "g"),
      (_, line, column) => place(Number(line), Number(column)),
    );
  }
  return [message];
}

/**
 * Checks format, lint and types of every notebook of a folder.
 *
 * The modules it makes for that are gone when it ends, also when it is interrupted.
 *
 * @param folder Absolute.
 * @returns One text per problem, or several type errors in one; none if all is well.
 * @throws {Error} If a notebook cannot be read.
 */
export async function checkNotebooks(folder: string): Promise<string[]> {
  const names = await listNotebooks(folder);
  if (names.length === 0) return [];
  const modules: CheckModule[] = [];
  const remove = () => {
    for (const { path } of modules) {
      try {
        Deno.removeSync(path);
      } catch {
        // was never written
      }
    }
  };
  const interrupted = () => {
    remove();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    for (const name of names) {
      const { text, position } = joinCells(
        codeCells(await readNotebook(join(folder, name))),
      );
      const path = join(
        folder,
        `_check_${Deno.pid}_${basename(name, ".ipynb")}.ts`,
      );
      modules.push({
        path,
        place: (line, column) => {
          const { cell, line: inCell } = position(line);
          return `${name}, code cell ${cell}, line ${inCell}, column ${column}`;
        },
      });
      await Deno.writeTextFile(path, text);
    }
    return [
      ...await checkFormat(folder, names),
      ...await lint(modules),
      ...await checkTypes(modules),
    ];
  } finally {
    Deno.removeSignalListener("SIGINT", interrupted);
    remove();
  }
}
