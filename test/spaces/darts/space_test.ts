import assert from "node:assert/strict";
import { Random } from "../../../lib/core/random.ts";
import { cellOf } from "../../../lib/spaces/cell.ts";
import {
  cellOfOperations,
  DARTS_OPS,
  INNER_OPS,
  invalidReason,
} from "../../../lib/spaces/darts/cells.ts";
import { cellCost } from "../../../lib/spaces/darts/cost.ts";
import {
  formatGenotype,
  readGenotype,
} from "../../../lib/spaces/darts/genotype.ts";
import {
  CELL_COUNT,
  CELL_COUNT_OF_SEVEN,
  cellKey,
} from "../../../lib/spaces/darts/key.ts";
import {
  anyCell,
  MOST_MULTIPLY_ADDS,
} from "../../../lib/spaces/darts/sampling.ts";
import { dartsSpace } from "../../../lib/spaces/darts/space.ts";
import { drawCell } from "../../../lib/spaces/draw.ts";
import { getSpace } from "../../../lib/spaces/registry.ts";
import { type Graph, hasEdge } from "../../../lib/spaces/graph.ts";
import { readCell } from "../../../lib/spaces/notations.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { neighbours } from "../../../lib/search/neighbours.ts";

const SPACE = dartsSpace(2_000);
await SPACE.prepare();

/** The cell that DARTS found second, as its code has it. */
const DARTS_V2 =
  "DARTS_V2 = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))";

/** The pairs of sources of a node that has so many before it. */
const pairs = (sources: number) =>
  Array.from({ length: sources }, (_, a) => a)
    .flatMap((a) =>
      Array.from({ length: sources - a - 1 }, (_, i) => [a, a + 1 + i])
    );
/** The sources of all structures, `[180][8]`. */
const STRUCTURES = pairs(2).flatMap((a) =>
  pairs(3).flatMap((b) =>
    pairs(4).flatMap((c) => pairs(5).map((d) => [...a, ...b, ...c, ...d]))
  )
);
/** The cell of a structure whose operations are the digits of a number. */
const labelled = (sources: readonly number[], number: number, digits: number) =>
  cellOfOperations(sources.map((source, i) => ({
    source,
    op: INNER_OPS[Math.floor(number / digits ** i) % digits],
  })));

Deno.test("cellKey() tells 74 of 180 cells of one operation apart, 14,235 of 46,080 of two, as hashes do", () => {
  assert.equal(STRUCTURES.length, 180);
  const keys = STRUCTURES.map((sources) => cellKey(labelled(sources, 0, 1)));
  const hashes = STRUCTURES.map((sources) =>
    SPACE.rawKey(labelled(sources, 0, 1))
  );
  assert.equal(new Set(keys).size, 74);
  assert.equal(new Set(hashes).size, 74);
  assert.equal(new Set(keys.map((key, i) => key + hashes[i])).size, 74);
  const ofTwo = new Set<string>();
  for (const sources of STRUCTURES) {
    for (let number = 0; number < 256; number++) {
      ofTwo.add(cellKey(labelled(sources, number, 2)));
    }
  }
  assert.equal(ofTwo.size, 14_235);
});

/** How many ways there are to colour the operations of a graph, by Burnside's lemma. */
function colourings({ incoming }: Graph, colours: number): number {
  let symmetries = 0, fixed = 0;
  const image = [0, 1];
  const place = (node: number) => {
    if (node === 10) {
      symmetries++;
      const left = new Set(image.keys().filter((v) => v >= 2));
      for (const start of left) {
        for (let v = image[start]; v !== start; v = image[v]) left.delete(v);
      }
      fixed += colours ** left.size;
      return;
    }
    let wanted = 0;
    for (let from = 0; from < node; from++) {
      if (hasEdge({ incoming }, from, node)) wanted |= 1 << image[from];
    }
    for (let to = 2; to < 10; to++) {
      if (image.includes(to) || incoming[to] !== wanted) continue;
      image.push(to);
      place(node + 1);
      image.pop();
    }
  };
  place(2);
  return fixed / symmetries;
}

Deno.test("the space has 796,255,716 different cells, counted by the symmetries of its structures", () => {
  const structures = new Map(
    STRUCTURES.map((sources) => labelled(sources, 0, 1))
      .map((graph) => [cellKey(graph), graph]),
  );
  const count = (colours: number) =>
    structures.values().reduce((sum, g) => sum + colourings(g, colours), 0);
  assert.equal(count(1), 74);
  assert.equal(count(2), 14_235);
  assert.equal(count(8), CELL_COUNT);
  assert.equal(count(7), CELL_COUNT_OF_SEVEN);
});

