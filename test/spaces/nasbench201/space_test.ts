import assert from "node:assert/strict";
import { edgePairs, type Graph, graphOf } from "../../../lib/spaces/graph.ts";
import {
  formatArch,
  isConnected,
  parseArch,
  structureText,
} from "../../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201_OPS } from "../../../lib/spaces/nasbench201/cells.ts";
import { NASBENCH201 } from "../../../lib/spaces/nasbench201/space.ts";
import { cellGraph } from "../../../lib/spaces/space.ts";
import { sharedData } from "../../_helpers.ts";
import { flipped } from "../_graphs.ts";

const ARCH =
  "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|none~1|skip_connect~2|";
const TABLE = NASBENCH201.cells();
const CELLS = Array.from(
  { length: TABLE.count },
  (_, i) => cellGraph(TABLE, i),
);

/** The edges of every cell. */
const TEMPLATE = "0→1,2,4 1→3,5 2→6 3→6 4→7 5→7 6→7";

/** The cell of `ARCH` with some of its ops set and edges flipped. */
function changed(ops: Record<number, string>, edges = ""): Graph {
  const graph = parseArch(ARCH);
  for (const [node, name] of Object.entries(ops)) {
    graph.ops[+node] = NASBENCH201_OPS.findIndex((op) => op === name);
  }
  return flipped(graph, edges);
}

Deno.test("parseArch() puts the six operations on nodes 1 to 6", () => {
  const graph = parseArch(ARCH);
  assert.deepEqual(
    Array.from(graph.ops, (op) => NASBENCH201_OPS[op]),
    [
      "input",
      "avgpool3x3",
      "conv1x1",
      "skip",
      "conv3x3",
      "none",
      "skip",
      "output",
    ],
  );
  // 0→1,2,4 1→3,5 2→6 3→6 4→7 5→7 6→7
  assert.equal(
    edgePairs(graph).map(([from, to]) => `${from}${to}`).sort().join(" "),
    "01 02 04 13 15 26 36 47 57 67",
  );
});

Deno.test("parseArch() and formatArch() are inverse over all 15,625 cells", () => {
  const texts = CELLS.map(formatArch);
  assert.equal(new Set(texts).size, 15_625);
  for (const [i, text] of texts.entries()) {
    assert.deepEqual(parseArch(text), CELLS[i]);
  }
});

Deno.test("parseArch() names the position and what was expected there", () => {
  const cases: [text: string, problem: string][] = [
    ["", 'position 0 must be "|", got the end'],
    [
      "|conv~0|",
      'position 1 must be one of none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3, got "conv~0|"',
    ],
    ["|none|", 'position 5 must be "~0", got "|"'],
    ["|none~1|", 'position 5 must be "~0", got "~1|"'],
    ["|none~0", 'position 7 must be "|", got the end'],
    ["|none~0|", 'position 8 must be "+|", got the end'],
    [
      ARCH.replace("skip_connect~1", "skip_connect~0"),
      'position 45 must be "~1", got "~0|+|nor_conv_3x3~0|none"',
    ],
    [ARCH + "+", 'position 87 must be the end, got "+"'],
    [ARCH.slice(0, -1), 'position 86 must be "|", got the end'],
    [
      "||",
      'position 1 must be one of none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3, got "|"',
    ],
  ];
  for (const [text, problem] of cases) {
    assert.throws(
      () => parseArch(text),
      new SyntaxError(`Cannot read an arch string: ${problem}`),
    );
  }
});

Deno.test("parseArch() passes over white space around the whole and around +", () => {
  const cell = parseArch(ARCH);
  for (
    const text of [
      `${ARCH}\n`,
      `${ARCH}\r\n`,
      ` \t${ARCH} `,
      ARCH.replaceAll("+", " + "),
      ARCH.replaceAll("+", "\r\n+\t"),
    ]
  ) assert.deepEqual(parseArch(text), cell, JSON.stringify(text));
  for (const wrong of ["| none", "none ~0", "nor_conv_1x1 ", "nor_ conv"]) {
    const text = ARCH.replace(wrong.replaceAll(" ", ""), wrong);
    if (text !== ARCH) assert.throws(() => parseArch(text), SyntaxError, text);
  }
});

