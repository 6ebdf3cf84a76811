import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchAccuracies } from "../../lib/accuracies/fetch.ts";
import { sha256 } from "../../lib/core/files.ts";
import type { AccuracySource } from "../../lib/spaces/accuracies.ts";
import { getSpace } from "../../lib/spaces/registry.ts";
import type { EnumeratedSpace } from "../../lib/spaces/space.ts";
import { withFolder } from "../_helpers.ts";

const SPACE = getSpace("nasbench201") as EnumeratedSpace;
const CONTENT = new TextEncoder().encode("{}");

/** The space with two tables that a server of this machine publishes. */
function publishedAt(port: number, bytes = CONTENT.length): EnumeratedSpace {
  const sources = ["a.json", "b.json"].map((name): AccuracySource => ({
    names: [name],
    published: {
      name,
      url: `http://127.0.0.1:${port}/${name}`,
      bytes,
      sha256: sha256(CONTENT),
    },
    load: () => Promise.reject(new Error("not to be loaded")),
    keep: () => Promise.reject(new Error("not to be kept")),
  }));
  return { ...SPACE, accuracies: { ...SPACE.accuracies!, sources } };
}

/** Runs a task beside a server; tells what was asked for and said. */
async function withServer(
  task: (
    port: number,
    asked: string[],
    options: { folder: string; say: (line: string) => void },
    lines: string[],
  ) => Promise<void>,
): Promise<void> {
  const asked: string[] = [], lines: string[] = [];
  const before = Deno.env.get("ARCHLLM_DATA");
  Deno.env.delete("ARCHLLM_DATA");
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      asked.push(new URL(request.url).pathname);
      return new Response(CONTENT);
    },
  );
  try {
    await withFolder((folder) =>
      task(
        server.addr.port,
        asked,
        { folder, say: (line) => lines.push(line) },
        lines,
      )
    );
  } finally {
    if (before !== undefined) Deno.env.set("ARCHLLM_DATA", before);
  }
}

Deno.test("fetchAccuracies() fetches what is not there, once, and says so in a line", async () => {
  await withServer(async (port, asked, options, lines) => {
    const space = publishedAt(port);
    const own = join(options.folder, space.name);
    await Deno.mkdir(own);
    await Deno.writeTextFile(join(own, "a.json"), "there already");
    await fetchAccuracies(space, options);
    assert.deepEqual(asked, ["/b.json"]);
    assert.deepEqual(lines, [
      "Fetched the accuracies of NAS-Bench-201: b.json",
    ]);
    assert.deepEqual(await Deno.readFile(join(own, "b.json")), CONTENT);
    assert.equal(
      await Deno.readTextFile(join(own, "a.json")),
      "there already",
    );
    await fetchAccuracies(space, options);
    assert.deepEqual([asked.length, lines.length], [1, 1]);
  });
});

Deno.test("fetchAccuracies() says in a line that the surrogate stands in where there is no network", async () => {
  await withServer(async (_, __, options, lines) => {
    // A port that nobody listens at.
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    await fetchAccuracies(publishedAt(port), {
      ...options,
      wait: () => Promise.resolve(),
    });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0],
      /^Without the accuracies of NAS-Bench-201 the surrogate stands in \(deno task data\): Cannot download http:\/\/127\.0\.0\.1:/,
    );
    assert.doesNotMatch(lines[0], /\n/);
  });
});

Deno.test("fetchAccuracies() leaves large tables alone, and spaces that have none", async () => {
  await withServer(async (port, asked, options, lines) => {
    await fetchAccuracies(publishedAt(port, 11e6), options);
    const { accuracies: _, ...untrained } = SPACE;
    await fetchAccuracies(untrained, options);
    assert.deepEqual([asked, lines], [[], []]);
  });
});

Deno.test("fetchAccuracies() would fetch the tables of NAS-Bench-201, but not of NAS-Bench-101", () => {
  const total = (name: string) =>
    (getSpace(name) as EnumeratedSpace).accuracies!.sources
      .reduce((sum, { published }) => sum + published.bytes, 0);
  assert.ok(total("nasbench201") <= 20e6);
  assert.ok(total("nasbench101") > 20e6);
});
