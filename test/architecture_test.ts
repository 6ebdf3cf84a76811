import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { PROJECT_ROOT } from "../lib/core/project.ts";
import { SPACES } from "../lib/spaces/registry.ts";

/** The rooms of `lib/`, bottom to top: a file imports from its own or one before it. */
// deno-fmt-ignore
const ROOMS = [
  "core", "spaces", "exchange", "recount", "engine", "nn", "metrics", "language", "paper",
  "accuracies", "models",
  "evaluation", "generation", "analysis", "search", "report", "run", "speed", "page", "cli",
  "mod.ts",
];
const NAMES = SPACES.map(({ name }) => name);

/** Matches of static imports and exports, and of dynamic imports, outside comments. */
const IMPORTS = [
  /^(?:import|export)\b[^;"]*?\bfrom\s*"(\.[^"]+)"/gm,
  /^import\s*"(\.[^"]+)"/gm,
  /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*"(\.[^"]+)"/gm,
];

/** What each file imports, by paths relative to `lib/`. */
function importGraph(files: ReadonlyMap<string, string>) {
  return new Map(Array.from(files, ([path, text]) => [
    path,
    IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)])
      .map(([, specifier]) => join(dirname(path), specifier)),
  ]));
}

/** Imports from a room to one above it, and files in no room. */
function upwardImports(files: ReadonlyMap<string, string>): string[] {
  const level = (path: string) => ROOMS.indexOf(path.split("/")[0]);
  const strays = [...files.keys()].filter((path) => level(path) < 0)
    .map((path) => `${path} is in no room`);
  const upward = [...importGraph(files)].flatMap(([path, targets]) =>
    targets.filter((target) => level(target) > level(path))
      .map((target) => `${path} imports ${target} from above`)
  );
  return [...strays, ...upward];
}

/** Circles of imports: none where there is none, else at least one. */
function circles(files: ReadonlyMap<string, string>): string[] {
  const graph = importGraph(files);
  const done = new Set<string>(), found = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      const circle = trail.slice(trail.indexOf(path));
      found.add([...circle, path].join(" → "));
    }
    if (done.has(path) || trail.includes(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found];
}

/** Names of spaces, in text or file names, where none may stand. */
function strayNames(files: ReadonlyMap<string, string>): string[] {
  const mayName = (path: string, name: string) =>
    path.startsWith(`spaces/${name}/`) || path === "spaces/registry.ts" ||
    path.startsWith("paper/") ||
    // Programs of users know the spaces that they are written for.
    path.startsWith("evaluation/examples/") ||
    // What is counted again is told a second time, by code that shares nothing with the first.
    path === `recount/${name}.ts` || path === "recount/plain_spaces.ts";
  return [...files].flatMap(([path, text]) =>
    NAMES.filter((name) => !mayName(path, name)).flatMap((name) => {
      const lines = [path, ...text.split("\n")];
      return lines.flatMap((line, number) =>
        line.toLowerCase().includes(name)
          ? [`${path}:${number} names ${name}: ${line.trim()}`]
          : []
      );
    })
  );
}

/** Every file of text under `lib/`. */
function readFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      const entry = join(path, name);
      if (isDirectory) walk(entry);
      else if (/\.(ts|py|html|css|json)$/.test(name)) {
        const key = relative(folder, entry).replaceAll("\\", "/");
        files.set(key, Deno.readTextFileSync(entry));
      }
    }
  };
  walk(folder);
  return files;
}

const LIB = readFiles(join(PROJECT_ROOT, "lib"));

/** Fails with a list, a line a problem. */
function assertNone(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join("\n")}\n`);
}

Deno.test("each file of lib/ imports from its own room or one below it", () => {
  assert.ok(LIB.size > 100);
  assertNone(upwardImports(LIB));
});

Deno.test("no files of lib/ import each other in a circle", () => {
  assertNone(circles(LIB));
});

Deno.test("what counts again takes nothing but types and files from what measured", () => {
  const files = [...LIB].filter(([path]) => path.startsWith("recount/"));
  assert.ok(files.length > 5);
  for (const [path, text] of files) {
    const imported = [...text.matchAll(/^import\b([^"]+)"([^"]+)"/gm)]
      .filter(([, names]) => !/^\s+type\b/.test(names))
      .map(([, , specifier]) => specifier);
    for (const specifier of imported) {
      assert.match(specifier, /^(\.\/|\.\.\/core\/|node:)/, path);
    }
  }
});

Deno.test("only the registry, its own folder, the paper's figures and what counts again name a space", () => {
  assertNone(strayNames(LIB));
});

Deno.test("the rules see what breaks them", () => {
  const [name, other] = NAMES;
  const files = new Map([
    ["core/a.ts", 'import type { B } from "../cli/b.ts";\n'],
    ["cli/b.ts", 'export {\n  c,\n} from "./c.ts";\n// import("./d.ts")\n'],
    ["cli/c.ts", ' * import { b } from "./b.ts";\nimport "./d.ts";\n'],
    ["cli/d.ts", '  const { b } = await import("./b.ts");\n'],
    ["attic/e.ts", `"${name.toUpperCase()}"`],
    [`search/${name}.ts`, ""],
    ["spaces/registry.ts", `import { A } from "./${name}/space.ts";`],
    ["spaces/draw.ts", `space.name === "${name}"`],
    [`recount/${name}.ts`, `name: "${name}"`],
    ["recount/count.ts", `name: "${name}"`],
    [`spaces/${name}/space.ts`, `// ${name}, unlike ${other}`],
    ["paper/tables.ts", `{ ${name}: 1 }`],
  ]);
  assert.deepEqual(upwardImports(files), [
    "attic/e.ts is in no room",
    "core/a.ts imports cli/b.ts from above",
  ]);
  assert.deepEqual(circles(files), [
    "cli/b.ts → cli/c.ts → cli/d.ts → cli/b.ts",
  ]);
  assert.deepEqual(strayNames(files).map((line) => line.split(": ")[0]), [
    `attic/e.ts:1 names ${name}`,
    `search/${name}.ts:0 names ${name}`,
    `spaces/draw.ts:1 names ${name}`,
    `recount/count.ts:1 names ${name}`,
    `spaces/${name}/space.ts:1 names ${other}`,
  ]);
});
