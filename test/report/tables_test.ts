import assert from "node:assert/strict";
import { fromCSV, table as arqueroTable } from "arquero";
import {
  table,
  tableCsv,
  tableHtml,
  tableMarkdown,
} from "../../lib/report/tables.ts";
import { tableLatex } from "../../lib/report/table_latex.ts";
import { tableText } from "../../lib/report/table_text.ts";

const ROWS = [
  { name: "a", count: 12345, rate: 0.5, tiny: 0.0003 },
  { name: "b", count: 3, rate: 12, tiny: null },
];

Deno.test("table() rounds, groups thousands and marks what is missing", () => {
  const { columns } = table(ROWS);
  assert.deepEqual(columns.map((column) => column.texts), [
    ["a", "b"],
    ["12,345", "3"],
    ["0.50", "12.00"],
    ["0.0003", "–"],
  ]);
  assert.deepEqual(columns.map((column) => column.align), [
    "left",
    "right",
    "right",
    "right",
  ]);
});

Deno.test("table() shows the columns it is asked for, as it is asked", () => {
  const { columns } = table(ROWS, {
    columns: [
      { key: "rate", title: "Rate (%)", digits: 1, align: "left" },
      {
        key: "none",
        format: (value, row) => `${value === undefined}${row.name}`,
      },
    ],
  });
  assert.deepEqual(
    columns.map(({ title, align, texts }) => [
      title,
      align,
      ...texts,
    ]),
    [
      ["Rate (%)", "left", "0.5", "12.0"],
      ["none", "left", "truea", "trueb"],
    ],
  );
});

Deno.test("a table of hundreds of rows is written whole in every format", () => {
  const long = table(Array.from({ length: 250 }, (_, at) => ({ at })));
  const rows = (text: string, row: RegExp) => text.match(row)?.length;
  assert.equal(rows(tableMarkdown(long), /^\|\d+\|$/gm), 250);
  assert.equal(rows(tableHtml(long), /<tr/g), 251);
  assert.equal(rows(tableCsv(long), /^\d+$/gm), 250);
  assert.equal(rows(tableText(long), /^ *\d+ *$/gm), 250);
  assert.equal(rows(tableLatex(long, "long"), /^ *\d+ *\\\\/gm), 250);
});

Deno.test("table() takes an Arquero table", () => {
  const { rows, columns } = table(arqueroTable({ a: [1, 2], b: ["x", "y"] }));
  assert.deepEqual(rows, [{ a: 1, b: "x" }, { a: 2, b: "y" }]);
  assert.deepEqual(columns.map((column) => column.title), ["a", "b"]);
});

Deno.test("table() throws when two columns have one title", () => {
  assert.throws(
    () => table(ROWS, { columns: ["name", { key: "rate", title: "name" }] }),
    {
      name: "RangeError",
      message:
        "Cannot make a table: titles of columns must differ, got name twice",
    },
  );
});

Deno.test("tableCsv() gives back every value unrounded", () => {
  const rows = [
    { method: 'a "b", c', value: 0.1 + 0.2, extra: null },
    { method: "line\nbreak", value: 1e-12, extra: 5 },
  ];
  const csv = tableCsv(table(rows, { columns: ["method"] }));
  assert.deepEqual(fromCSV(csv).objects(), rows);
  // A value that is not a number is missing, not a word.
  assert.equal(tableCsv(table([{ a: NaN, b: 1 }])), "a,b\n,1\n");
});

Deno.test("tableCsv() keeps the order of columns whose names are numbers", () => {
  const csv = tableCsv(table([{ name: "x", 1: 5 }], {
    columns: ["name", "1"],
  }));
  assert.equal(csv, "1,name\n5,x\n"); // in the order JavaScript keeps keys
  const markdown = tableMarkdown(table([{ name: "x", 1: 5 }], {
    columns: ["name", "1"],
  }));
  assert.equal(markdown.split("\n")[0], "|name|1|");
});

Deno.test("tableMarkdown() escapes markup and writes caption, bold and notes", () => {
  const markdown = tableMarkdown(
    table([{ method: "A*|B_<i>", "x|y": 1.5 }], {
      caption: "Table *1*",
      notes: ["first\nnote", "second"],
      bold: (row, key) => key === "x|y" && row[key] === 1.5,
    }),
  );
  assert.equal(
    markdown,
    [
      "**Table \\*1\\***",
      "",
      "|method|x\\|y|",
      "|:-|-:|",
      "|A\\*\\|B\\_\\<i\\>|**1.50**|",
      "",
      "- first note",
      "- second",
      "",
    ].join("\n"),
  );
});

Deno.test("tableHtml() escapes caption, headings, cells and notes", () => {
  const bad = "<script>alert('&')</script>";
  const html = tableHtml(
    table([{ [bad]: bad }], { caption: bad, notes: [bad] }),
  );
  assert.ok(!html.includes("<script"));
  assert.equal(html.match(/&lt;script&gt;alert/g)?.length, 4);
});

Deno.test("tableHtml() makes cells bold and draws rules", () => {
  const html = tableHtml(table([{ a: 1 }, { a: 2 }, { a: 3 }], {
    bold: (row) => row.a === 2,
    rules: [1],
  }));
  const cells = html.match(/<td[^>]*>/g)!;
  assert.deepEqual(cells.map((cell) => cell.includes("font-weight:700")), [
    false,
    true,
    false,
  ]);
  assert.deepEqual(cells.map((cell) => cell.includes("border-top:")), [
    false,
    true,
    false,
  ]);
});

Deno.test("a table without rows is written all the same", () => {
  const empty = table([], { columns: ["a", "b"] });
  assert.equal(tableMarkdown(empty), "|a|b|\n|:-|:-|\n");
  assert.match(tableHtml(empty), /<tbody><\/tbody>/);
});
