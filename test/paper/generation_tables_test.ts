import assert from "node:assert/strict";
import {
  generationTableNumber,
  PAPER_TABLE_1,
  PAPER_TABLE_2,
  publishedPermutations,
  publishedRows,
} from "../../lib/paper/generation_tables.ts";

Deno.test("publishedRows() gives the table of the space", () => {
  assert.equal(publishedRows("nasbench101"), PAPER_TABLE_1);
  assert.equal(publishedRows("nasbench201"), PAPER_TABLE_2);
});

Deno.test("a space that the paper does not have has no rows, no number, no permutations", () => {
  assert.deepEqual(publishedRows("another"), []);
  assert.equal(generationTableNumber("another"), null);
  assert.equal(publishedPermutations("another"), null);
  assert.deepEqual(
    ["nasbench101", "nasbench201"].map(generationTableNumber),
    [1, 2],
  );
  assert.equal(publishedPermutations("nasbench101")?.duplicated, 47);
  assert.equal(publishedPermutations("nasbench201"), null);
});

Deno.test("the tables have the paper's rows in its order", () => {
  assert.deepEqual(
    PAPER_TABLE_1.map(({ method }) => method),
    [
      "D-VAE*",
      "DGMG*",
      "SVGe*",
      "Arch2Vec",
      "Arch-LLM t=0.7",
      "Arch-LLM t=1.8",
    ],
  );
  assert.deepEqual(
    PAPER_TABLE_2.map(({ method, temperature }) => [method, temperature]),
    [
      ["DGMG*", undefined],
      ["SVGe*", undefined],
      ["Arch2Vec", undefined],
      ["Arch-LLM t=1.8", 1.8],
      ["Arch-LLM t=2.0", 2.0],
    ],
  );
});

Deno.test("the last row of Table 2 is as printed", () => {
  assert.deepEqual(PAPER_TABLE_2.at(-1), {
    method: "Arch-LLM t=2.0",
    source: "paper",
    mode: "paper",
    reconstruction: 99.60,
    validity: 84.10,
    uniqueness: 90.30,
    absoluteUniqueness: 75.94,
    novelty: 50.83,
    absoluteNovelty: 42.75,
    samples: 10_000,
    temperature: 2.0,
  });
});

Deno.test("all rows follow the paper's formula, except the two whose note says otherwise", () => {
  const breaking: string[] = [];
  for (const [i, table] of [PAPER_TABLE_1, PAPER_TABLE_2].entries()) {
    for (const row of table) {
      const off = (printed: number, conditional: number) =>
        Math.abs(printed - row.validity * conditional / 100) > 0.015;
      const breaks = off(row.absoluteUniqueness, row.uniqueness) ||
        off(row.absoluteNovelty, row.novelty);
      if (breaks) breaking.push(`${i + 1} ${row.method}`);
      const noted = row.note?.includes("formula") ?? false;
      assert.equal(noted, breaks, row.method);
    }
  }
  assert.deepEqual(breaking, ["2 DGMG*", "2 SVGe*"]);
});
