import assert from "node:assert/strict";
import { join } from "node:path";
import { fromCSV } from "arquero";
import { exists, readJson } from "../../lib/core/files.ts";
import { lineChart } from "../../lib/report/charts.ts";
import { findChromium } from "../../lib/report/images.ts";
import { pngSize } from "../../lib/report/png.ts";
import {
  figureLatex,
  readFigure,
  readTable,
  saveFigure,
  saveTable,
} from "../../lib/report/save.ts";
import { table, tableMarkdown } from "../../lib/report/tables.ts";

const chromium = await findChromium();
const ROWS = [{ method: "a, b", value: 1 / 3 }, { method: "c", value: null }];
const TABLE = table(ROWS, { caption: "Table 2" });
const FIGURE = {
  ...lineChart([{ name: "a", x: [1, 2], y: [2, 1] }], {
    title: "Loss </script>",
    x: "epoch",
    y: "loss (nats)",
  }),
  caption: "a & b",
};

/** A folder of outputs that is gone afterwards. */
async function withOutputs(
  test: (outputs: string) => Promise<void>,
): Promise<void> {
  const outputs = await Deno.makeTempDir();
  try {
    await test(outputs);
  } finally {
    await Deno.remove(outputs, { recursive: true });
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("saveTable() writes JSON, CSV, Markdown and LaTeX", async () => {
  await withOutputs(async (outputs) => {
    await saveTable(outputs, "table-2", TABLE);
    const folder = join(outputs, "tables");
    // Nothing else: no part of a file is left behind.
    assert.deepEqual(names(folder), [
      "table-2.csv",
      "table-2.json",
      "table-2.md",
      "table-2.tex",
    ]);
    const path = join(folder, "table-2");
    assert.deepEqual(await readJson(`${path}.json`, "table"), ROWS);
    const csv = fromCSV(await Deno.readTextFile(`${path}.csv`));
    assert.deepEqual(csv.objects(), ROWS);
    assert.equal(await readTable(outputs, "table-2"), tableMarkdown(TABLE));
  });
});

Deno.test("saveFigure() writes data, a page and one copy of Plotly", async () => {
  await withOutputs(async (outputs) => {
    await saveFigure(outputs, "loss", FIGURE, null);
    const folder = join(outputs, "figures");
    assert.deepEqual(names(folder), [
      "loss.html",
      "loss.json",
      "loss.tex",
      "plotly.min.js",
    ]);
    assert.deepEqual(await readFigure(outputs, "loss"), FIGURE);
    const page = await Deno.readTextFile(join(folder, "loss.html"));
    assert.ok(page.includes('<script src="plotly.min.js">'));
    assert.ok(page.includes("a &amp; b"));
    assert.equal(page.match(/<\/script>/g)?.length, 2); // the title's is escaped
    const library = join(folder, "plotly.min.js");
    const { mtime } = await Deno.stat(library);
    await saveFigure(outputs, "again", FIGURE, null);
    assert.deepEqual((await Deno.stat(library)).mtime, mtime);
  });
});

Deno.test("figureLatex() includes the image with its caption, and escapes both", () => {
  const figure = { ...FIGURE, caption: "β & 5 %" };
  assert.equal(
    figureLatex(figure, "loss"),
    `% Needs \\usepackage{graphicx}; the file loss.pdf lies beside this one.
\\begin{figure}
\\centering
\\includegraphics[width=\\columnwidth]{loss}
\\caption{Loss. $\\beta$ \\& 5 \\%}
\\label{fig:loss}
\\end{figure}
`,
  );
});

Deno.test("saveFigure() leaves no image of an earlier run", async () => {
  await withOutputs(async (outputs) => {
    const images = {
      png: Uint8Array.of(1, 2, 3),
      svg: "<svg></svg>",
      pdf: Uint8Array.of(4),
    };
    const path = (ending: string) => join(outputs, "figures", `loss.${ending}`);
    await saveFigure(outputs, "loss", FIGURE, images);
    assert.deepEqual(await Deno.readFile(path("png")), images.png);
    assert.equal(await Deno.readTextFile(path("svg")), images.svg);
    assert.deepEqual(await Deno.readFile(path("pdf")), images.pdf);
    await saveFigure(outputs, "loss", FIGURE, null);
    for (const ending of ["png", "svg", "pdf"]) {
      assert.equal(await exists(path(ending)), false);
    }
  });
});

Deno.test({
  name:
    "saveFigure() draws a PNG at twice its size, an SVG and a PDF at its own",
  ignore: chromium === null,
  async fn() {
    await withOutputs(async (outputs) => {
      await saveFigure(outputs, "loss", FIGURE);
      const png = await Deno.readFile(join(outputs, "figures", "loss.png"));
      const { width, height } = FIGURE.layout;
      assert.deepEqual(pngSize(png), { width: 2 * width, height: 2 * height });
      const svg = await Deno.readTextFile(join(outputs, "figures", "loss.svg"));
      assert.match(
        svg,
        new RegExp(`^<svg [^>]*width="${width}" height="${height}"`),
      );
      assert.ok(svg.endsWith("</svg>"));
      const pdf = new TextDecoder("latin1").decode(
        await Deno.readFile(join(outputs, "figures", "loss.pdf")),
      );
      assert.ok(pdf.startsWith("%PDF-"));
      // A single page; 96 pixels are 72 points.
      const boxes = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
      assert.equal(boxes.length, 1);
      for (const [i, pixels] of [width, height].entries()) {
        assert.ok(Math.abs(Number(boxes[0][i + 1]) - pixels * 0.75) < 1);
      }
    });
  },
});

Deno.test("saving throws for a name that is no plain file name", async () => {
  for (const name of ["", "../x", "a/b", "a.b"]) {
    const message = "Cannot save a result: its name must be letters, digits, " +
      `- and _, got "${name}"`;
    await assert.rejects(saveTable("/none", name, TABLE), {
      name: "RangeError",
      message,
    });
    await assert.rejects(saveFigure("/none", name, FIGURE, null), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("saving and reading tell which file, and why", async () => {
  await withOutputs(async (outputs) => {
    const file = join(outputs, "file");
    await Deno.writeTextFile(file, "");
    await assert.rejects(saveTable(file, "x", TABLE), {
      message: /^Cannot write .*x\.json: /,
    });
    await assert.rejects(readTable(outputs, "x"), {
      message: /^Cannot read the table: .*x\.md: /,
    });
    await assert.rejects(readFigure(outputs, "x"), {
      message: /^Cannot read the figure: .*x\.json: /,
    });
  });
});
