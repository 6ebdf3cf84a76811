import assert from "node:assert/strict";
import { foldText, tableText } from "../../lib/report/table_text.ts";
import { table } from "../../lib/report/tables.ts";

const longest = (text: string) =>
  Math.max(...text.split("\n").map((line) => [...line].length));

Deno.test("tableText() lines columns up", () => {
  const text = tableText(table([{ name: "ä", n: 5 }, { name: "long", n: 12 }], {
    caption: "C",
    notes: ["N"],
  }));
  assert.equal(
    text,
    "C\n\nname   n\n────  ──\nä      5\nlong  12\n\nN",
  );
});

Deno.test("tableText() of no rows is the heading", () => {
  const empty = table([], { columns: ["a", "b"] });
  assert.equal(tableText(empty), "a  b\n─  ─");
  assert.equal(tableText(table([])), "");
});

Deno.test("tableText() folds headings and texts that are too wide, numbers never", () => {
  const rows = [{
    setting: "steps of embedding and head",
    "share in percent": 12_345.67,
  }];
  assert.equal(
    tableText(table(rows), 24),
    [
      "setting         share in",
      "                 percent",
      "─────────────  ─────────",
      "steps of       12,345.67",
      "embedding and",
      "head",
    ].join("\n"),
  );
});

Deno.test("tableText() puts columns that do not fit under each other, with the first again", () => {
  const row = (method: string) => ({
    method,
    ...Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`figure ${i}`, 10_000.25 + i]),
    ),
  });
  const text = tableText(table([row("Arch-LLM+ search"), row("Random")]));
  assert.ok(longest(text) <= 80, text);
  for (let i = 0; i < 12; i++) {
    assert.equal(
      text.split(`${(10_000.25 + i).toLocaleString("en")}`).length,
      3,
    );
  }
  const blocks = text.split("\n\n");
  assert.ok(blocks.length > 1);
  for (const block of blocks) assert.match(block, /Random/);
});

Deno.test("tableText() breaks a word that is longer than a line", () => {
  const word = "|avg_pool_3x3~0|+".repeat(12);
  const text = tableText(table([{ cell: word, n: 1 }]), 40);
  assert.ok(longest(text) <= 40, text);
  assert.equal(
    text.split("\n").slice(2).map((line) => line.split(/\s/)[0]).join(""),
    word,
  );
});

Deno.test("foldText() folds between words and indents what continues an item", () => {
  assert.equal(
    foldText("- one two three\nfour five\n\nsix", 10),
    "- one two\n  three\nfour five\n\nsix",
  );
  assert.equal(foldText("as it  is", 20), "as it  is");
});

Deno.test("tableText() has a text go on in the empty cells under it", () => {
  const rows = [
    { name: "Some words that are too long", n: 1 },
    { name: "", n: 2 },
    { name: "B", n: 3 },
  ];
  const [, ...lines] = tableText(table(rows), 20).split("─\n");
  assert.deepEqual(
    lines.join("").split("\n").map((line) => line.split(/ {2,}/)),
    [["Some words that", "1"], ["are too long", "2"], ["B", "3"]],
  );
});
