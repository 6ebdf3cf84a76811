/** The queue against workers that misbehave, and addresses that are none. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "bullmq";
import { queueAddress } from "../../lib/cli/queue_address.ts";
import { within } from "../../lib/core/processes.ts";
import { BullmqBackend } from "../../lib/evaluation/backends/bullmq.ts";
import {
  connectRedis,
  MOST_STALLS,
  parseAnswer,
  QUEUE,
} from "../../lib/evaluation/backends/job_queue.ts";
import { runWorker } from "../../lib/evaluation/queue_worker.ts";
import { TrainingEvaluator } from "../../lib/evaluation/training_evaluator.ts";
import { withFolder } from "../_helpers.ts";
import { cell, SPACE } from "../search/_tables.ts";
import { engines, freePort, Redis } from "./_engines.ts";

const ROOT = await engines();

/** Milliseconds that a cell may take. */
const LIMIT_MS = 30_000;

/** A right answer to a job. */
const ok = (id: string, validation: number) => ({
  end: { kind: "exited", code: 0 },
  result: JSON.stringify({
    ...{ protocol: 1, id, status: "ok", validation_accuracy: validation },
  }),
  errors: "",
});

/** What a worker answers to the first attempts with a job. */
const WRONG: Record<string, (id: string) => unknown> = {
  "no answer at all": () => "done",
  "no end": (id) => ({ ...ok(id, 0.9), end: { kind: "exited" } }),
  "a result that is none": (id) => ({ ...ok(id, 0.9), result: "{" }),
  "a result of another cell": (id) => ok(`${id}x`, 0.9),
  "an error": () => {
    throw new Error("something else");
  },
};

Deno.test({
  name: "answers of workers that are none, or of others, are tried again",
  ignore: ROOT === null,
  fn: (test) =>
    withFolder(async (folder) => {
      await using redis = await Redis.start(ROOT!, join(folder, "redis"));
      const evaluate = async (name: string, index: number) => {
        await using backend = await BullmqBackend.open(redis.url, {
          parallel: 1,
        });
        const evaluator = new TrainingEvaluator(SPACE, backend, {
          folder: join(folder, name),
          recipe: { seed: 0 },
          program: "test",
          retryAfterMs: 1,
        });
        const found = await within(
          Array.fromAsync(evaluator.evaluate([cell(index)])),
          LIMIT_MS,
        );
        assert.ok(found, "it took too long");
        return found;
      };
      const working = async (
        options: { lockDuration?: number; skipLockRenewal?: boolean },
        answer: (id: string) => unknown,
      ) => {
        const client = await connectRedis(redis.url, "work");
        const worker = new Worker(
          QUEUE,
          async (job) => await answer(job.id!),
          {
            connection: client,
            stalledInterval: 500,
            maxStalledCount: MOST_STALLS,
            ...options,
          },
        );
        worker.on("error", () => {});
        return {
          async [Symbol.asyncDispose]() {
            await worker.close(true);
            client.disconnect();
          },
        };
      };
      for (const [i, [name, wrong]] of Object.entries(WRONG).entries()) {
        await test.step(name, async () => {
          let attempts = 0;
          await using _worker = await working(
            {},
            (id) => ++attempts < 2 ? wrong(id) : ok(id, 0.5),
          );
          const [one] = await evaluate(name.replaceAll(" ", "-"), 10 + i);
          assert.deepEqual(one, { cell: cell(10 + i), validation: 0.5 });
          assert.equal(attempts, 2);
        });
      }
      await test.step("a late answer, when another worker has answered", async () => {
        let begun = 0;
        const late = Promise.withResolvers<void>();
        await using _slow = await working(
          { lockDuration: 1000, skipLockRenewal: true },
          async (id) => {
            if (begun++ === 0) {
              await delay(4000);
              late.resolve();
              return ok(id, 0.9);
            }
            return ok(id, 0.5);
          },
        );
        await using _other = await working(
          { lockDuration: 1000 },
          (id) => {
            begun++;
            return ok(id, 0.5);
          },
        );
        const [one] = await evaluate("late", 20);
        assert.deepEqual(one, { cell: cell(20), validation: 0.5 });
        await late.promise;
        assert.deepEqual(await evaluate("late", 20), [one]);
      });
      await test.step("two searches that ask for the same cell have it trained once", async () => {
        let begun = 0;
        await using _worker = await working({}, async (id) => {
          begun++;
          await delay(1500);
          return ok(id, 0.5);
        });
        const [first, second] = await Promise.all([
          evaluate("one", 30),
          evaluate("another", 30),
        ]);
        assert.deepEqual(first, second);
        assert.equal(begun, 1);
      });
    }),
});

