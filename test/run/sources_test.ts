import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  relativeImports,
  sourceHash,
  textHash,
} from "../../lib/run/sources.ts";

async function withFiles(
  files: Record<string, string>,
  action: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

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

Deno.test("sourceHash() changes with any module it reaches, and with no other", async () => {
  await withFiles({
    "a.ts": `import "./b.ts";`,
    "b.ts": `import "./a.ts"; import "./c.ts";`, // a cycle ends
    "c.ts": "export const c = 1;",
    "d.ts": "",
  }, async (folder) => {
    const hash = () => sourceHash(pathToFileURL(join(folder, "a.ts")));
    const first = await hash();
    assert.match(first, /^[0-9a-f]{64}$/);
    await Deno.writeTextFile(join(folder, "d.ts"), "export {}");
    assert.equal(await hash(), first);
    await Deno.writeTextFile(join(folder, "c.ts"), "export const c = 2;");
    assert.notEqual(await hash(), first);
  });
});

Deno.test("sourceHash() is the same wherever the checkout lies", async () => {
  const files = { "a.ts": `import "./b.ts";`, "b.ts": "" };
  const hashes: string[] = [];
  for (let i = 0; i < 2; i++) {
    await withFiles(files, async (folder) => {
      hashes.push(await sourceHash(pathToFileURL(join(folder, "a.ts"))));
    });
  }
  assert.equal(hashes[0], hashes[1]);
});

Deno.test("textHash() leaves out a file that is not there", async () => {
  await withFiles({}, async (folder) => {
    const url = pathToFileURL(join(folder, "x.ipynb"));
    assert.match(await textHash(`import "./gone.ts";`, url), /^[0-9a-f]{64}$/);
  });
});
