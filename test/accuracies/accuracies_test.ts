import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import {
  accuraciesOf,
  accuracyFiles,
  accuracyFolders,
  findSource,
  loadAccuracies,
  loadAccuraciesFrom,
  MissingAccuraciesError,
} from "../../lib/accuracies/accuracies.ts";
import type {
  AccuracySource,
  AccuracyTable,
} from "../../lib/spaces/accuracies.ts";
import { importRepeats } from "../../lib/spaces/nasbench101/accuracies/sources.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import type { EnumeratedSpace } from "../../lib/spaces/space.ts";
import { sharedData, withFolder } from "../_helpers.ts";
import {
  entries201,
  HASHES,
  HEADER,
  repeats,
  row,
  tfrecords,
  write,
} from "./_files.ts";

const SPACE_101 = getSpace("nasbench101"), SPACE_201 = getSpace("nasbench201");

/** The highest of some values, NaN passed over. */
function highest(values: Float64Array): number {
  return values.reduce((best, value) => value > best ? value : best, 0);
}

Deno.test("loadAccuracies() gives the means of the repeats, NaN where there are none", async () => {
  await withFolder(async (folder) => {
    const own = join(folder, "nasbench101");
    await Deno.mkdir(own);
    assert.deepEqual(await accuracyFiles(SPACE_201, [own]), []);
    const records = [...repeats(HASHES[0]), ...repeats(HASHES[2])];
    await write(own, "nasbench_only108.tfrecord", tfrecords(records));
    const tables = await loadAccuracies(SPACE_101, { folder });
    assert.equal(tables.length, 1);
    const [table] = tables;
    assert.equal(table.space, "nasbench101");
    assert.equal(table.dataset, "cifar10");
    assert.equal(table.title, "CIFAR-10");
    assert.deepEqual([...table.covered], [0, 423_623]);
    assert.equal(table.validation.length, 423_624);
    // (0.75 + 0.5 + 0.25) / 3, for validation and test alike.
    assert.equal(table.validation[0], 0.5);
    assert.equal(table.test[423_623], 0.5);
    assert.ok(Number.isNaN(table.validation[1]));
    assert.ok(Number.isNaN(table.test[1]));
    assert.equal(table.weights, undefined);
    assert.equal(
      table.source,
      "nasbench_only108.tfrecord: 2 of 423,624 cells",
    );
    assert.ok(
      !Array.from(Deno.readDirSync(own)).some(({ name }) =>
        name === "accuracies.bin"
      ),
    );
  });
});

Deno.test("loadAccuraciesFrom() reads the cache of a file that another folder has", async () => {
  await withFolder(async (folder) => {
    const given = join(folder, "given"), own = join(folder, "own");
    await Deno.mkdir(given);
    const text = `${HEADER},sampling_weight\n${row(HASHES[1])},3.5\n`;
    const table = await write(given, "accuracies.csv", text);
    const load = async () => {
      const shown: string[] = [];
      const [{ source, weights, covered }] = await loadAccuraciesFrom(
        [given, own],
        SPACE_101,
        { onProgress: ({ message }) => shown.push(message) },
      );
      assert.equal(source, "accuracies.csv: 1 of 423,624 cells");
      assert.deepEqual([...covered], [1]);
      assert.equal(weights![1], 3.5);
      assert.ok(Number.isNaN(weights![0]));
      return shown;
    };
    assert.deepEqual(await load(), ["accuracies.csv"]);
    await importRepeats(table, join(own, "accuracies.bin"));
    assert.deepEqual(await load(), []); // nothing but the cache was read
  });
});

Deno.test("loadAccuracies() says what is missing and how to get it", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(loadAccuracies(SPACE_101, { folder }), {
      message:
        `Cannot load the accuracies of NAS-Bench-101: accuracies.bin or nasbench_only108.tfrecord or accuracies.csv.gz or accuracies.csv must be in ${
          join(folder, "nasbench101")
        }, got no such file; run deno task data --space nasbench101`,
    });
    const own = join(folder, "nasbench201");
    await assert.rejects(loadAccuracies(SPACE_201, { folder }), {
      message: new RegExp(
        `^Cannot load the accuracies of NAS-Bench-201: nasbench201_cifar10.json must be in .*nasbench201, got no such file; run deno task data --space nasbench201$`,
      ),
    });
    await Deno.mkdir(own);
    const text = JSON.stringify(entries201());
    await write(own, "nasbench201_cifar10.json", text);
    await write(own, "nasbench201_cifar100.json", text);
    await assert.rejects(loadAccuracies(SPACE_201, { folder }), {
      message: /nasbench201_imagenet.json must be in/,
    });
    await write(own, "nasbench201_imagenet.json", text);
    assert.equal((await accuracyFiles(SPACE_201, [own])).length, 3);
    const tables = await loadAccuracies(SPACE_201, { folder });
    assert.deepEqual(
      tables.map(({ dataset, title }) => ({ name: dataset, title })),
      accuraciesOf(SPACE_201)!.datasets,
    );
    assert.equal(
      tables[2].source,
      "nasbench201_imagenet.json: 15,625 of 15,625 cells; differs from the published file",
    );
    assert.equal(tables[0].covered.length, 15_625);
  });
});

