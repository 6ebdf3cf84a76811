import assert from "node:assert/strict";
import { join } from "node:path";
import { copyNotebooks, MAX_NOTEBOOK_BYTES } from "../../lib/cli/notebooks.ts";
import { exists } from "../../lib/core/files.ts";
import { readNotebook } from "../../lib/run/notebook.ts";
import { withFolder } from "../_helpers.ts";

async function writeNotebook(
  path: string,
  output: string,
  { prose = "", code = "1;" } = {},
): Promise<void> {
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      cells: [{ cell_type: "markdown", metadata: {}, source: prose }, {
        cell_type: "code",
        execution_count: 1,
        metadata: { execution: { "iopub.status.busy": "now" } },
        outputs: [{ name: "stdout", output_type: "stream", text: output }],
        source: code,
      }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
}

Deno.test("copyNotebooks() keeps outputs, drops times, and refuses a large file", async () => {
  const from = await Deno.makeTempDir();
  const to = await Deno.makeTempDir();
  try {
    await writeNotebook(join(from, "a.ipynb"), "42\n");
    await copyNotebooks(["a"], from, to);
    const { cells } = await readNotebook(join(to, "a.ipynb"));
    assert.deepEqual(cells[1].metadata, {});
    assert.equal(cells[1].outputs?.[0].text, "42\n");

    await Deno.remove(join(to, "a.ipynb"));
    await writeNotebook(join(from, "b.ipynb"), "x".repeat(MAX_NOTEBOOK_BYTES));
    await assert.rejects(copyNotebooks(["a", "b"], from, to), {
      name: "RangeError",
      message:
        /^Cannot store b\.ipynb: its size with outputs must be below 1000000 bytes, got 1000\d+$/,
    });
    assert.equal(await exists(join(to, "a.ipynb")), false);
  } finally {
    await Deno.remove(from, { recursive: true });
    await Deno.remove(to, { recursive: true });
  }
});

Deno.test("copyNotebooks() gives outputs to a notebook that is there, and leaves its prose", async () => {
  await withFolder(async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    await Deno.mkdir(from);
    await Deno.mkdir(to);
    await writeNotebook(join(from, "a.ipynb"), "42\n", { prose: "before" });
    await writeNotebook(join(to, "a.ipynb"), "old\n", { prose: "edited" });
    await copyNotebooks(["a"], from, to);
    const { cells } = await readNotebook(join(to, "a.ipynb"));
    assert.equal(cells[0].source, "edited");
    assert.equal(cells[1].outputs?.[0].text, "42\n");

    await writeNotebook(join(to, "a.ipynb"), "old\n", { code: "2;" });
    await assert.rejects(copyNotebooks(["a"], from, to), {
      name: "RangeError",
      message:
        "Cannot store a.ipynb: its code must be what was executed, got another code cell 1; run it again",
    });
  });
});