Deno.test("invalidReason() names what is wrong in either reading", () => {
  const cell = labelled([0, 1, 0, 2, 2, 3, 3, 4], 0, 1);
  const { ops, incoming } = cell;
  const into = (node: number, edges: number) => ({
    ops,
    incoming: incoming.with(node, edges),
  });
  const be = (node: number, op: number) => ({
    ops: ops.with(node, op),
    incoming,
  });
  const cases: [Graph, paper: string | null, strict: string | null][] = [
    [cell, null, null],
    [{ ops: ops.slice(1), incoming: incoming.slice(1) }, ...both("not eleven")],
    [be(1, 0), ...both("first ops not inputs")],
    [be(10, 4), ...both("last op not output")],
    [be(5, 1), ...both("inner input or output")],
    [be(5, 10), ...both("inner input or output")],
    [into(4, 0), ...both("operation not fed")],
    // Its only edge is from its own block.
    [into(5, 0b10000), ...both("operation not fed")],
    [into(1, 1), null, "inputs fed"],
    [into(4, 0b11), null, "not one source"],
    [into(5, 0b100), null, "not one source"],
    [into(6, 0b1101), null, "not one source"],
    [into(5, 0b1), null, "same source twice"],
    [into(10, 0b11_1111_1000), null, "output off template"],
    [into(10, 0b11_1111_1110), null, "output off template"],
  ];
  function both(reason: string): [string, string] {
    return [reason, reason];
  }
  for (const [graph, paper, strict] of cases) {
    for (const [mode, reason] of Object.entries({ paper, strict })) {
      const got = invalidReason(graph, mode as "paper" | "strict");
      if (reason === null) assert.equal(got, null);
      else assert.ok(got?.startsWith(reason), `${got} for ${reason}`);
    }
  }
});

Deno.test("the sample is different cells below 600 million multiply-adds, the same every time", () => {
  const table = SPACE.cells();
  const graphs = Array.from(
    { length: table.count },
    (_, i) => cellGraph(table, i),
  );
  assert.equal(new Set(graphs.map(cellKey)).size, 2_000);
  for (const graph of graphs) {
    assert.equal(invalidReason(graph, "strict"), null);
    assert.ok(cellCost(graph).multiplyAdds < MOST_MULTIPLY_ADDS);
  }
  assert.equal(
    SPACE.describe(graphs[0]),
    "none(1) + dil_conv_3x3(0) | dil_conv_3x3(0) + none(1) | none(0) + max_pool_3x3(2) | sep_conv_5x5(0) + dil_conv_3x3(2)",
  );
  assert.equal(SPACE.split().train.length, 1_800);
});

Deno.test("darts7 is the space without none: sample, random cells, steps and validity", async () => {
  const seven = getSpace("darts7-1000");
  await seven.prepare();
  assert.equal(seven.name, "darts7-1000");
  const none = DARTS_OPS.indexOf("none");
  const random = Random.fromSeed(3);
  for (let i = 0; i < 1_000; i++) {
    const cell = cellGraph(seven.cells(), i);
    assert.equal(seven.invalidReason(cell, "strict"), null);
    assert.ok(!cell.ops.includes(none));
    assert.ok(!seven.randomCell!(random).ops.includes(none));
  }
  const cell = cellGraph(seven.cells(), 0);
  for (const { graph } of neighbours(seven, cellOf(seven, cell)!)) {
    assert.ok(!graph.ops.includes(none));
  }
  const other = { ops: cell.ops.with(5, none), incoming: cell.incoming };
  for (const mode of ["paper", "strict"] as const) {
    assert.equal(SPACE.invalidReason(other, mode), null);
    const reason = seven.invalidReason(other, mode);
    assert.equal(reason, "operation none");
    assert.ok(reason in seven.invalidReasons);
  }
});

Deno.test("anyCell() draws operations and pairs of sources evenly", () => {
  const random = Random.fromSeed(5);
  const ops = new Map<number, number>(), last = new Map<string, number>();
  for (let i = 0; i < 4_000; i++) {
    const { ops: drawn, incoming } = anyCell(random, INNER_OPS);
    ops.set(drawn[9], (ops.get(drawn[9]) ?? 0) + 1);
    const pair = `${incoming[8]},${incoming[9]}`;
    last.set(pair, (last.get(pair) ?? 0) + 1);
  }
  // Of 4,000 draws 500 ± 21 have each of 8 operations, 200 ± 14 each of 20 pairs in order.
  assert.equal(ops.size, 8);
  assert.equal(last.size, 20);
  for (const count of ops.values()) assert.ok(Math.abs(count - 500) < 105);
  for (const count of last.values()) assert.ok(Math.abs(count - 200) < 70);
});

