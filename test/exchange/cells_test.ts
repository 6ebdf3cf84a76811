import assert from "node:assert/strict";
import { join } from "node:path";
import { cellValues, formatOfName } from "../../lib/exchange/cell_values.ts";
import { readCells } from "../../lib/exchange/read_cells.ts";
import {
  WRITTEN_FORMATS,
  type WrittenCell,
  writtenCells,
} from "../../lib/exchange/write_cells.ts";
import { Random } from "../../lib/core/random.ts";
import { getNotation } from "../../lib/spaces/notations.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const space = getSpace("nasbench201");

/** A text in pieces of random lengths. */
async function* pieces(text: string, random: Random): AsyncGenerator<string> {
  for (let at = 0; at < text.length;) {
    const size = 1 + random.integer(7);
    yield text.slice(at, at + size);
    at += size;
  }
}

async function values(
  text: string,
  format: Parameters<typeof cellValues>[1],
  options: { column?: string } = {},
): Promise<unknown[]> {
  const found: unknown[] = [];
  const random = Random.fromSeed(text.length);
  for await (
    const { value } of cellValues(pieces(text, random), format, options)
  ) found.push(value);
  return found;
}

Deno.test("cellValues() reads lines, of text and of JSON", async () => {
  assert.deepEqual(
    await values(
      '\ufeffa|b\r\n\n{"ops": [1]}\n[1, 2]\n"12"\nnull\n 12',
      "lines",
    ),
    ["a|b", { ops: [1] }, [1, 2], "12", null, "12"],
  );
});

Deno.test("cellValues() reads the entries of a JSON array, wherever its text is cut", async () => {
  const entries = ['a,]\\"[', { m: [[0, 1], []] }, 12, null, [], "é"];
  for (const space of [0, 2]) {
    const text = JSON.stringify(entries, null, space);
    assert.deepEqual(await values(`\ufeff ${text}\n`, "json"), entries);
  }
  assert.deepEqual(await values("[]", "json"), []);
  for (
    const [text, message] of [
      ["[1, 2", /whole JSON array, got its end after entry 1/],
      ["{}", /one JSON array/],
      ["[1] [2]", /one JSON array/],
      ["[1] x", /one JSON array, got "x"/],
      ["[1]]", /one JSON array, got "]"/],
      ['[1]"', /one JSON array/],
      ["x [1]", /one JSON array/],
      ["[1,,2]", /entry 2 must be JSON/],
      ["[nan]", /entry 1 must be JSON/],
      ['[{"a": 1, "a": 2}]', /entry 1 must be JSON.*twice/],
      ["", /end after entry 0/],
    ] as const
  ) await assert.rejects(values(text, "json"), message, text);
});

Deno.test("cellValues() reads a column of a table, or a matrix and operations", async () => {
  assert.deepEqual(
    await values('n,arch\n1,"a,""b"""\n2,\n3,x\n', "csv"),
    ['a,"b"', null, "x"],
  );
  assert.deepEqual(await values("only\na\nb", "csv"), ["a", "b"]);
  assert.deepEqual(
    await values("p,q\na,b\n", "csv", { column: "q" }),
    ["b"],
  );
  assert.deepEqual(
    await values('matrix,ops\n"[[0,1],[0,0]]","[""x""]"\n', "csv"),
    [{ matrix: [[0, 1], [0, 0]], ops: ["x"] }],
  );
  for (
    const [text, column, message] of [
      ["p,q\n", undefined, /line 1 must name a column of cells/],
      ["p,q\n", "arch", /line 1 must name the column arch, got p, q/],
      ["cell,q\na\n", undefined, /line 2 must have 2 values, got 1/],
      ['cell,q\n"a,b\n', undefined, /line 2 must be CSV/],
    ] as const
  ) await assert.rejects(values(text, "csv", { column }), message, text);
});

Deno.test("formatOfName() goes by the ending", () => {
  assert.deepEqual(
    ["a.json", "a.csv.gz", "a.CSV", "a.txt", "json"].map(formatOfName),
    ["json", "csv", "csv", "lines", "lines"],
  );
});

const CELLS: WrittenCell[] = [0, 1, 8_000, 15_624].map((i) => ({
  graph: cellGraph(space.cells(), i),
  known: { index: i, accuracy: i === 1 ? null : 0.5, 'a "name"': "<&>" },
}));

Deno.test("what is written as lines, JSON or CSV is read again, in each notation", () =>
  withFolder(async (folder) => {
    for (const notation of ["arch", "naslib", "genius", "matrix"]) {
      for (const format of ["lines", "json", "csv"] as const) {
        const path = join(folder, `cells.${format}`);
        const text = [
          ...writtenCells(CELLS, space, format, getNotation(space, notation)),
        ].join("");
        await Deno.writeTextFile(path, text);
        const read = await Array.fromAsync(readCells(path, space));
        assert.deepEqual(
          read,
          CELLS.map(({ graph }) => graph),
          `${notation} ${format}`,
        );
      }
    }
  }));

Deno.test("readCells() says which line is wrong", () =>
  withFolder(async (folder) => {
    const path = join(folder, "cells.txt");
    await Deno.writeTextFile(path, "231402\n\n999999\n");
    await assert.rejects(
      Array.fromAsync(readCells(path, space)),
      /^SyntaxError: Cannot read the cells of cells\.txt: line 3: a cell must be of a form/,
    );
    await assert.rejects(
      Array.fromAsync(readCells(join(folder, "none"), space)),
      /none/,
    );
    await Deno.writeTextFile(path, "12\n");
    const [graph] = await Array.fromAsync(
      readCells(path, space, { notation: "index" }),
    );
    assert.deepEqual(graph, cellGraph(space.cells(), 12));
  }));

Deno.test("GraphML and DOT hold operations, edges and what is known", () => {
  const [graphml, dot] = (["graphml", "dot"] as const).map((format) =>
    [...writtenCells(
      CELLS.slice(0, 2),
      space,
      format,
      getNotation(space, "arch"),
    )]
      .join("")
  );
  assert.equal(graphml.match(/<graph /g)?.length, 2);
  assert.equal(graphml.match(/<edge /g)?.length, 20);
  assert.match(graphml, /attr\.name="a &quot;name&quot;" attr\.type="string"/);
  assert.equal(graphml.match(/<data key="g1">0\.5</g)?.length, 1);
  assert.equal(graphml.match(/&lt;&amp;&gt;/g)?.length, 2);
  assert.equal(dot.match(/^digraph /gm)?.length, 2);
  assert.equal(dot.match(/->/g)?.length, 20);
});

Deno.test("a notation that is only read is not written, and nothing is nothing", () => {
  assert.throws(
    () => [
      ...writtenCells(CELLS, space, "lines", getNotation(space, "one-hot")),
    ],
    /^RangeError: Cannot write cells: the notation must be one that is written, got one-hot/,
  );
  const nothing = WRITTEN_FORMATS.map((format) =>
    [...writtenCells([], space, format, getNotation(space, "arch"))].join("")
  );
  assert.deepEqual(nothing, ["", "[\n]\n", "", "", ""]);
});