Deno.test("parseArch() reads a Structure, GENIUS's digits and NASLib's tuple, each in its own order", () => {
  // ARCH: 0→1 pool, 0→2 conv1x1, 1→2 skip, 0→3 conv3x3, 1→3 none, 2→3 skip.
  const cell = parseArch(ARCH);
  const same = [
    `Structure(4 nodes with ${ARCH})`,
    ` Structure(4 nodes with ${ARCH})\n`,
    "421301", // none 0, skip 1, conv1x1 2, conv3x3 3, pool 4, by where edges lead
    "421301\r\n",
    // skip 0, none 1, conv3x3 2, conv1x1 3, pool 4, by where edges come from
    "(4, 3, 2, 0, 1, 0)",
    "[4,3,2,0,1,0]",
    " ( 4,3 ,2,0,1,0)\n",
  ];
  for (const text of same) {
    assert.deepEqual(parseArch(text), cell, JSON.stringify(text));
  }
  // All cells are reached, and no two by one text.
  const index = (text: string) => NASBENCH201.indexOf(parseArch(text));
  const all = new Set<number | null>();
  const digits = new Set<number | null>();
  for (let i = 0; i < 15_625; i++) {
    const five = i.toString(5).padStart(6, "0");
    all.add(index(`(${[...five].join(", ")})`));
    digits.add(index(five));
  }
  assert.equal(all.size, 15_625);
  assert.equal(digits.size, 15_625);
  for (
    const [text, problem] of [
      [
        "(1, 2, 3)",
        /a tuple must be of six operations from 0 to 4, got "\(1, 2/,
      ],
      ["(4, 3, 2, 0, 1, 5)", /a tuple must be of six operations from 0 to 4/],
      ["(4, 3, 2, 0, 1, 0,)", /a tuple must be of six operations from 0 to 4/],
      ["(4, 3, 2, 0, 1, )", /a tuple must be of six operations from 0 to 4/],
      ["(4, 3, 2, 0, 1, 0]", /position 0 must be "\|", got "\(4, 3/],
      ["42130", /position 0 must be "\|", got "42130"/],
      ["421305", /position 0 must be "\|", got "421305"/],
      [`Structure(5 nodes with ${ARCH})`, /position 0 must be "\|"/],
      [
        `Structure(4 nodes with ${ARCH}`,
        /position 110 must be "\)", got the end/,
      ],
      [`${ARCH})`, /position 87 must be the end, got "\)"/],
    ] as const
  ) {
    assert.throws(() => parseArch(text), (error: Error) => {
      assert.equal(error.name, "SyntaxError");
      assert.match(error.message, problem);
      return true;
    });
  }
});

Deno.test("parseArch() refuses what is not a string", () => {
  assert.throws(
    () => parseArch(7 as unknown as string),
    new TypeError(
      "Cannot read an arch string: it must be a string, got number",
    ),
  );
});

Deno.test("formatArch() and structureText() refuse a graph that is no cell", () => {
  assert.throws(
    () => formatArch(changed({}, "0→1")),
    new RangeError(
      "Cannot write an arch string: the graph must be a NAS-Bench-201 cell, got adjacency off template",
    ),
  );
  assert.throws(
    () => structureText(changed({ 2: "output" }), { considerZero: true }),
    new RangeError(
      "Cannot write a structure: the graph must be a NAS-Bench-201 cell, got inner input or output",
    ),
  );
});

Deno.test("cells() are made once, and indexOf() finds each of them", () => {
  assert.equal(TABLE.count, 15_625);
  assert.equal(NASBENCH201.cells(), TABLE);
  for (const [i, cell] of CELLS.entries()) {
    assert.equal(NASBENCH201.indexOf(cell), i);
  }
});

Deno.test("structureText() is worked by hand", () => {
  // Node 1 = pool(0); node 2 = conv1(0) + skip(1); out = conv3(0) + none(1) + skip(2),
  // each sum in the order of its characters, in which "#" < "((" < "(0".
  const pool = "(0)@avg_pool_3x3";
  const two = `${pool}+(0)@nor_conv_1x1`;
  const graph = parseArch(ARCH);
  assert.equal(
    structureText(graph, { considerZero: true }),
    `#+${two}+(0)@nor_conv_3x3`,
  );
  assert.equal(
    structureText(graph, { considerZero: false }),
    `(${pool})@none+${two}+(0)@nor_conv_3x3`,
  );
});

Deno.test("structureText() tells 12,751 cells apart with skips merged, 6,466 with zeros", () => {
  for (const [considerZero, count] of [[false, 12_751], [true, 6_466]]) {
    const texts = CELLS.map((cell) =>
      structureText(cell, { considerZero: considerZero === true })
    );
    assert.equal(new Set(texts).size, count);
  }
});

Deno.test("isConnected() holds for 15,284 cells", () => {
  assert.equal(CELLS.filter(isConnected).length, 15_284);
  assert.equal(isConnected(parseArch(ARCH)), true);
  assert.equal(
    isConnected(parseArch(
      "|none~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|",
    )),
    false,
  );
});

Deno.test("split() is the first 14,062 cells of the benchmark, of them 1,406 for tuning, and the last 1,563", () => {
  const { train, tuning, validation } = NASBENCH201.split();
  assert.deepEqual(
    [train.length, tuning.length, validation.length],
    [14_062, 1_406, 1_563],
  );
  assert.ok(train.every((cell, i) => cell === i));
  assert.ok(tuning.every((cell, i) => cell === 12_656 + i));
  assert.ok(validation.every((cell, i) => cell === 14_062 + i));
  // As good as random: convolutions are a fifth of the operations on the edges, within 5
  // standard errors.
  for (const part of [tuning, validation]) {
    const ops = Array.from(part).flatMap((cell) => [
      ...CELLS[cell].ops.subarray(1, 7),
    ]);
    const share = ops.filter((op) => op === 2).length / ops.length;
    const error = Math.sqrt(0.2 * 0.8 / ops.length);
    assert.ok(Math.abs(share - 0.2) < 5 * error, `${share}`);
  }
});

Deno.test("structureKey() is the same for cells that differ in edges on a zero", () => {
  const key = (arch: string) => NASBENCH201.structureKey!(parseArch(arch));
  // Feature map 1 is zero: what comes out of it is zero, whatever the operation.
  const zero =
    "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_3x3~2|";
  assert.equal(key(zero.replace("nor_conv_1x1", "none")), key(zero));
  assert.notEqual(key(zero.replace("none~0", "skip_connect~0")), key(zero));
});

Deno.test("invalidReason() looks at the adjacency in strict mode only", () => {
  const cases: [graph: Graph, paper: string | null, strict: string | null][] = [
    [changed({}), null, null],
    [changed({}, "0→1"), null, "adjacency off template"],
    [changed({}, TEMPLATE), null, "adjacency off template"],
    [changed({ 0: "none" }), "first op not input", "first op not input"],
    [changed({ 7: "skip" }), "last op not output", "last op not output"],
    [changed({ 3: "input" }), "inner input or output", "inner input or output"],
    [
      changed({ 6: "output" }, "0→1"),
      "inner input or output",
      "inner input or output",
    ],
    [
      graphOf(changed({}).ops.slice(1), []),
      "adjacency off template",
      "adjacency off template",
    ],
  ];
  for (const [graph, paper, strict] of cases) {
    assert.equal(NASBENCH201.invalidReason(graph, "paper"), paper);
    assert.equal(NASBENCH201.invalidReason(graph, "strict"), strict);
  }
});

Deno.test("every cell is valid in both modes", () => {
  for (const cell of CELLS) {
    assert.equal(NASBENCH201.invalidReason(cell, "paper"), null);
    assert.equal(NASBENCH201.invalidReason(cell, "strict"), null);
  }
});

Deno.test("rawKey() tells all cells apart, and a graph off the template from them", () => {
  const keys = new Set(CELLS.map((cell) => NASBENCH201.rawKey(cell)));
  assert.equal(keys.size, 15_625);
  assert.equal(keys.has(NASBENCH201.rawKey(changed({}))), true);
  assert.equal(keys.has(NASBENCH201.rawKey(changed({}, "0→1"))), false);
});

Deno.test("describe() takes any graph", () => {
  assert.equal(NASBENCH201.describe(parseArch(ARCH)), ARCH);
  assert.equal(
    NASBENCH201.describe(graphOf([0, 2, 6], [[0, 1], [1, 2]])),
    "input, conv3x3, output; 0→1 1→2",
  );
  assert.equal(
    NASBENCH201.describe(graphOf([0, 6], [])),
    "input, output; no edges",
  );
});

const ACCURACIES = sharedData("nasbench201/nasbench201_cifar10.json");
Deno.test({
  name: "the cells are those that published accuracies are for",
  ignore: ACCURACIES === null,
  fn() {
    const published = Object.keys(
      JSON.parse(Deno.readTextFileSync(ACCURACIES!)),
    );
    assert.deepEqual(published.sort(), CELLS.map(formatArch).sort());
  },
});
