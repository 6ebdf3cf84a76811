/** What is installed and what the tasks may do, held against SECURITY.md. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson } from "../lib/core/files.ts";
import { readLines } from "../lib/core/processes.ts";
import { PROJECT_ROOT } from "../lib/core/project.ts";
import { gitState } from "../lib/run/git.ts";
import { withFolder } from "./_helpers.ts";
import { askPython, hasPackages } from "./_python.ts";

interface Configuration {
  readonly lock: { readonly frozen: boolean };
  readonly imports: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

const read = (name: string) => Deno.readTextFile(join(PROJECT_ROOT, name));
const security = await read("SECURITY.md");
const configuration = await readJson<Configuration>(
  join(PROJECT_ROOT, "deno.json"),
  "project configuration",
);
const lock = await readJson<LockFile>(
  join(PROJECT_ROOT, "deno.lock"),
  "lock file",
);

/** The rows of the table under a heading, without its head; backquotes are left out. */
function tableUnder(heading: string): string[][] {
  const [, text] = security.split(`\n${heading}\n`);
  assert.ok(text, `SECURITY.md has ${heading}`);
  return text.slice(text.indexOf("\n|")).trimStart().split(/\n\n/)[0]
    .split("\n").slice(2)
    .map((line) =>
      line.replaceAll("`", "").split("|").slice(1, -1)
        .map((cell) => cell.trim())
    );
}

/** Name and version of what is written `name@1.2.3` or `name==1.2.3`, with more behind. */
function nameAndVersion(text: string): [string, string] {
  const [, name, version] = text.match(/^(@?[^@=]+)(?:@|==)([^\s_;]+)/)!;
  return [name, version];
}

/** What the lines of a requirements file pin. */
function pinned(text: string): [string, string][] {
  return text.split("\n").filter((line) => /^[a-z].*==/.test(line))
    .map(nameAndVersion);
}

Deno.test("every npm package is in a frozen lock file with its hash, and none is a nightly", () => {
  assert.equal(configuration.lock.frozen, true);
  const entries = Object.entries(lock.npm);
  assert.ok(entries.length > 100);
  for (const [name, { integrity }] of entries) {
    assert.match(integrity, /^sha512-[\w+/]{86}==$/, name);
    const [, version] = nameAndVersion(name);
    assert.match(version, /^\d+\.\d+\.\d+(\.\d+)?$/, name);
  }
});

Deno.test("libraries of devices are locked with hashes, and no host is named", async () => {
  const folder = "lib/cli/device_setup";
  const { npm } = await readJson<LockFile>(
    join(PROJECT_ROOT, folder, "tfjs-node-gpu/deno.lock"),
    "lock file",
  );
  assert.ok(Object.keys(npm).length > 100);
  for (const [name, { integrity }] of Object.entries(npm)) {
    assert.match(integrity, /^sha512-/, name);
  }
  for (
    const name of ["tfjs-node-gpu/cpu", "tfjs-node-gpu/cuda", "cuda/wheels"]
  ) {
    const text = await read(`${folder}/${name}.txt`);
    const wheels = pinned(text);
    assert.ok(wheels.length > 0, name);
    const hashed = text.match(
      /^\S+==\S+ \\\n {4}--hash=sha256:[0-9a-f]{64}$/gm,
    );
    assert.equal(hashed?.length, wheels.length, name);
    assert.doesNotMatch(text, /https?:/);
  }
});

Deno.test("a command ends where a package is not in the lock file", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", 'import("npm:left-pad@1.3.0")'],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(success, false);
  // Where there is no network, it ends one step earlier.
  assert.match(
    new TextDecoder().decode(stderr),
    /lockfile is out of date|client error|error sending request/,
  );
  assert.doesNotMatch(await read("deno.lock"), /left-pad/);
});

