import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { parseSearchArguments, runSearch } from "../../lib/cli/search.ts";
import { OUTPUTS } from "../../lib/run/folders.ts";
import { readTrials } from "../../lib/search/trials.ts";
import { NASBENCH201 } from "../../lib/spaces/nasbench201/space.ts";
import { withFolder } from "../_helpers.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PROGRAM = path("../evaluation/_program.sh");
const command = (way: string, folder: string) =>
  `sh '${PROGRAM}' ${way} '${folder}/ledger' {request} {result}`;

/** What the program wrote down: which trainings it began, and whether any began twice. */
async function begun(folder: string) {
  const lines = (await Deno.readTextFile(join(folder, "ledger"))).split("\n");
  const cells = lines.filter((line) => line.startsWith("begun"));
  return { count: cells.length, twice: cells.length - new Set(cells).size };
}

Deno.test("parseSearchArguments() has defaults for all but the program", async () => {
  const { space, model: _, ...request } = await parseSearchArguments(
    ["--evaluator", "python 'my train.py' {request} {result}"],
  );
  assert.equal(space.name, "nasbench201");
  assert.deepEqual(request, {
    methods: ["Arch-LLM+ search"],
    budget: 64,
    seeds: [0],
    command: ["python", "my train.py", "{request}", "{result}"],
    recipe: { seed: 0 },
    rounds: false,
    folder: join(OUTPUTS, "searches", "nasbench201"),
    results: undefined,
    backend: "local",
    parallel: 1,
    heartbeatSeconds: null,
    queue: "redis://127.0.0.1:6379",
    sbatch: [],
    cwd: Deno.cwd(),
    device: "auto",
  });
});

Deno.test("parseSearchArguments() says what is wrong", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "broken.json"), '{"seed": 0');
    await Deno.writeTextFile(join(folder, "seedless.json"), '{"epochs": 2}');
    const refused = async (message: RegExp, ...args: string[]) =>
      await assert.rejects(
        parseSearchArguments(["--evaluator", "true", ...args], folder),
        { message },
      );
    await assert.rejects(
      parseSearchArguments([]),
      /^RangeError: Cannot search: --evaluator must be the command .*, got none/,
    );
    await refused(
      /--method must be one of random-search, .*got magic$/,
      "--method",
      "random-search,magic",
    );
    await refused(
      /--budget must be a whole number from 1 .*, got 0/,
      "--budget",
      "0",
    );
    await refused(
      /--sbatch must stand with --backend slurm, got local/,
      "--sbatch=--gres=gpu:1",
      ...["--backend", "local"],
    );
    await refused(
      /--recipe must be a file, got nothing at/,
      "--recipe",
      "none.json",
    );
    await refused(
      /broken.json must be JSON, got one with/,
      "--recipe",
      "broken.json",
    );
    await refused(
      /seed of .*seedless.json must be a whole number from 0 on, got none/,
      "--recipe",
      "seedless.json",
    );
    await refused(/--name must be up to 100 letters/, "--name", "../x");
    await refused(/--backend must be one of/, "--backend", "cloud");
  });
});

Deno.test("parseSearchArguments() takes options of a backend for its name", async () => {
  const parse = (...args: string[]) =>
    parseSearchArguments(["--evaluator", "true", ...args]);
  const queue = await parse("--queue", "redis://127.0.0.1:7000");
  assert.equal(queue.backend, "bullmq");
  const cluster = await parse("--sbatch=--partition=gpu --comment='a b'");
  assert.equal(cluster.backend, "slurm");
  assert.deepEqual(cluster.sbatch, ["--partition=gpu", "--comment=a b"]);
});

Deno.test("runSearch() leaves tables, curves, cells, a report, and shares trainings between searches", async () => {
  await withFolder(async (folder) => {
    const request = await parseSearchArguments([
      ...["--evaluator", command("ok", folder), "--parallel", "4"],
      ...["--method", "random-search,gaussian-process-paths"],
      ...["--budget", "20", "--trials", "2", "--device", "cpu"],
    ]);
    const printed: string[] = [];
    const run = () =>
      runSearch({ ...request, folder }, {
        print: (text) => printed.push(text),
      });
    await run();
    assert.match(
      printed[0],
      /Random search +20 +2 +75\.00 ± 0\.00 +50\.00 ± 0\.00/,
    );
    const left = await Array.fromAsync(
      Deno.readDir(folder),
      ({ name }) => name,
    );
    for (
      const name of [
        "best_cells.svg",
        "figures",
        "manifest.json",
        "report.html",
        "tables",
      ]
    ) assert.ok(left.includes(name), name);
    const csv = await Deno.readTextFile(join(folder, "tables/queries.csv"));
    assert.equal(csv.trim().split("\n").length, 1 + 2 * 2 * 20);
    // Both methods begin with the same 16 random cells.
    const { count, twice } = await begun(folder);
    assert.equal(twice, 0);
    assert.ok(count <= 2 * (20 + 4), `${count}`);
    await run();
    assert.equal((await begun(folder)).count, count);
    await assert.rejects(
      runSearch({ ...request, folder, command: ["other"], budget: 21 }),
      /the trainings in .* must be of one program, got .*_program\.sh.* before and \["other"\] now/,
    );
  });
});

Deno.test("a search that is killed at any moment trains nothing twice", async () => {
  await withFolder(async (folder) => {
    const start = () =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", "--no-check", path("_search.ts")],
          ...[folder, "30", command("slow", folder)],
        ],
        ...{ stdout: "null", stderr: "null" },
      }).spawn();
    for (const trainings of [5, 14, 23]) {
      const child = start();
      while (
        (await begun(folder).catch(() => ({ count: 0 }))).count < trainings
      ) {
        await delay(20);
      }
      child.kill("SIGKILL");
      await child.status;
    }
    const { success } = await start().status;
    assert.ok(success);
    assert.deepEqual(await begun(folder), { count: 30, twice: 0 });
    const [trial] = await readTrials(NASBENCH201, join(folder, "trials"));
    assert.equal(trial.queries.length, 30);
    assert.ok(trial.queries.every(({ validation }) => validation === 0.75));
  });
});

Deno.test("runSearch() that is stopped ends its programs, which save themselves, and goes on", async () => {
  await withFolder(async (folder) => {
    const stop = new AbortController();
    const request = await parseSearchArguments([
      ...["--evaluator", command("slow", folder), "--parallel", "2"],
      ...["--method", "random-search", "--budget", "6", "--device", "cpu"],
    ]);
    const running = runSearch({ ...request, folder }, {
      signal: stop.signal,
      print: () => {},
    });
    setTimeout(() => stop.abort(new Error("stopped")), 800);
    await assert.rejects(running, /stopped/);
    await runSearch({ ...request, folder }, { print: () => {} });
    const [trial] = await readTrials(NASBENCH201, join(folder, "trials"));
    assert.equal(trial.queries.length, 6);
    const { count } = await begun(folder);
    assert.ok(count <= 6 + 2, `${count}`);
  });
});
