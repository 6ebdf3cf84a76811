/**
 * Which files of the project a module imports, found by reading its text.
 *
 * @module
 */

const IMPORT_PATTERNS = [
  // import "./a.ts", import { a } from "./a.ts", export * from "./a.ts"
  /(?:^|;)[ \t]*(?:import|export)\s*(?:[^"'`;()=]*?\bfrom\s*)?["'](\.\.?\/[^"'\n]+)["']/gm,
  // import("./a.ts")
  /\bimport\s*\(\s*["'](\.\.?\/[^"'\n]+)["']/g,
  // new Worker(new URL("./a.ts", import.meta.url))
  /\bnew\s+URL\s*\(\s*["'](\.\.?\/[^"'\n]+\.(?:ts|js|mjs|json|py))["']\s*,\s*import\.meta\.url/g,
];

/**
 * Finds the relative specifiers of a module's text, each once, in order of the alphabet.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { relativeImports } from "./relative_imports.ts";
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
