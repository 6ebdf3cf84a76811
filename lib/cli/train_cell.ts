/**
 * `deno task train-cell`: trains the network of a cell, as a search asks for it.
 *
 * @module
 */

import { resolve } from "node:path";
import { openDevice } from "../engine/device.ts";
import { DEVICES } from "../engine/devices.ts";
import { onnxExecutor } from "../engine/onnx_executor.ts";
import { parseRequest, TRY_AGAIN } from "../evaluation/protocol.ts";
import { predictRequest, readEnsemble } from "../evaluation/predict_cell.ts";
import { leaveResult, trainCell } from "../evaluation/train_cell.ts";
import { oneOf } from "./cell_options.ts";
import {
  existingFile,
  parseOptions,
  runCommand,
  userFolder,
  wholeNumber,
} from "./command.ts";

const ACTION = "train a cell";

const HELP = `deno task train-cell --request FILE --result FILE [options]

The evaluator that comes with the project (lib/evaluation/PROTOCOL.md): builds the network
that the benchmark has of a cell and trains it on images.

  --request FILE   what is asked for
  --result FILE    where the answer goes
  --surrogate DIR  predict instead of training: an ensemble of boosted trees (PROTOCOL.md)
  --device NAME    ${DEVICES.join(", ")} (cpu)
  --threads N      of the CPU (1): with --parallel K of a search, cores / K

Its recipe may have dataset (digits, cifar10, or a folder of images), epochs, batch_size,
learning_rate, weight_decay, channels, cells, images, crop and flip; what is missing is as
the benchmark has it. It is saved after each epoch, and goes on from there when it is
stopped and started again.

  deno task search --evaluator 'deno task train-cell --request {request} --result {result}'
`;

/** Runs the command; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = parseOptions(args, {
    ...{ request: text, result: text, device: text, threads: text },
    surrogate: text,
  }, ACTION);
  const folder = userFolder();
  if (options.request === undefined || options.result === undefined) {
    throw new RangeError(
      `Cannot ${ACTION}: --request and --result must be files, got none`,
    );
  }
  const threads = wholeNumber(options.threads, "--threads", ACTION, [1, 1024]);
  const device = oneOf(options.device, "--device", DEVICES, ACTION) ?? "cpu";
  const path = existingFile(
    resolve(folder, options.request),
    "--request",
    ACTION,
  );
  const request = parseRequest(await Deno.readTextFile(path), path);
  const answer = resolve(folder, options.result);
  if (options.surrogate !== undefined) {
    const ensemble = await readEnsemble(resolve(folder, options.surrogate));
    await leaveResult(answer, predictRequest(request, ensemble));
    return 0;
  }
  // What is done is on disk after each epoch; a file is never there in part.
  Deno.addSignalListener("SIGTERM", () => Deno.exit(TRY_AGAIN));
  const result = await trainCell(request, {
    executor: device === "cpu"
      ? onnxExecutor({ provider: "cpu", threads: threads ?? 1 })
      : await openDevice(device),
    report: (line) => console.log(JSON.stringify(line)),
  });
  await leaveResult(answer, result);
  return 0;
}

if (import.meta.main) await runCommand(HELP, main);