/** From test/fixtures/make_darts_costs.py: networks that PyTorch built. */
const BUILT: [genotype: string, parameters: number, multiplyAdds: number][] = [
  [DARTS_V2, 5_353_792, 579_670_464],
  [
    '[["none", 0], ["max_pool_3x3", 1], ["avg_pool_3x3", 2], ["sep_conv_5x5", 0], ["dil_conv_5x5", 3], ["skip_connect", 2], ["skip_connect", 1], ["dil_conv_3x3", 4]]',
    3_582_496,
    394_662_144,
  ],
  [
    '[["skip_connect", 0], ["skip_connect", 1], ["skip_connect", 2], ["none", 0], ["dil_conv_5x5", 0], ["dil_conv_3x3", 1], ["sep_conv_5x5", 4], ["sep_conv_3x3", 1]]',
    4_144_288,
    454_101_888,
  ],
];

Deno.test("cellCost() is what the networks have that PyTorch builds", () => {
  for (const [genotype, parameters, multiplyAdds] of BUILT) {
    assert.deepEqual(cellCost(readGenotype(genotype)), {
      parameters,
      multiplyAdds,
    });
  }
});

Deno.test("a genotype is read as it is pasted, its cells by name", () => {
  const { notations } = SPACE;
  const normal = readCell(DARTS_V2, notations!);
  assert.equal(
    SPACE.describe(normal),
    "sep_conv_3x3(0) + sep_conv_3x3(1) | sep_conv_3x3(0) + sep_conv_3x3(1) | sep_conv_3x3(1) + skip_connect(0) | skip_connect(0) + dil_conv_3x3(2)",
  );
  const reduction = readGenotype(DARTS_V2, "reduce");
  assert.equal(
    SPACE.describe(reduction),
    "max_pool_3x3(0) + max_pool_3x3(1) | skip_connect(2) + max_pool_3x3(1) | max_pool_3x3(0) + skip_connect(2) | skip_connect(2) + max_pool_3x3(1)",
  );
  const written = formatGenotype(normal);
  assert.deepEqual(readGenotype(written), normal);
  assert.deepEqual(readGenotype(written, "reduce"), normal);
  const json = {
    normal: [..."12345678"].map((_, i) => [
      DARTS_OPS[6],
      [0, 1, 0, 1, 2, 3, 0, 4][i],
    ]),
  };
  assert.equal(
    SPACE.key(readCell(json, notations!)),
    SPACE.key(readCell(json.normal, notations!)),
  );
});

Deno.test("what is no genotype of the space is refused in a sentence", () => {
  const wrong: [value: unknown, message: RegExp][] = [
    ["Genotype(normal=[", /must be of the form Genotype/],
    [
      DARTS_V2.replace("normal_concat=[2, 3", "normal_concat=[3"),
      /normal_concat/,
    ],
    [DARTS_V2.replace("sep_conv_3x3", "sep_conv_7x7"), /pair 0 .* one of none/],
    [
      DARTS_V2.replace("('sep_conv_3x3', 0)", "('sep_conv_3x3', 2)"),
      /from 0 to 1/,
    ],
    [{ normal: [] }, /must be 8 pairs/],
    [3, /must be Genotype/],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => readGenotype(value), {
      name: "SyntaxError",
      message,
    });
  }
  const twice = readGenotype(
    DARTS_V2.replace("('sep_conv_3x3', 1)", "('sep_conv_3x3', 0)"),
  );
  assert.equal(cellOf(SPACE, twice), null);
  assert.throws(() => formatGenotype(twice), {
    name: "RangeError",
    message: /the same source/,
  });
});

Deno.test("neighbours() change one operation or one source", () => {
  const cell = cellOf(SPACE, cellGraph(SPACE.cells(), 3))!;
  const near = neighbours(SPACE, cell);
  // 56 other operations; sources: 0 for block 0, 2 for block 1, 4 and 6 for the others.
  assert.ok(near.length > 56 && near.length <= 68, `${near.length}`);
  for (const { graph } of near) {
    assert.equal(invalidReason(graph, "strict"), null);
  }
});

Deno.test("drawCell() names inputs and operations as people write them", async () => {
  const svg = await drawCell(SPACE, readGenotype(DARTS_V2));
  const count = (label: string) => svg.split(`>${label}</text>`).length - 1;
  assert.deepEqual(
    ["c k−2", "c k−1", "sep 3×3", "skip", "dil 3×3", "output"].map(count),
    [1, 1, 5, 2, 1, 1],
  );
});
