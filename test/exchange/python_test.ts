import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCellsArguments, runCells } from "../../lib/cli/cells.ts";
import { parseScoreArguments, runScore } from "../../lib/cli/score.ts";
import { readJson } from "../../lib/core/files.ts";
import { withFolder } from "../_helpers.ts";
import { askPython, hasPackages } from "../_python.ts";

/** What a rival's author would write: 10,000 cells of either space. */
const WRITER = `
import json, random, sys
random.seed(0)
ops = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
rows = [[random.choice(ops) for _ in range(6)] for _ in range(10_000)]
with open(sys.argv[1], "w") as file:
    for a, b, c, d, e, f in rows:
        file.write(f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|\\n")
nodes = ["conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"]
specs = []
for _ in range(10_000):
    n = random.randint(3, 7)
    matrix = [[int(j > i and random.random() < 0.4) for j in range(n)] for i in range(n)]
    specs.append({"matrix": matrix, "ops": ["input"] + random.choices(nodes, k=n - 2) + ["output"]})
json.dump(specs, open(sys.argv[2], "w"))

def connected(matrix):
    reached = {0}
    for j in range(1, len(matrix)):
        if any(i in reached and matrix[i][j] for i in range(j)): reached.add(j)
    return len(matrix) - 1 in reached

print(json.dumps({
    "different": len(set(map(tuple, rows))),
    "disconnected": sum(not connected(spec["matrix"]) for spec in specs),
}))
`;

Deno.test({
  name:
    "score measures 10,000 arch strings and 10,000 ModelSpecs that Python wrote",
  ignore: !await hasPackages("json"),
  fn: () =>
    withFolder(async (folder) => {
      const archs = join(folder, "archs.txt"), specs = join(folder, "s.json");
      const told = await askPython<Record<string, number>>(
        WRITER,
        archs,
        specs,
      );
      const score = async (...args: string[]) => {
        await runScore(
          parseScoreArguments([...args, "--name", "Mine", "--to", folder]),
          () => {},
        );
        const read = (name: string) =>
          readJson<Record<string, unknown>[]>(
            join(folder, "tables", `${name}.json`),
            "table",
          );
        const rows = (await read("score"))
          .filter(({ method }) => method === "Mine");
        return { strict: rows[1], invalid: await read("invalid") };
      };
      const { strict } = await score("--cells", archs);
      assert.equal(strict.validity, 100);
      assert.equal(strict.absoluteUniqueness, told.different / 100);
      const { invalid } = await score(
        ...["--cells", specs, "--space", "nasbench101"],
      );
      const disconnected = invalid
        .find(({ reason }) => reason === "disconnected")!;
      assert.equal(disconnected.strict, told.disconnected);
      assert.equal(disconnected.published, told.disconnected);
    }),
});

const READER = `
import json, sys
from networkx.readwrite.graphml import GraphMLReader
graphs = list(GraphMLReader()(path=sys.argv[1]))
print(json.dumps([{
    "ops": [graph.nodes[node]["op"] for node in graph.nodes],
    "edges": [[int(a[1:]), int(b[1:])] for a, b in graph.edges],
    "parameters": graph.graph["parameters"],
} for graph in graphs]))
`;

Deno.test({
  name: "networkx reads the GraphML of cells",
  ignore: !await hasPackages("networkx"),
  fn: () =>
    withFolder(async (folder) => {
      const from = join(folder, "cells.txt"),
        to = join(folder, "cells.graphml");
      await Deno.writeTextFile(
        from,
        '{"matrix": [[0, 1, 1], [0, 0, 1], [0, 0, 0]], "ops": ["conv3x3"]}\n' +
          '{"matrix": [[0, 1], [0, 0]], "ops": []}\n',
      );
      await runCells(parseCellsArguments([
        ...["--space", "nasbench101", "--from", from, "--to", to],
        ...["--format", "graphml"],
      ]));
      const graphs = await askPython<Record<string, unknown>[]>(READER, to);
      assert.deepEqual(
        graphs.map(({ ops, edges }) => ({ ops, edges })),
        [
          {
            ops: ["input", "conv3x3", "output"],
            edges: [[0, 1], [0, 2], [1, 2]],
          },
          { ops: ["input", "output"], edges: [[0, 1]] },
        ],
      );
      assert.equal(graphs[1].parameters, 882_570);
    }),
});
