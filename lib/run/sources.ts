/**
 * Which source files a module or a notebook is made of, and one hash of them all.
 *
 * Imports are found by reading the text, not by running it: specifiers that
 * begin with `./` or `../` in `import`, `export … from`, `import(…)` and
 * `new URL(…, import.meta.url)`. Packages are named and pinned in `deno.json`.
 *
 * @module
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../core/files.ts";

const IMPORT_PATTERNS = [
  // import "./a.ts", import { a } from "./a.ts", export * from "./a.ts"
  /(?:^|;)[ \t]*(?:import|export)\s*(?:[^"'`;()=]*?\bfrom\s*)?["'](\.\.?\/[^"'\n]+)["']/gm,
  // import("./a.ts")
  /\bimport\s*\(\s*["'](\.\.?\/[^"'\n]+)["']/g,
  // new Worker(new URL("./a.ts", import.meta.url))
  /\bnew\s+URL\s*\(\s*["'](\.\.?\/[^"'\n]+\.(?:ts|js|mjs|json|py))["']\s*,\s*import\.meta\.url/g,
];

/**
 * Finds the relative specifiers of a text, each once, in order of the alphabet.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { relativeImports } from "./sources.ts";
 * assert.deepEqual(relativeImports(`import { a } from "./a.ts";`), ["./a.ts"]);
 * ```
 */
export function relativeImports(source: string): string[] {
  const found = new Set<string>();
  for (const pattern of IMPORT_PATTERNS) {
    for (const match of source.matchAll(pattern)) found.add(match[1]);
  }
  return [...found].sort();
}

/**
 * Reads a module's text and that of every module it imports, however far.
 *
 * A file that is not there is left out: what needs it fails by itself.
 *
 * @param text The text that imports, at `url`.
 * @returns Text by URL, without the one given.
 */
async function importedModules(
  text: string,
  url: URL,
): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  const queue = relativeImports(text).map((path) => new URL(path, url));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (modules.has(next.href)) continue;
    const source = await Deno.readTextFile(next).catch(() => null);
    if (source === null) continue;
    modules.set(next.href, source);
    const base = next;
    queue.push(...relativeImports(source).map((path) => new URL(path, base)));
  }
  return modules;
}

/**
 * Hashes a text and every module that it imports by a relative path, however far.
 *
 * Paths enter relative to `url`, so a moved checkout keeps its hashes.
 *
 * @param text Source text, a module's or a notebook's joined code cells.
 * @param url Where the text stands: what its imports are relative to.
 * @returns SHA-256 in hexadecimal.
 */
export async function textHash(text: string, url: URL): Promise<string> {
  const folder = fileURLToPath(new URL(".", url));
  const modules = [...await importedModules(text, url)]
    .map(([href, source]) => {
      const path = relative(folder, fileURLToPath(href)).replaceAll("\\", "/");
      return [path, sha256(source)];
    })
    .sort(([a], [b]) => a < b ? -1 : 1);
  return sha256(JSON.stringify([sha256(text), modules]));
}

/**
 * Hashes a module and every module that it imports by a relative path, however far.
 *
 * A checkpoint that carries this hash is known to come from the same program.
 *
 * @param entry `file:` URL of the module, such as `new URL(import.meta.url)`.
 * @returns SHA-256 in hexadecimal.
 * @throws {Error} If the module cannot be read.
 */
export async function sourceHash(entry: URL): Promise<string> {
  return textHash(await Deno.readTextFile(entry), entry);
}
