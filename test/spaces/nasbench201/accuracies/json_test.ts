import assert from "node:assert/strict";
import { readNasbench201Json } from "../../../../lib/spaces/nasbench201/accuracies/json.ts";
import { parseArch } from "../../../../lib/spaces/nasbench201/arch.ts";
import { NASBENCH201 } from "../../../../lib/spaces/nasbench201/space.ts";
import { assertClose, SAME_ALGORITHM, withFolder } from "../../../_helpers.ts";
import { entries201, write } from "../../../accuracies/_files.ts";

const ARCH = "|none~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|";

async function read(value: unknown) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return await withFolder(async (folder) =>
    await readNasbench201Json(await write(folder, "f.json", text))
  );
}

Deno.test("readNasbench201Json() puts fractions at the cells of the keys, in any order", async () => {
  const entries = Object.entries(entries201()).reverse();
  const { validation, test } = await read(Object.fromEntries(entries));
  const { count } = NASBENCH201.cells();
  // Cell i has i / 1000 percent, and twice that.
  const expected = Array.from({ length: count }, (_, i) => i / 100_000);
  assertClose(validation, expected, SAME_ALGORITHM);
  assertClose(test, expected.map((value) => 2 * value), SAME_ALGORITHM);
});

Deno.test("readNasbench201Json() names what is wrong", async () => {
  await assert.rejects(read("{"), {
    name: "SyntaxError",
    message: /^Cannot read the accuracies: .*f\.json must be JSON: /,
  });
  for (const [value, got] of [[[], "an array"], [null, "null"], [1, "1"]]) {
    await assert.rejects(read(value), {
      name: "TypeError",
      message:
        `Cannot read accuracies: f.json must be an object of arch strings, got ${got}`,
    });
  }
  await assert.rejects(read({ ...entries201(), "|x~0|": 1 }), {
    name: "RangeError",
    message:
      'Cannot read accuracies: each key of f.json must be the arch string of a cell of NAS-Bench-201, got "|x~0|"',
  });
  await assert.rejects(read({}), {
    name: "RangeError",
    message:
      "Cannot read accuracies: f.json must have those of a cell, got none",
  });
  const entry = JSON.stringify({ val_acc_200: 90, test_acc_200: 90 });
  await assert.rejects(read(`{"${ARCH}":${entry},"${ARCH}":${entry}}`), {
    name: "SyntaxError",
    message: /must be JSON: a key must stand once in its object, got "\|none~0/,
  });
  const wrong: [entry: unknown, what: string][] = [
    [{ val_acc_200: 100.5, test_acc_200: 1 }, "val_acc_200 100.5"],
    [{ val_acc_200: 1, test_acc_200: -1 }, "test_acc_200 -1"],
    [{ val_acc_200: "91", test_acc_200: 1 }, 'val_acc_200 "91"'],
    [{ val_acc_200: 1 }, "test_acc_200 undefined"],
    [null, "val_acc_200 undefined"],
  ];
  for (const [entry, what] of wrong) {
    const [key, got] = what.split(" ");
    await assert.rejects(read({ ...entries201(), [ARCH]: entry }), {
      name: "RangeError",
      message:
        `Cannot read accuracies: ${key} of "${ARCH}" in f.json must be a number in [0, 100], got ${got}`,
    });
  }
});

Deno.test("readNasbench201Json() reads a file of some of the cells, with a byte-order mark or without", async () => {
  const all = Object.entries(entries201());
  const some = Object.fromEntries([all[15_624], all[4], all[700]]);
  for (const mark of ["", "\ufeff"]) {
    const { validation, test, covered } = await read(
      mark + JSON.stringify(some),
    );
    assert.deepEqual([...covered], [4, 700, 15_624]);
    assertClose(
      Array.from(covered, (cell) => validation[cell]),
      [0.00004, 0.007, 0.15624],
      SAME_ALGORITHM,
    );
    assertClose([test[700]], [0.014], SAME_ALGORITHM);
    assert.equal(validation.length, 15_625);
    assert.equal(validation.filter(Number.isNaN).length, 15_622);
    assert.ok(Number.isNaN(test[0]));
  }
});

Deno.test("readNasbench201Json() refuses fractions, in either column", async () => {
  for (const key of ["val_acc_200", "test_acc_200"] as const) {
    const entries = entries201();
    for (const entry of Object.values(entries)) entry[key] = 0.91;
    await assert.rejects(read(entries), {
      name: "RangeError",
      message:
        `Cannot read accuracies: ${key} of f.json must be percentages, got 0.91 as the highest, which is a fraction`,
    });
  }
});

Deno.test("readNasbench201Json() takes keys in any notation, each cell once", async () => {
  const entry = { val_acc_200: 90, test_acc_200: 80 };
  const { covered } = await read({
    [`${ARCH}\n`]: entry,
    "000014": entry, // none but 1→3, a skip, and 2→3, a pooling
    "(1, 1, 1, 1, 1, 0)": entry, // none but 2→3, which is a skip
  });
  const archs = [
    ARCH,
    ARCH.replace("none~1|avg", "skip_connect~1|avg"),
    ARCH.replace("avg_pool_3x3", "skip_connect"),
  ];
  assert.deepEqual(
    [...covered],
    archs.map((arch) => NASBENCH201.indexOf(parseArch(arch))!)
      .sort((a, b) => a - b),
  );
  await assert.rejects(read({ [ARCH]: entry, "000004": entry }), {
    name: "RangeError",
    message:
      /^Cannot read accuracies: f\.json must have each cell once, got it as "/,
  });
});
