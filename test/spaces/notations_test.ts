import assert from "node:assert/strict";
import { edgePairs, type Graph, graphOf } from "../../lib/spaces/graph.ts";
import {
  getNotation,
  notationsOf,
  readCell,
} from "../../lib/spaces/notations.ts";
import { formatArch } from "../../lib/spaces/nasbench201/arch.ts";
import { getSpace, SPACES } from "../../lib/spaces/registry.ts";
import { cellGraph } from "../../lib/spaces/space.ts";

const NB101 = getSpace("nasbench101"), NB201 = getSpace("nasbench201");
await NB101.prepare();

const read = (space: typeof NB101, value: unknown) =>
  readCell(value, notationsOf(space));
const plain = ({ ops, incoming }: Graph) => [[...ops], [...incoming]];

Deno.test("what a notation writes, it reads back, and its form shows which it is", async () => {
  for (const space of SPACES) {
    await space.prepare();
    const table = space.cells();
    for (const notation of notationsOf(space)) {
      for (let i = 0; i < table.count; i += Math.ceil(table.count / 200)) {
        const graph = cellGraph(table, i);
        const written = notation.write?.(graph);
        if (written === undefined) continue;
        const value = JSON.parse(JSON.stringify(written));
        assert.deepEqual(plain(notation.read(value)), plain(graph));
        if (notation.isForm(value)) {
          assert.deepEqual(plain(read(space, value)), plain(graph));
        } else assert.equal(notation.name, "index");
      }
    }
  }
});

Deno.test("one cell of NAS-Bench-201 in each notation", () => {
  const arch =
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";
  // Edges in the benchmark's order: 01, 02, 12, 03, 13, 23; in NASLib's: 01, 02, 03, 12, 13, 23.
  const same: [value: unknown, notation: string][] = [
    [arch.replaceAll("+", " + ") + "\r", "arch"],
    [`Structure(4 nodes with ${arch})`, "arch"],
    ["231402", "genius"],
    ["(3, 2, 4, 0, 1, 3)", "naslib"],
    [[3, 2, 4, 0, 1, 3], "naslib"],
  ];
  for (const [value, name] of same) {
    assert.equal(formatArch(read(NB201, value)), arch);
    assert.equal(formatArch(getNotation(NB201, name).read(value)), arch);
  }
  const graph = read(NB201, arch);
  assert.equal(getNotation(NB201, "genius").write!(graph), "231402");
  assert.equal(
    getNotation(NB201, "naslib").write!(graph),
    "(3, 2, 4, 0, 1, 3)",
  );
});

Deno.test("ModelSpec of NAS-Bench-101 with or without its ends, with either names", () => {
  const matrix = [[0, 1, 1], [0, 0, 1], [0, 0, 0]];
  for (
    const ops of [
      ["input", "conv3x3-bn-relu", "output"],
      ["input", "conv3x3", "output"],
      ["conv3x3-bn-relu"],
    ]
  ) {
    const graph = read(NB101, { matrix, ops });
    assert.deepEqual([...graph.ops], [0, 2, 4]);
    assert.deepEqual(edgePairs(graph), [[0, 1], [0, 2], [1, 2]]);
  }
});

Deno.test("arch2vec's rows may be padded with zeros", () => {
  const one = (op: number) => [0, 1, 2, 3, 4].map((i) => i === op ? 1 : 0);
  const graph = read(NB101, {
    module_adjacency: [[0, 1, 0], [0, 0, 0], [0, 0, 0]],
    module_operations: [one(0), one(4), one(-1)],
  });
  assert.deepEqual(plain(graph), plain(graphOf([0, 4], [[0, 1]])));
});

Deno.test("what is of no notation is refused in a sentence", () => {
  const matrix = [[0, 1], [0, 0]];
  const wrong: [space: typeof NB101, value: unknown, message: RegExp][] = [
    [NB201, 12340, /its notation be named, one of arch, naslib, genius, index/],
    [NB201, "12", /notation be named/],
    [NB201, "|conv~0|", /position 1 must be one of none/],
    [NB201, [1, 2, 3, 4, 0, 9], /six operations from 0 to 4/],
    [NB101, "0".repeat(32), /a hash must be that of a cell/],
    [NB101, { matrix, ops: ["input", "relu"] }, /an operation must be input/],
    [
      NB101,
      { matrix: [[0, 1], [1, 0]], ops: ["input", "output"] },
      /above the diagonal/,
    ],
    [
      NB101,
      { matrix: [[0, 2], [0, 0]], ops: ["input", "output"] },
      /zeros and ones/,
    ],
    [
      NB101,
      { matrix: [[0, 1]], ops: ["input", "output"] },
      /1 rows and 2 operations/,
    ],
    [
      NB101,
      { matrix: [[0, 1], [0]], ops: ["input", "output"] },
      /row 1 of the matrix/,
    ],
    [NB101, {
      adjacency: matrix,
      operations: [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]],
    }, /one of them 1/],
    [NB101, {
      adjacency: matrix,
      operations: [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0]],
    }, /row of zeros before/],
    [NB101, null, /notation be named/],
    [NB101, { matrix, adjacency: matrix, ops: [] }, /notation be named/],
  ];
  for (const [space, value, message] of wrong) {
    assert.throws(() => read(space, value), message, JSON.stringify(value));
  }
  assert.throws(
    () => getNotation(NB101, "arch"),
    /^RangeError: Cannot use a notation: one of NAS-Bench-101 must be hash, index, matrix, one-hot, got "arch"$/,
  );
  for (const value of [-1, 1.5, 423_624, "x", "1e3"]) {
    assert.throws(
      () => getNotation(NB101, "index").read(value),
      /whole number/,
    );
  }
});
