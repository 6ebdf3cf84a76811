/**
 * `deno task worker`: trains cells that searches put into a queue.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { splitWords } from "../core/words.ts";
import { connectRedis } from "../evaluation/backends/job_queue.ts";
import { DEFAULT_QUEUE } from "../evaluation/backends/open_backend.ts";
import { runWorker } from "../evaluation/queue_worker.ts";
import { OUTPUTS } from "../run/folders.ts";
import {
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";
import { queueAddress } from "./queue_address.ts";

const ACTION = "work";

const HELP = `deno task worker --evaluator COMMAND [options]

  --evaluator COMMAND  as deno task search has it: what trains one cell, here
  --queue URL          redis://[:password@]host:port (${DEFAULT_QUEUE}); where no
                       password stands, that of the environment variable REDIS_PASSWORD
  --parallel K         trainings at a time (1)
  --folder FOLDER      of trainings (outputs/worker); workers that share it go on with each
                       other's checkpoints
  --lock S             seconds after which a worker that is not heard of is taken for lost,
                       and its jobs go to others (60)

Takes jobs of deno task search --backend bullmq until it is stopped: Ctrl+C lets trainings
save themselves, and their jobs go back to the queue.
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = parseOptions(args, {
    ...{
      evaluator: text,
      queue: text,
      parallel: text,
      folder: text,
      lock: text,
    },
  }, ACTION);
  if (options.evaluator === undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --evaluator must be the command of a program that trains a cell, got none`,
    );
  }
  const number = (name: "parallel" | "lock", most: number) =>
    wholeNumber(options[name], `--${name}`, ACTION, [1, most]);
  const cwd = userFolder();
  const command = splitWords(options.evaluator);
  const client = await connectRedis(queueAddress(options.queue), ACTION);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => stop.abort());
  }
  console.log("Waiting for cells to train.");
  await runWorker(client, {
    ...{ command, cwd },
    parallel: number("parallel", 10_000) ?? 1,
    folder: options.folder === undefined
      ? join(OUTPUTS, "worker")
      : resolve(cwd, options.folder),
    lockSeconds: number("lock", 86_400) ?? 60,
    signal: stop.signal,
    onJob: (line) => console.log(line),
  });
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
