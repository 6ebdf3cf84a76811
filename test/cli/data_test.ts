import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type DataRequest,
  parseDataArguments,
  runData,
  spaceOfFile,
} from "../../lib/cli/data.ts";
import { withFolder } from "../_helpers.ts";
import {
  entries201,
  HASHES,
  HEADER,
  repeats,
  row,
  tfrecords,
  write,
} from "../accuracies/_files.ts";

Deno.test("parseDataArguments() reads the options", async () => {
  assert.deepEqual(parseDataArguments([]), {
    spaces: ["nasbench201", "nasbench101"],
    from: null,
  });
  assert.deepEqual(parseDataArguments(["--space", "nasbench101"]), {
    spaces: ["nasbench101"],
    from: null,
  });
  // The file says which space.
  await withFolder(async (folder) => {
    const from = await write(folder, "t.csv.gz", "");
    assert.deepEqual(parseDataArguments(["--from", "t.csv.gz"], folder), {
      spaces: ["nasbench101"],
      from,
    });
  });
});

Deno.test("parseDataArguments() names what is wrong", () => {
  const wrong: [args: string[], message: string][] = [
    [
      ["--space", "hiaml"],
      "Cannot get data: --space must be one of nasbench201, nasbench101, got hiaml",
    ],
    [
      ["--all"],
      "Cannot get data: unknown option '--all'; the options are --space, --from, --dataset, --notation, --column, --validation, --test, --unit, --images, --help",
    ],
    [
      ["--images", "mnist"],
      "Cannot get data: --images must be one of cifar10, got mnist",
    ],
    [
      ["--images", "cifar10", "--space", "nasbench201"],
      "Cannot get data: --images must stand alone, got --images cifar10 --space nasbench201",
    ],
    [
      ["--space", "nasbench201", "--from", "t.csv"],
      "Cannot get data: --from must be a file of NAS-Bench-201, got t.csv, one of NAS-Bench-101",
    ],
    [
      ["--from", "/nowhere/t.csv"],
      "Cannot get data: --from must be a file, got nothing at /nowhere/t.csv",
    ],
    [
      ["--from", "t.json"],
      "Cannot get data: the name of --from must end in .tfrecord, .csv.gz, .csv or be one of nasbench201_cifar10.json, nasbench201_cifar100.json, nasbench201_imagenet.json, got t.json",
    ],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parseDataArguments(args), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("spaceOfFile() goes by the name", () => {
  assert.equal(spaceOfFile("/a/nasbench_only108.tfrecord").name, "nasbench101");
  assert.equal(spaceOfFile("t.csv").name, "nasbench101");
  assert.equal(spaceOfFile("a/nasbench201_imagenet.json").name, "nasbench201");
});

/** Runs the command with folders of its own; returns what it downloads and prints. */
async function run(
  request: Partial<DataRequest>,
  { own, given }: { own: string; given?: string },
): Promise<{ fetched: string[]; lines: string[] }> {
  const before = Deno.env.get("ARCHLLM_DATA");
  Deno.env.set("ARCHLLM_DATA", given ?? "");
  const fetched: string[] = [], lines: string[] = [];
  try {
    await runData(
      {
        spaces: ["nasbench201", "nasbench101"],
        from: null,
        ...request,
      },
      {
        folder: own,
        print: (line) => lines.push(line),
        bars: { everyMs: 0, show: () => {} },
        fetchFile: async ({ name }, path) => {
          fetched.push(name);
          await Deno.mkdir(join(path, ".."), { recursive: true });
          await Deno.writeFile(
            path,
            name.endsWith(".json")
              ? new TextEncoder().encode(JSON.stringify(entries201()))
              : tfrecords(repeats(HASHES[0])),
          );
        },
      },
    );
  } finally {
    if (before === undefined) Deno.env.delete("ARCHLLM_DATA");
    else Deno.env.set("ARCHLLM_DATA", before);
  }
  return { fetched, lines };
}

Deno.test("runData() downloads what is nowhere, once", async () => {
  await withFolder(async (own) => {
    const { fetched, lines } = await run({}, { own });
    assert.deepEqual(fetched, [
      "nasbench201_cifar10.json",
      "nasbench201_cifar100.json",
      "nasbench201_imagenet.json",
      "nasbench_only108.tfrecord",
    ]);
    assert.deepEqual(lines, [
      ...["cifar10", "cifar100", "imagenet16-120"].map((dataset) =>
        `NAS-Bench-201, ${dataset}: nasbench201_${
          dataset.split("16")[0]
        }.json: 15,625 of 15,625 cells; differs from the published file`
      ),
      "NAS-Bench-101, cifar10: nasbench_only108.tfrecord: 1 of 423,624 cells",
    ]);
    await Deno.stat(join(own, "nasbench101", "accuracies.bin"));
    const again = await run({}, { own });
    assert.deepEqual(again, { fetched: [], lines });
  });
});

Deno.test("runData() takes what ARCHLLM_DATA has before it downloads", async () => {
  await withFolder(async (folder) => {
    const own = join(folder, "own"), given = join(folder, "given");
    await Deno.mkdir(join(given, "nasbench101"), { recursive: true });
    await Deno.mkdir(join(given, "nasbench201"));
    const json = JSON.stringify(entries201());
    await write(join(given, "nasbench201"), "nasbench201_cifar10.json", json);
    await write(
      join(given, "nasbench101"),
      "accuracies.csv",
      `${HEADER}\n${row(HASHES[0])}\n${row(HASHES[1])}\n`,
    );
    const { fetched, lines } = await run({}, { own, given });
    assert.deepEqual(fetched, [
      "nasbench201_cifar100.json",
      "nasbench201_imagenet.json",
    ]);
    assert.equal(
      lines.at(-1),
      "NAS-Bench-101, cifar10: accuracies.csv: 2 of 423,624 cells",
    );
    await Deno.stat(join(own, "nasbench101", "accuracies.bin"));
  });
});

Deno.test("runData() imports a file, and a corrupt one changes nothing", async () => {
  await withFolder(async (folder) => {
    const own = join(folder, "own"), given = join(folder, "given");
    const spaces = ["nasbench101"] as const;
    const good = await write(folder, "t.csv", `${HEADER}\n${row(HASHES[0])}`);
    assert.deepEqual(await run({ spaces, from: good }, { own }), {
      fetched: [],
      lines: ["NAS-Bench-101, cifar10: t.csv: 1 of 423,624 cells"],
    });
    const cache = join(own, "nasbench101", "accuracies.bin");
    const before = await Deno.readFile(cache);
    const bad = await write(folder, "bad.csv", `${HEADER}\n${row("none")}`);
    await assert.rejects(run({ spaces, from: bad }, { own }), {
      message: /the hash of line 2 of bad.csv must be/,
    });
    assert.deepEqual(await Deno.readFile(cache), before);

    // Another import replaces it, and says so where it is not what will be read.
    await Deno.mkdir(join(given, "nasbench101"), { recursive: true });
    const hiding = await write(
      join(given, "nasbench101"),
      "accuracies.csv",
      `${HEADER}\n${row(HASHES[1])}\n${row(HASHES[2])}`,
    );
    const records = await write(
      folder,
      "r.tfrecord",
      tfrecords(repeats(HASHES[2])),
    );
    const { lines } = await run({ spaces, from: records }, { own, given });
    assert.deepEqual(lines, [
      "NAS-Bench-101, cifar10: accuracies.csv: 2 of 423,624 cells",
      `Imported, but ARCHLLM_DATA is looked at first and has ${hiding}`,
    ]);
    assert.deepEqual((await run({ spaces }, { own })).lines, [
      "NAS-Bench-101, cifar10: r.tfrecord: 1 of 423,624 cells",
    ]);
  });
});

Deno.test("runData() imports one JSON file of NAS-Bench-201", async () => {
  await withFolder(async (folder) => {
    const own = join(folder, "own");
    const spaces = ["nasbench201"] as const;
    const name = "nasbench201_imagenet.json";
    const from = await write(folder, name, JSON.stringify(entries201()));
    const { fetched, lines } = await run({ spaces, from }, { own });
    assert.deepEqual(fetched, []);
    assert.equal(lines.length, 1);
    assert.match(
      lines[0],
      /^NAS-Bench-201, imagenet16-120: nasbench201_imagenet/,
    );
    const target = join(own, "nasbench201", name);
    const before = await Deno.readTextFile(target);
    const fractions = entries201();
    for (const entry of Object.values(fractions)) {
      entry.val_acc_200 = entry.test_acc_200 = 0.91;
    }
    for (
      const [content, message] of [
        ["{}", /must have those of a cell, got none/],
        [JSON.stringify(fractions), /must be percentages, got 0\.91/],
      ] as const
    ) {
      await write(folder, name, content);
      await assert.rejects(run({ spaces, from }, { own }), { message });
      assert.equal(await Deno.readTextFile(target), before);
    }
    // Some of the cells, from a program that writes a byte-order mark.
    const some = Object.fromEntries(Object.entries(entries201()).slice(9_000));
    await write(folder, name, `\ufeff${JSON.stringify(some)}`);
    assert.deepEqual((await run({ spaces, from }, { own })).lines, [
      `NAS-Bench-201, imagenet16-120: ${name}: 6,625 of 15,625 cells; differs from the published file`,
    ]);
  });
});
