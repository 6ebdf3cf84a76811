import assert from "node:assert/strict";
import { relativeImports } from "../../lib/page/relative_imports.ts";

Deno.test("relativeImports() finds every way to import a file", () => {
  const source = `
import "./a.ts";
import b from './b.ts';
import { c, type C } from "../c.ts";
import {
  d,
} from "./d.ts";
import type { E } from "./e.ts";
export * from "./f.ts";
export { g } from "./g.ts";
const h = await import("./h.ts");
new Worker(new URL("./i.ts", import.meta.url), { type: "module" });
`;
  assert.deepEqual(
    relativeImports(source),
    ["../c.ts", ..."abdefghi"].map((name) =>
      name.length > 1 ? name : `./${name}.ts`
    ).sort(),
  );
});

Deno.test("relativeImports() leaves packages, other strings and comments alone", () => {
  const source = `
import * as tf from "@tensorflow/tfjs";
import { join } from "node:path";
export const path = "./a.ts";
/**
 * import { b } from "./b.ts";
 */
// import "./c.ts";
`;
  assert.deepEqual(relativeImports(source), []);
});
