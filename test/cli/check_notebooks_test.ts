import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkNotebooks,
  joinCells,
  listNotebooks,
} from "../../lib/cli/check_notebooks.ts";
import { notebookWith } from "./_notebooks.ts";

/** A folder with one notebook of these code cells. */
async function withNotebook(
  cells: readonly string[],
  action: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      join(folder, "book.ipynb"),
      notebookWith("# Title", cells),
    );
    await action(folder);
    assert.deepEqual(await listNotebooks(folder), ["book.ipynb"]);
    assert.equal([...Deno.readDirSync(folder)].length, 1, "leftovers");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("joinCells() leads a line back to its cell", () => {
  const { text, position } = joinCells(["a\nb", "c\n", "d"]);
  assert.equal(text, "a\nb\nc\nd\n");
  assert.deepEqual([1, 2, 3, 4].map(position), [
    { cell: 1, line: 1 },
    { cell: 1, line: 2 },
    { cell: 2, line: 1 },
    { cell: 3, line: 1 },
  ]);
  // The end of the text counts as the last line.
  assert.deepEqual(position(5), { cell: 3, line: 1 });
});

Deno.test("checkNotebooks() finds nothing wrong with a sound notebook", async () => {
  await withNotebook(
    ["const answer = 42;", "console.log(answer);", "await Promise.all([]);"],
    async (folder) => assert.deepEqual(await checkNotebooks(folder), []),
  );
});

Deno.test("checkNotebooks() names notebook, cell and line of each problem", async () => {
  await withNotebook(
    [
      "let answer = 42;\nconsole.log(answer);",
      "const   unused = 1;",
      '\nanswer = "x";',
    ],
    async (folder) => {
      const problems = await checkNotebooks(folder);
      assert.deepEqual(problems.slice(0, 3), [
        "book.ipynb, code cell 2: not formatted (deno fmt notebooks)",
        "book.ipynb, code cell 3: not formatted (deno fmt notebooks)",
        "book.ipynb, code cell 2, line 1, column 9: `unused` is never used (no-unused-vars)",
      ]);
      const rest = problems.slice(3).join("\n");
      assert.match(rest, /book\.ipynb, code cell 3, line 2, column 1/);
      assert.doesNotMatch(rest, /_check_|file:/);
    },
  );
});

Deno.test("checkNotebooks() reports code that does not parse", async () => {
  await withNotebook(["const a = 1;", "function ("], async (folder) => {
    const problems = (await checkNotebooks(folder)).join("\n");
    assert.match(problems, /book\.ipynb, code cell 2, line 1/);
  });
});
