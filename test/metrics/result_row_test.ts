import assert from "node:assert/strict";
import { measureGeneration } from "../../lib/metrics/generation.ts";
import { measuredRow } from "../../lib/metrics/result_row.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

const SPACE = getSpace("nasbench201");
const CELL = cellGraph(SPACE.cells(), 7);
const RECONSTRUCTION = {
  cells: 10,
  ops: 99,
  edges: 97,
  elementwise: 98,
  wholeGraph: 90,
};

Deno.test("measuredRow() takes the reconstruction that its mode means", () => {
  const row = (mode: "paper" | "strict") =>
    measuredRow("ours", {
      reconstruction: RECONSTRUCTION,
      generation: measureGeneration(
        SPACE,
        [CELL, CELL, CELL, "wrong length"],
        mode,
        new Set(),
      ),
    }, { temperature: 1.2, topK: null, seed: 3, cut: false });
  // 3 of 4 valid, all the same cell and none of them known.
  assert.deepEqual(row("strict"), {
    method: "ours",
    source: "measured",
    mode: "strict",
    reconstruction: 90,
    validity: 75,
    uniqueness: 100 / 3,
    absoluteUniqueness: 25,
    novelty: 100,
    absoluteNovelty: 75,
    // By structure it is that of a training cell: itself.
    structureUniqueness: 100 / 3,
    structureAbsoluteUniqueness: 25,
    structureNovelty: 0,
    structureAbsoluteNovelty: 0,
    samples: 4,
    temperature: 1.2,
    topK: null,
    seed: 3,
    cut: false,
  });
  assert.equal(row("paper").reconstruction, 98);
  assert.equal(row("paper").mode, "paper");
  assert.equal("structureNovelty" in row("paper"), false);
});
