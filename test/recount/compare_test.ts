import assert from "node:assert/strict";
import { join } from "node:path";
import {
  compareRow,
  countRows,
  type UncheckedRow,
} from "../../lib/recount/compare.ts";
import { PLAIN_NASBENCH201 } from "../../lib/recount/nasbench201.ts";
import { sampleFiles } from "../../lib/recount/samples.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { withFolder } from "../_helpers.ts";
import { ROWS, writeMadeUp } from "./_files.ts";

const cells = { table: NASBENCH201.cells(), ...NASBENCH201.split() };
const known = PLAIN_NASBENCH201.known(cells);
const OURS: readonly UncheckedRow[] = ROWS.slice(1);

/** What comes of rows whose samples are those made up. */
const recounted = (rows: readonly UncheckedRow[]) =>
  withFolder(async (folder) => {
    await writeMadeUp(folder);
    const files = await sampleFiles(join(folder, "samples"));
    const space = PLAIN_NASBENCH201;
    const counted = await countRows(rows, { space, cells, known, files });
    return counted.map(compareRow);
  });

Deno.test("compareRow() agrees with what was counted by hand, and leaves copied rows", async () => {
  assert.deepEqual(await recounted(ROWS), [
    { row: "Ours, seed 3, paper", figures: 8, differences: [] },
    { row: "Ours, seed 3, strict", figures: 8, differences: [] },
  ]);
});

Deno.test("compareRow() finds each figure that is changed in a digit", async () => {
  for (const row of OURS) {
    const names = Object.keys(row).filter((name) =>
      typeof row[name] === "number" && name !== "seed"
    );
    assert.equal(names.length, 8);
    for (const name of names) {
      const changed = { ...row, [name]: Number(row[name]) + 0.001 };
      const [{ differences }] = await recounted([changed]);
      assert.equal(differences.length, 1, name);
      assert.match(
        differences[0],
        new RegExp(`^${name} is ${changed[name]}, counted ${row[name]}`),
      );
    }
  }
});

Deno.test("compareRow() misses what a row must have", async () => {
  const [paper] = OURS;
  const differences = async (change: UncheckedRow) =>
    (await recounted([{ ...paper, ...change }]))[0].differences;
  assert.deepEqual(await differences({ validity: undefined }), [
    "validity is undefined, counted 75",
  ]);
  assert.deepEqual(await differences({ validity: "75" }), [
    'validity is "75", counted 75',
  ]);
  for (const samplesKey of [undefined, "another"]) {
    assert.deepEqual(await differences({ samplesKey }), [
      "its samples are not there",
    ]);
  }
  for (const reconstructionKey of [undefined, "another"]) {
    assert.deepEqual(await differences({ reconstructionKey }), [
      "its reconstructed cells are not there, or of others",
    ]);
  }
  assert.deepEqual(await differences({ mode: "loose" }), [
    'its reading is "loose"',
  ]);
  assert.deepEqual(await differences({ uncheckedNodes: 1 }), [
    "its unchecked nodes are 1",
  ]);
});

Deno.test("compareRow() counts as the row says that it was judged", async () => {
  // With node 1 unchecked the sample with an input there is valid: 7 of 8.
  const [paper] = OURS;
  const [{ differences }] = await recounted([
    { ...paper, uncheckedNodes: [1], validity: 87.5 },
  ]);
  assert.deepEqual(
    differences.map((text) => text.split(" ")[0]),
    ["uniqueness", "absoluteUniqueness", "novelty", "absoluteNovelty"],
  );
});

Deno.test("compareRow() counts structures where strict rows have them", async () => {
  const [, strict] = OURS;
  const [{ figures, differences }] = await recounted([
    { ...strict, structureUniqueness: 40, structureAbsoluteUniqueness: 25 },
  ]);
  assert.equal(figures, 10);
  assert.deepEqual(differences, []);
});
