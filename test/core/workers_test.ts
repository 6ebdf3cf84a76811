import assert from "node:assert/strict";
import { inWorkers, mostWorkers, threadsEach } from "../../lib/core/workers.ts";

const module = new URL("./_doubling_worker.ts", import.meta.url);

Deno.test("inWorkers() gives results in the order of jobs, whichever ends first", async () => {
  const news: string[] = [];
  const ended: number[] = [];
  const results = await inWorkers<number, number, { doubled: number }>(
    module,
    2,
    [300, 1, 2],
    {
      onProgress: (job, { message }) => news.push(`${job}: ${message}`),
      onResult: (job) => ended.push(job),
    },
  );
  assert.deepEqual(results.map(({ doubled }) => doubled), [600, 2, 4]);
  assert.deepEqual(news.sort(), [
    "0: doubling 300",
    "1: doubling 1",
    "2: doubling 2",
  ]);
  assert.deepEqual(ended.toSorted(), [0, 1, 2]);
});

Deno.test("inWorkers() hands the next job to a worker that has ended its last", async () => {
  const results = await inWorkers<number, number, { taken: number }>(
    module,
    2,
    [1, 1, 1, 1, 1],
    { workers: 1 },
  );
  assert.deepEqual(results.map(({ taken }) => taken), [1, 2, 3, 4, 5]);
});

Deno.test("inWorkers() gives every worker the common part", async () => {
  const results = await inWorkers<number, number, { doubled: number }>(
    module,
    7,
    [1, 2],
  );
  assert.deepEqual(results.map(({ doubled }) => doubled), [7, 14]);
  await assert.rejects(
    inWorkers(module, 0, [1]),
    { message: "Cannot multiply by 0" },
  );
});

Deno.test("inWorkers() without jobs has no results", async () => {
  assert.deepEqual(await inWorkers(module, 2, []), []);
});

Deno.test("inWorkers() fails with the error of a job, and ends the others", async () => {
  const started = performance.now();
  await assert.rejects(
    inWorkers(module, 2, [60_000, -1]),
    { message: "Cannot double -1" },
  );
  assert.ok(performance.now() - started < 30_000);
});

Deno.test("inWorkers() fails with what is wrong with a module", async () => {
  await assert.rejects(
    inWorkers(new URL("./_broken_worker.ts", import.meta.url), 2, [1]),
    /This worker cannot start/,
  );
});

Deno.test("inWorkers() ends with the reason of its signal", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(
    inWorkers(module, 2, [60_000, 60_000], {
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    }),
    reason,
  );
  await assert.rejects(
    inWorkers(module, 2, [1], { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

Deno.test("threadsEach() shares the cores out, one at least", () => {
  assert.equal(threadsEach(1), mostWorkers());
  assert.equal(threadsEach(mostWorkers()), 1);
  assert.equal(threadsEach(10 * mostWorkers()), 1);
});