Deno.test("every Python package but PyTorch is locked with hashes, and no host is named", async () => {
  for (const name of ["requirements", "requirements-dev"]) {
    const text = await read(`${name}.txt`);
    const entries = text.replace(/^#.*\n/gm, "").trim().split(/\n(?=\S)/);
    assert.ok(entries.length > 30);
    for (const entry of entries) {
      assert.match(
        entry,
        /^[a-z][\w.-]*==[\w.]+(?: ; [^\\]+)? \\(?:\n {4}--hash=sha256:[0-9a-f]{64}(?: \\)?)+$/,
      );
    }
    assert.doesNotMatch(text, /:\/\/|--index|--find-links/);
    // What is wanted is what was locked, in the version that is wanted.
    const versions = new Map(pinned(text));
    const wanted = (await read(`${name}.in`)).match(/^[a-z].*$/gm)!;
    for (const line of wanted) {
      const [, package_, version] = line.match(/^([\w-]+)(?:==(.+))?$/)!;
      assert.ok(versions.has(package_), line);
      if (version) assert.equal(versions.get(package_), version);
    }
  }
  assert.equal(pinned(await read("requirements-torch.txt")).length, 1);
});

Deno.test("Python packages of both locks have one version", async () => {
  const versions = Map.groupBy(
    pinned(await read("requirements.txt")),
    ([name]) => name,
  );
  const shared = pinned(await read("requirements-dev.txt"))
    .filter(([name]) => versions.has(name));
  assert.ok(shared.length > 5);
  for (const [name, version] of shared) {
    assert.ok(
      versions.get(name)!.some(([, other]) => other === version),
      `${name} ${version}`,
    );
  }
});

Deno.test("SECURITY.md lists the permissions of every task as they are", () => {
  const commands = Object.entries(configuration.tasks)
    // One without a command stands for those that it depends on.
    .filter(([, { command = "deno task " }]) =>
      !command.startsWith("deno task ")
    );
  const listed = tableUnder("## Permissions of the tasks");
  assert.deepEqual(
    listed.map(([name, permissions]) => [name, permissions]),
    commands.map(([name, { command }]) => [
      name,
      command.split(" ").filter((word) =>
        /^(-A|--(allow|ignore)-.*)$/.test(word)
      )
        .join(" "),
    ]),
  );
  for (const [name, permissions, why] of listed) {
    assert.ok(why.length > 10, name);
    const { command } = configuration.tasks[name];
    // Tests start whatever there is; everything else is refused without a question.
    if (["test", "fuzz"].includes(name)) assert.equal(permissions, "-A");
    else {assert.match(
        command,
        /^deno run --no-prompt (?!.*(-A|--allow-all)\b)/,
      );}
  }
});

/** Starts a task as a user does, with the permissions that stand in its command. */
function startTask(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function runTask(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await startTask(...args).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("task export reads and writes a model anywhere, and task page serves it", () =>
  withFolder(async (outputs) => {
    const from = join(PROJECT_ROOT, "outputs/nasbench101/models/arch-llm-plus");
    const models = join(outputs, "nasbench101/models/arch-llm-plus");
    for (const model of ["vqvae", "t5"]) {
      await Deno.mkdir(join(models, model), { recursive: true });
      for await (const { name, isFile } of Deno.readDir(join(from, model))) {
        if (!isFile) continue;
        await Deno.copyFile(join(from, model, name), join(models, model, name));
      }
    }
    const exported = await runTask(
      ...["export", "--space", "nasbench101", "--outputs", outputs],
    );
    assert.equal(exported.code, 0, exported.stderr);
    const decoder = await Deno.stat(join(models, "vqvae/onnx/decoder.onnx"));
    assert.ok(decoder.size > 10_000);

    const page = startTask("page", "--outputs", outputs, "--port", "0");
    const errors = new Response(page.stderr).text();
    try {
      let address: string | undefined;
      for await (const line of readLines(page.stdout)) {
        address = line.match(/http:\/\/127\.0\.0\.1:\d+\//)?.[0];
        if (address !== undefined) break;
      }
      assert.ok(address !== undefined, "the page has an address");
      const answer = await fetch(address);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /<!DOCTYPE html>/i);
    } finally {
      page.kill("SIGINT");
      await page.status;
      await errors;
    }
  }));

Deno.test("task record may ask git, as reproduce may", async () => {
  const missing = await runTask("record", "no-such-run");
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^Cannot record the run no-such-run: .*\n$/);
  await withFolder(async (folder) => {
    const program = join(folder, "state.ts");
    const git = new URL("../lib/run/git.ts", import.meta.url).href;
    await Deno.writeTextFile(
      program,
      `import { gitState } from "${git}";
       console.log(JSON.stringify(await gitState()));`,
    );
    for (const task of ["record", "reproduce"]) {
      const [command] = configuration.tasks[task].command.split(" lib/");
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [...command.split(" ").slice(1), program],
        cwd: PROJECT_ROOT,
      }).output();
      const answer = JSON.parse(new TextDecoder().decode(stdout));
      assert.deepEqual(answer, await gitState(), task);
    }
  });
});