Deno.test("loadAccuracies() says so where none are known of a space", async () => {
  const { accuracies: _, ...untrained } = SPACE_201 as EnumeratedSpace;
  const { indexOf: __, ...unlisted } = SPACE_201 as EnumeratedSpace;
  for (const space of [untrained, unlisted]) {
    assert.equal(accuraciesOf(space), null);
    assert.deepEqual(await accuracyFiles(space), []);
    await assert.rejects(
      loadAccuracies(space),
      new MissingAccuraciesError(
        "Cannot load the accuracies of NAS-Bench-201: its cells must have been trained, got none that are known; a program of your own can train them, or predict them: deno task search --space nasbench201 --evaluator COMMAND (lib/evaluation/PROTOCOL.md)",
      ),
    );
  }
});

Deno.test("loadAccuracies() asks a space's own sources, in their order", async () => {
  const asked: string[] = [];
  const source = (name: string): AccuracySource => ({
    names: [`${name}.new`, `${name}.old`],
    published: { name, url: "", bytes: 0, sha256: "" },
    load(path, { own }) {
      asked.push(`${basename(path)} of ${basename(own)}`);
      const values = new Float64Array(1);
      return Promise.resolve([{
        space: "own",
        dataset: name,
        title: name,
        validation: values,
        test: values,
        covered: Uint32Array.of(0),
        source: name,
      }]);
    },
    keep: () => assert.fail("nothing is to be kept"),
  });
  const space: EnumeratedSpace = {
    ...SPACE_201 as EnumeratedSpace,
    name: "own",
    accuracies: { datasets: [], sources: [source("b"), source("a")] },
  };
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "own"));
    for (const name of ["a.old", "b.new", "b.old"]) {
      await write(join(folder, "own"), name, "");
    }
    const tables = await loadAccuracies(space, { folder });
    assert.deepEqual(tables.map(({ dataset }) => dataset), ["b", "a"]);
    assert.deepEqual(asked, ["b.new of own", "a.old of own"]);
  });
});

Deno.test("findSource() prefers the first folder, then the first name", async () => {
  await withFolder(async (folder) => {
    const [first, second] = [join(folder, "a"), join(folder, "b")];
    await Deno.mkdir(first);
    await Deno.mkdir(second);
    const [source] = accuraciesOf(SPACE_101)!.sources;
    const find = () => findSource(source, [first, second]);
    assert.equal(await find(), null);
    const order = [
      [second, "accuracies.csv"],
      [second, "accuracies.csv.gz"],
      [second, "nasbench_only108.tfrecord"],
      [second, "accuracies.bin"],
      [first, "accuracies.csv"],
      [first, "accuracies.bin"],
    ];
    for (const [where, name] of order) {
      const path = await write(where, name, "");
      assert.equal(await find(), path);
    }
  });
});

Deno.test("accuracyFolders() looks at ARCHLLM_DATA first", () => {
  const before = Deno.env.get("ARCHLLM_DATA");
  try {
    Deno.env.set("ARCHLLM_DATA", "/elsewhere");
    assert.deepEqual(accuracyFolders(SPACE_101, "/own/"), [
      "/elsewhere/nasbench101",
      "/own/nasbench101",
    ]);
    Deno.env.set("ARCHLLM_DATA", "/own");
    assert.deepEqual(accuracyFolders(SPACE_201, "/own/"), [
      "/own/nasbench201",
    ]);
    for (const none of ["", undefined]) {
      if (none === undefined) Deno.env.delete("ARCHLLM_DATA");
      else Deno.env.set("ARCHLLM_DATA", none);
      const [only, ...others] = accuracyFolders(SPACE_101);
      assert.deepEqual(others, []);
      assert.equal(basename(dirname(only)), "data");
    }
  } finally {
    if (before === undefined) Deno.env.delete("ARCHLLM_DATA");
    else Deno.env.set("ARCHLLM_DATA", before);
  }
});

const SHARED_101 = sharedData("nasbench101/accuracies.csv.gz");
const SHARED_201 = sharedData("nasbench201/nasbench201_imagenet.json");

Deno.test({
  name: "loadAccuracies() finds the published optima of NAS-Bench-101",
  ignore: SHARED_101 === null,
  async fn() {
    const [table] = await loadAccuraciesFrom(
      [dirname(SHARED_101!)],
      SPACE_101,
    );
    assert.equal(highest(table.validation).toFixed(5), "0.95055");
    assert.equal(highest(table.test).toFixed(5), "0.94318");
    assert.equal(table.covered.length, 151_644);
    // The weights undo the stratification: they add up to the whole space.
    const sum = table.covered.reduce((sum, c) => sum + table.weights![c], 0);
    assert.ok(Math.abs(sum / 423_624 - 1) < 0.01, `${sum}`);
  },
});

Deno.test({
  name: "loadAccuracies() finds the published optima of NAS-Bench-201",
  ignore: SHARED_201 === null,
  async fn() {
    const tables = await loadAccuracies(SPACE_201, {
      folder: dirname(dirname(SHARED_201!)),
    });
    const percent = (values: Float64Array) =>
      (100 * highest(values)).toFixed(3);
    const optima = (table: AccuracyTable) => [
      table.dataset,
      percent(table.validation),
      percent(table.test),
    ];
    assert.deepEqual(tables.map(optima), [
      ["cifar10", "91.607", "94.373"],
      ["cifar100", "73.493", "73.513"],
      ["imagenet16-120", "46.733", "47.311"],
    ]);
    for (const { source } of tables) {
      assert.match(source, /^nasbench201_\w+\.json: 15,625 of 15,625 cells$/);
    }
  },
});
