import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import {
  cellText,
  codeCells,
  introduction,
  type Notebook,
  type NotebookCell,
  notebookText,
  notebookTitle,
  readNotebook,
  stableNotebook,
} from "../../lib/run/notebook.ts";
import { withFolder } from "../_helpers.ts";

function markdown(source: string | string[]): NotebookCell {
  return { cell_type: "markdown", metadata: {}, source };
}

function code(source: string | string[]): NotebookCell {
  return {
    cell_type: "code",
    execution_count: 1,
    metadata: {},
    outputs: [],
    source,
  };
}

function notebook(...cells: NotebookCell[]): Notebook {
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

Deno.test("cellText() joins lines", () => {
  assert.equal(cellText(code(["a\n", "b"])), "a\nb");
  assert.equal(cellText(code("a\nb")), "a\nb");
});

Deno.test("codeCells() skips prose and empty cells", () => {
  const cells = codeCells(
    notebook(markdown("# T"), code("a"), code(" \n"), code(["b"])),
  );
  assert.deepEqual(cells, ["a", "b"]);
});

Deno.test("notebookTitle() and introduction() read the first Markdown cell", () => {
  const book = notebook(
    code("x"),
    markdown(["# A title\n", "\n", "First\n", "lines.\n", "\n", "Second."]),
  );
  assert.equal(notebookTitle(book, "name"), "A title");
  assert.equal(introduction(book), "First\nlines.");
  assert.equal(notebookTitle(notebook(markdown("no heading")), "name"), "name");
  assert.equal(introduction(notebook()), "");
});

Deno.test("stableNotebook() drops times and versions, and keeps code and outputs", () => {
  const cell = code("a");
  cell.metadata = { execution: { "iopub.status.busy": "now" }, tags: ["x"] };
  cell.outputs = [{ output_type: "stream", name: "stdout", text: "1\n" }];
  const book = notebook(cell);
  book.metadata = {
    language_info: { name: "typescript", version: "6.0.3" },
    widgets: {},
  };
  const stable = stableNotebook(book);
  assert.deepEqual(stable.cells, [{ ...cell, metadata: { tags: ["x"] } }]);
  assert.deepEqual(stable.metadata, {
    kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
    language_info: { name: "typescript" },
  });
  assert.deepEqual(stableNotebook(stable), stable);
});

Deno.test("notebookText() writes the numbers of a figure in one line, and all else as Jupyter does", () => {
  const source = "x = [\n 1,\n 2\n]";
  const book = notebook({
    ...code(["x"]),
    outputs: [{
      output_type: "display_data",
      metadata: {},
      data: { "text/plain": source, "figure": { x: [1, -2.5e-7], y: ["a"] } },
    }],
  });
  const text = notebookText(book);
  assert.deepEqual(JSON.parse(text), book);
  assert.ok(text.includes('"x": [1,-2.5e-7],'), text);
  assert.equal(
    text.replace(
      "[1,-2.5e-7]",
      JSON.stringify([1, -2.5e-7], null, 1).replaceAll("\n", "\n       "),
    ),
    JSON.stringify(book, null, 1) + "\n",
  );
});

Deno.test("readNotebook() reads what notebookText() writes, and names a file that is none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "a.ipynb");
    const book = stableNotebook(notebook(code(["é\n", "b"])));
    await Deno.writeTextFile(path, notebookText(book));
    assert.deepEqual(await readNotebook(path), book);
    await Deno.writeTextFile(path, '{"nbformat": 3, "cells": []}');
    await assert.rejects(readNotebook(path), {
      name: "SyntaxError",
      message:
        `Cannot read the notebook: ${path} must be a notebook of format 4, got format 3`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readNotebook() names the first cell that is none", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "n.ipynb");
    const deep = JSON.parse("[".repeat(300) + "]".repeat(300));
    const wrong: unknown[] = [
      null,
      { cell_type: "sql", source: "", metadata: {} },
      { cell_type: "code", source: 1, metadata: {} },
      { cell_type: "code", source: ["a", 1], metadata: {} },
      { cell_type: "code", source: "" },
      { ...code("a"), outputs: {} },
      { ...code("a"), execution_count: "1" },
      { ...code("a"), outputs: deep },
    ];
    for (const cell of wrong) {
      await writeJson(path, {
        ...notebook(),
        cells: [code("a"), cell],
      });
      await assert.rejects(readNotebook(path), {
        name: "SyntaxError",
        message:
          /^Cannot read the notebook: cell 2 of .* must be one of format 4, got .{1,90}$/,
      });
    }
    await writeJson(path, { ...notebook(), metadata: { language_info: 1 } });
    await assert.rejects(readNotebook(path), {
      message:
        /^Cannot read the notebook: the metadata of .* must be those of format 4, got \{"language_info":1\}$/,
    });
  });
});