Deno.test({
  name: "task lab starts JupyterLab",
  ignore: !await hasPackages("jupyterlab"),
  async fn() {
    const { code, stdout } = await runTask("lab", "--version");
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  },
});

Deno.test("SECURITY.md lists every package that is named, with its version", async () => {
  const npm = Object.values(configuration.imports)
    .filter((specifier) => specifier.startsWith("npm:"))
    .map((specifier) => nameAndVersion(specifier.slice("npm:".length)));
  assert.deepEqual(
    tableUnder("### npm").map(([name, version]) => [name, version]),
    npm.sort(([a], [b]) => a < b ? -1 : 1),
  );
  const python = (await Promise.all(
    ["requirements.in", "requirements-dev.in", "requirements-torch.txt"]
      .map(read),
  )).flatMap(pinned);
  assert.deepEqual(
    tableUnder("### Python").map(([name, version]) => [name, version]).sort(),
    python.sort(),
  );
});

/** Licences that ask for their text to be kept and for nothing else. */
const FREE =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|CC0-1\.0|Apache-2\.0 AND MIT|\(MIT OR CC0-1\.0\))$/;

Deno.test("npm packages have the licences that SECURITY.md tells", async () => {
  const told = new Map(
    tableUnder("### npm").map(([name, , licence]) => [name, licence]),
  );
  let checked = 0;
  for (const key of Object.keys(lock.npm)) {
    const [name, version] = nameAndVersion(key);
    const folder = `${name.replace("/", "+")}@${key.slice(name.length + 1)}`;
    const manifest = await readJson<{ license: string; version: string }>(
      join(
        ...[PROJECT_ROOT, "node_modules", ".deno", folder.replaceAll("/", "+")],
        ...["node_modules", name, "package.json"],
      ),
      "package",
    ).catch(() => null); // another system's
    if (manifest === null) continue;
    checked++;
    assert.equal(manifest.version, version);
    const direct = Object.values(configuration.imports)
      .includes(`npm:${name}@${version}`);
    if (direct) assert.equal(manifest.license, told.get(name), key);
    if (name.startsWith("@img/sharp-")) {
      assert.match(manifest.license, /Apache-2\.0|LGPL-3\.0-or-later/, key);
    } else assert.match(manifest.license, FREE, key);
  }
  assert.ok(checked > 100, `${checked} packages`);
});

Deno.test({
  name:
    "Python packages under a licence with conditions are those that SECURITY.md names",
  ignore: !await hasPackages("torch", "transformers", "jupyterlab"),
  async fn() {
    const names = (await Promise.all(
      ["requirements.txt", "requirements-dev.txt", "requirements-torch.txt"]
        .map(read),
    )).flatMap(pinned).map(([name]) => name);
    const conditional = await askPython<string[]>(
      `
import importlib.metadata as m, json, re, sys
found = []
for name in sorted(set(sys.argv[1:])):
    try: d = m.metadata(name)
    except m.PackageNotFoundError: continue
    told = [d.get("License-Expression"), *(d.get_all("Classifier") or [])]
    if not d.get("License-Expression"): told.append((d.get("License") or "")[:100])
    told = [t for t in told if t]
    if re.search(r"GPL|MPL|Mozilla|EPL|CDDL|Proprietary|Commercial", " ".join(told)): found.append(name)
print(json.dumps(found))
`,
      ...names,
    );
    assert.deepEqual(conditional, ["certifi", "fqdn", "tqdm"]);
    for (const name of conditional) {
      assert.ok(security.includes(`\`${name}\``), name);
    }
  },
});
