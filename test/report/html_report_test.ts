import assert from "node:assert/strict";
import { join } from "node:path";
import { lineChart } from "../../lib/report/charts.ts";
import {
  readSections,
  reportHtml,
  writeReport,
} from "../../lib/report/html_report.ts";
import { saveFigure, saveTable } from "../../lib/report/save.ts";
import { table } from "../../lib/report/tables.ts";

const FIGURE = {
  ...lineChart([{ name: "a", x: [1, 2], y: [2, 1] }], {
    title: "Loss",
    x: "epoch",
    y: "loss (nats)",
  }),
  caption: "<caption>",
};
const TABLE = table([{ method: "<m>", value: 1.5 }], { caption: "Table 2" });
const REPORT = {
  title: "A <report>",
  intro: "Some **text**.",
  sections: [
    { title: "Results", tables: [TABLE, "|a|\n|-|\n|1|"], figures: [FIGURE] },
    { title: "More", markdown: "- x", html: "<svg></svg>", figures: [FIGURE] },
  ],
  manifest: { seed: 0, git: null, versions: { deno: "2" }, list: [1, 2] },
};

Deno.test("reportHtml() holds every part in order, and Plotly once", () => {
  const html = reportHtml(REPORT, "PLOTLY");
  let at = 0;
  for (
    const part of [
      "A &lt;report&gt;",
      "PLOTLY",
      "Some <strong>text</strong>.",
      'href="#section-2"',
      "Results",
      "&lt;m&gt;",
      '<td style="text-align:left">1</td>',
      'id="figure-1-1"',
      "&lt;caption&gt;",
      "More",
      "<ul><li>x</li></ul>",
      "<svg></svg>",
      'id="figure-2-1"',
      "seed",
      "deno",
      "1, 2",
    ]
  ) {
    const found = html.indexOf(part, at);
    assert.ok(found >= 0, `${part} after ${at}`);
    at = found;
  }
  assert.equal(html.split("PLOTLY").length, 2);
});

Deno.test("reportHtml() needs nothing but itself", () => {
  const html = reportHtml(REPORT, "");
  assert.ok(
    !/<(link|img|iframe)\b|<script[^>]*\ssrc=|@import|url\(/.test(html),
  );
});

Deno.test("reportHtml() keeps the library from ending its script", () => {
  const html = reportHtml(
    { ...REPORT, sections: [] },
    'const a = "</script>";',
  );
  assert.equal(html.match(/<\/script>/g)?.length, 1);
});

Deno.test("writeReport() writes what was saved, in the order of a plan", async () => {
  const outputs = await Deno.makeTempDir();
  try {
    await saveTable(outputs, "table2", TABLE);
    await saveFigure(outputs, "loss", FIGURE, null);
    const sections = await readSections(outputs, [
      { title: "Figures", markdown: "Text.", figures: ["loss"] },
      { title: "Tables", tables: ["table2"] },
    ]);
    assert.deepEqual(sections[0].figures, [FIGURE]);
    const path = join(outputs, "report.html");
    await writeReport({ ...REPORT, sections }, path);
    const html = await Deno.readTextFile(path);
    assert.ok(html.indexOf('id="figure-1-1"') < html.indexOf("Table 2"));
    assert.ok(html.length < 3_000_000);
    assert.ok(html.includes("Plotly.newPlot"));
    await assert.rejects(
      readSections(outputs, [{ title: "x", tables: ["none"] }]),
      { message: /^Cannot read the table: / },
    );
  } finally {
    await Deno.remove(outputs, { recursive: true });
  }
});
