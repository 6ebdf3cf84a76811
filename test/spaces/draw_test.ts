import assert from "node:assert/strict";
import { drawCell, drawCells } from "../../lib/spaces/draw.ts";
import type { Graph } from "../../lib/spaces/graph.ts";
import { parseArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { flipped } from "./_graphs.ts";

const SPACE = getSpace("nasbench201");
const CELL = parseArch(
  "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|none~1|skip_connect~2|",
);

/** What is written in a drawing, sorted. */
function words(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)]
    .map(([, text]) => text).sort();
}

Deno.test("drawCell() draws a cell as four feature maps and six operations", async () => {
  const svg = await drawCell(SPACE, CELL);
  assert.match(svg, /^<svg [^]*<\/svg>$/);
  assert.deepEqual(
    words(svg),
    ["1", "2", "in", "out"].concat(
      ["avg pool 3×3", "conv 1×1", "conv 3×3", "none", "skip", "skip"],
    ).sort(),
  );
  assert.equal(svg.match(/stroke-dasharray/g)!.length, 3); // `none`: box, two lines
  assert.doesNotMatch(svg, / id="|<title>|<!--/);
});

Deno.test("drawCell() draws any other graph with its operations as nodes", async () => {
  const svg = await drawCell(SPACE, flipped(CELL, "0→1"));
  assert.equal(words(svg).length, 8);
  assert.ok(words(svg).includes("input") && words(svg).includes("output"));
  assert.equal(svg.match(/<g class="edge">/g)!.length, 9);
});

Deno.test("drawCell() tells what stands for which row where asked to", async () => {
  /** The first word drawn for each row. */
  const labels = async (graph: Graph) => {
    const svg = await drawCell(SPACE, graph, { rows: true });
    return Array.from(
      graph.ops,
      (_, row) =>
        new RegExp(`<g class="node row${row}">[^]*?<text [^>]*>([^<]*)<`)
          .exec(svg)?.[1],
    );
  };
  // deno-fmt-ignore
  assert.deepEqual(await labels(CELL), [
    "in", "avg pool 3×3", "conv 1×1", "skip", "conv 3×3", "none", "skip", "out",
  ]);
  // deno-fmt-ignore
  assert.deepEqual(await labels(flipped(CELL, "0→1")), [
    "input", "avg pool 3×3", "conv 1×1", "skip", "conv 3×3", "none", "skip", "output",
  ]);
  assert.doesNotMatch(await drawCell(SPACE, CELL), /row\d/);
});

Deno.test("drawCell() gives the same text for the same graph", async () => {
  assert.equal(await drawCell(SPACE, CELL), await drawCell(SPACE, CELL));
});

Deno.test("drawCell() writes the title as it is", async () => {
  const svg = await drawCell(SPACE, CELL, { title: 'a &lt; <"\\N">' });
  assert.ok(svg.includes("a &amp;lt; &lt;&quot;\\N&quot;&gt;"), words(svg)[0]);
});

Deno.test("drawCells() places each cell in its column and row", async () => {
  const svg = await drawCells(SPACE, [CELL, CELL, CELL], {
    columns: 2,
    titles: ["first", "second", "third"],
  });
  const places = [...svg.matchAll(/<svg x="([\d.]+)" y="([\d.]+)"/g)]
    .map(([, x, y]) => [+x, +y]);
  assert.equal(places.length, 3);
  assert.equal(places[0][0], places[2][0]);
  assert.equal(places[0][1], places[1][1]);
  assert.ok(places[1][0] > places[0][0] && places[2][1] > places[0][1]);
  assert.ok(words(svg).includes("third"));
});

Deno.test("drawCells() refuses no cells, no columns, missing titles", async () => {
  const cases: [() => Promise<string>, string][] = [
    [() => drawCells(SPACE, []), "there must be at least one, got 0"],
    [
      () => drawCells(SPACE, [CELL], { columns: 0 }),
      "columns must be a positive integer, got 0",
    ],
    [
      () => drawCells(SPACE, [CELL], { titles: [] }),
      "titles must be one for each of 1 cells, got 0",
    ],
  ];
  for (const [draw, problem] of cases) {
    await assert.rejects(
      draw,
      new RangeError(`Cannot draw cells: ${problem}`),
    );
  }
});