Deno.test({
  name: "a search and a worker that are stopped end, although Redis is away",
  ignore: ROOT === null,
  fn: () =>
    withFolder(async (folder) => {
      await using redis = await Redis.start(ROOT!, join(folder, "redis"));
      const stop = new AbortController();
      const begun = Promise.withResolvers<void>();
      const work = connectRedis(redis.url, "work").then((client) =>
        runWorker(client, {
          command: ["sleep", "60"],
          folder: join(folder, "worker"),
          ...{ parallel: 1, cwd: folder, lockSeconds: 2 },
          signal: stop.signal,
        })
      );
      const search = (async () => {
        await using backend = await BullmqBackend.open(redis.url, {
          parallel: 2,
        });
        const evaluator = new TrainingEvaluator(SPACE, backend, {
          folder: join(folder, "evaluations"),
          recipe: { seed: 0 },
          program: "test",
          onEvent: ({ event }) => event === "started" && begun.resolve(),
        });
        const { signal } = stop;
        await Array.fromAsync(
          evaluator.evaluate([cell(1), cell(2)], { signal }),
        );
      })();
      const ended = Promise.allSettled([search, work]);
      await begun.promise;
      await redis.server.kill();
      stop.abort(new Error("enough"));
      const outcomes = await within(ended, LIMIT_MS);
      assert.deepEqual(outcomes?.map(({ status }) => status), [
        "rejected",
        "fulfilled",
      ]);
      await assert.rejects(search, /^Error: enough$/);
    }),
});

Deno.test({
  name: "a queue needs the password of its Redis",
  ignore: ROOT === null,
  fn: () =>
    withFolder(async (folder) => {
      await using redis = await Redis.start(ROOT!, join(folder, "redis"));
      const bare = redis.url.replace(/:[^:@/]*@/, "");
      await assert.rejects(
        connectRedis(bare, "search"),
        /Cannot search: a Redis must answer at 127.0.0.1:\d+, got .*(NOAUTH|Authentication)/,
      );
      Deno.env.set(
        "REDIS_PASSWORD",
        decodeURIComponent(new URL(redis.url).password),
      );
      try {
        assert.equal(queueAddress(bare), redis.url);
      } finally {
        Deno.env.delete("REDIS_PASSWORD");
      }
      (await connectRedis(redis.url, "search")).disconnect();
    }),
});

Deno.test("addresses of queues that are none are refused in a sentence", async () => {
  for (
    const [url, message] of [
      ["nowhere", /--queue must be redis:\/\/.*, got nowhere/],
      ["http://127.0.0.1:1", /--queue must be redis:\/\/.*, got http:/],
      ["redis://127.0.0.1/x", /--queue must be redis:\/\/.*\/number, got \/x/],
      [
        "redis://example.org",
        /must be an address with a password, as it is of another machine, got none for example.org/,
      ],
      [
        `redis://127.0.0.1:${freePort()}`,
        /a Redis must answer at 127.0.0.1:\d+, got .*ECONNREFUSED/,
      ],
    ] as const
  ) {
    await assert.rejects(connectRedis(url, "search"), { message });
  }
});

Deno.test("answers of workers are checked", () => {
  assert.deepEqual(parseAnswer({ end: { kind: "timeout" } }), {
    ...{ end: { kind: "timeout" }, result: null, errors: "" },
  });
  for (
    const value of [null, 1, {}, { end: { kind: "exited", code: "0" } }, {
      end: { kind: "timeout" },
      result: 1,
    }]
  ) {
    assert.throws(() => parseAnswer(value), SyntaxError);
  }
});
