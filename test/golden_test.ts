import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { PROJECT_ROOT } from "../lib/core/project.ts";
import {
  goldenProblem,
  type GoldenRecord,
  goldenRecords,
  runPart,
  updatedRecords,
} from "./_golden.ts";
import { GOLDEN_PARTS } from "./_golden_parts.ts";

const FIXTURE = await goldenRecords();

for (const part of GOLDEN_PARTS) {
  Deno.test(`golden run: ${part.name} has the figures of its version`, async () => {
    const problem = goldenProblem(
      part.name,
      FIXTURE[part.name],
      await runPart(part),
    );
    assert.ok(problem === null, problem ?? "");
  });
}

Deno.test("golden run: every module that declares a VERSION is guarded, and no part is left over", async () => {
  const guarded = new Set(GOLDEN_PARTS.flatMap(({ modules }) => modules));
  const declared: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) await walk(path);
      else if (
        path.endsWith(".ts") &&
        /^export const VERSION\b/m.test(await Deno.readTextFile(path))
      ) declared.push(relative(PROJECT_ROOT, path).replaceAll("\\", "/"));
    }
  }
  await walk(join(PROJECT_ROOT, "lib"));
  assert.deepEqual(declared.sort(), [...guarded].sort());
  assert.deepEqual(
    Object.keys(FIXTURE).sort(),
    GOLDEN_PARTS.map(({ name }) => name).sort(),
  );
});

const RECORD: GoldenRecord = {
  versions: { "lib/a.ts": 1, "lib/b.ts": 2 },
  figures: { loss: 2, count: 0 },
};

Deno.test("goldenProblem() forgives last digits, and names part, figure and remedy", () => {
  const problem = (figures: GoldenRecord["figures"], versions = {}) =>
    goldenProblem("Part", RECORD, {
      versions: { ...RECORD.versions, ...versions },
      figures,
    });
  assert.equal(problem({ loss: 2.0019, count: 0 }), null);
  const remedy =
    "raise VERSION in lib/a.ts or lib/b.ts and write the fixture anew (deno task golden), or mend the change";
  assert.equal(
    problem({ loss: 2.003, count: 0 }),
    `Part: "loss" was 2 and is 2.003: ${remedy}`,
  );
  assert.equal(
    problem({ loss: 2, count: 1 }),
    `Part: "count" was 0 and is 1: ${remedy}`,
  );
  assert.match(problem({ loss: 2 })!, /"count" was 0 and is undefined/);
  assert.match(problem({ loss: NaN, count: 0 })!, /"loss" was 2 and is NaN/);
  assert.equal(
    problem(RECORD.figures, { "lib/b.ts": 3 }),
    "Part: lib/b.ts declares version 3, but the fixture has the figures of version 2: write it anew (deno task golden)",
  );
  assert.match(goldenProblem("Part", undefined, RECORD)!, /^Part is new: /);
});

Deno.test("updatedRecords() takes new figures with a new version only", () => {
  const changed = { ...RECORD, figures: { loss: 3, count: 0 } };
  const raised = { ...changed, versions: { "lib/a.ts": 2, "lib/b.ts": 2 } };
  const close = { ...RECORD, figures: { loss: 2.0001, count: 0 } };
  assert.deepEqual(
    updatedRecords({ part: RECORD, other: RECORD, gone: RECORD }, {
      part: raised,
      other: close,
      fresh: RECORD,
    }),
    { part: raised, other: RECORD, fresh: RECORD },
  );
  assert.throws(
    () => updatedRecords({ part: RECORD }, { part: changed }),
    /^Error: Cannot write the golden run: part: "loss" was 2 and is 3: raise VERSION/,
  );
});
