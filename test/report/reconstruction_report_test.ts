import assert from "node:assert/strict";
import { figureTitle } from "../../lib/report/figure.ts";
import type { ReconstructionRow } from "../../lib/models/vqvae/reconstruction.ts";
import {
  codebookUsageFigure,
  reconstructionFound,
  reconstructionTable,
  twinsDrawing,
  twinsText,
} from "../../lib/report/reconstruction_report.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

const space = getSpace("nasbench201");

function row(
  code: string,
  split: ReconstructionRow["split"],
  wholeGraph: number,
): ReconstructionRow {
  return {
    code,
    split,
    cells: 10,
    ops: 98,
    edges: 100,
    elementwise: 99,
    wholeGraph,
    usedCodes: 4,
    perplexity: 3.4,
  };
}

const ROWS = [
  row("Arch-LLM", "train", 80),
  row("Arch-LLM", "validation", 70),
  row("Arch-LLM+", "train", 100),
  row("Arch-LLM+", "validation", 90.5),
];

/** Two codes in equal use, and one alone, of four. */
const SEQUENCES = {
  "arch-llm": { codes: Int32Array.of(0, 3), length: 2, codebookSize: 4 },
  "arch-llm-plus": { codes: Int32Array.of(1, 1), length: 2, codebookSize: 4 },
};

Deno.test("codebookUsageFigure() counts the codes of sequences", () => {
  const figure = codebookUsageFigure(
    space,
    "arch-llm",
    SEQUENCES["arch-llm"],
  );
  assert.equal(
    figureTitle(figure),
    "Codebook usage, Arch-LLM, NAS-Bench-201: 2 of 4 codes, perplexity 2.0",
  );
  assert.deepEqual(figure.data[0].y, [50, 50]);
});

Deno.test("reconstructionTable() keeps the rows and names the readings", () => {
  const { rows, columns } = reconstructionTable(space, ROWS);
  assert.deepEqual(rows, ROWS);
  const texts = (title: string) =>
    columns.find((column) => column.title === title)?.texts;
  assert.deepEqual(texts("published reading (%)"), ["99", "99", "99", "99"]);
  assert.deepEqual(
    texts("strict reading (%)"),
    ["80.00", "70.00", "100.00", "90.50"],
  );
});

Deno.test("reconstructionFound() reads the validation rows, and the paper's where there is one", () => {
  const ours = [
    "- **Arch-LLM**: 70.00 % of the validation cells come back whole, 99.00 % by element. The training cells are written with 2 of 4 codes, of perplexity 2.",
    "- **Arch-LLM+**: 90.50 % of the validation cells come back whole, 99.00 % by element. The training cells are written with 1 of 4 codes, of perplexity 1.",
  ];
  assert.equal(
    reconstructionFound({ ...space, name: "another" }, ROWS, SEQUENCES),
    ours.join("\n"),
  );
  assert.equal(
    reconstructionFound(space, ROWS, SEQUENCES),
    [...ours, "- **The paper** reports 99.60 %, to be read by element."]
      .join("\n"),
  );
});

Deno.test("twinsText() tells the limit that twins set", () => {
  assert.equal(
    twinsText([{ cell: 5, nodes: [1, 2] }], 8),
    "1 of 8 validation cells (12.50 %) have twins: Arch-LLM can bring back at most 87.50 %.",
  );
});

Deno.test("twinsDrawing() draws a cell and what each code makes of it", async () => {
  const other = {
    codes: Int32Array.of(3, 1),
    graph: cellGraph(space.cells(), 7),
  };
  const decoded = {
    "arch-llm": other,
    "arch-llm-plus": { codes: Int32Array.of(2, 9), graph: other.graph },
  };
  const titles = async (cell: { cell: number; nodes?: [number, number] }) => {
    const { svg } = await twinsDrawing(space, cell, decoded);
    return [...svg.matchAll(/font-size="13.00"[^>]*>([^<]*)</g)]
      .map(([, title]) => title.replaceAll("&#45;", "-"));
  };
  const codes = ["Arch-LLM: 3 1", "Arch-LLM+: 2 9"];
  assert.deepEqual(await titles({ cell: 6, nodes: [1, 2] }), [
    "nodes 1 and 2 are twins",
    ...codes,
  ]);
  assert.deepEqual(await titles({ cell: 6 }), ["a validation cell", ...codes]);
});
