/**
 * The official file of NAS-Bench-101, `nasbench_only108.tfrecord`, record by record.
 *
 * The data of a record is a JSON array of module hash, epochs, adjacency, operations
 * and base64 text; the text holds a `ModelMetrics` message of protocol buffers,
 * version 2:
 *
 *     ModelMetrics    1 repeated EvaluationData, 2 int32 trainable_parameters,
 *                     3 double total_time
 *     EvaluationData  doubles: 1 current_epoch, 2 training_time, 3 train_accuracy,
 *                     4 validation_accuracy, 5 test_accuracy; 6 string checkpoint_path
 *
 * The evaluations are those before, halfway through and after training.
 *
 * Source: NAS-Bench-101 (Ying et al. 2019, arXiv:1902.09635), `api.py` and
 * `model_metrics.proto` of google-research/nasbench.
 *
 * @module
 */

import protobuf from "protobufjs";
import { reasonOf, shown } from "../../../core/shown.ts";
import { readChunks } from "../../../core/source_file.ts";
import { readTfrecords } from "../../../core/tfrecord.ts";
import { EPOCHS, RepeatCollector, REPEATS } from "./repeats.ts";

/** A record without its payload: which cell was trained, and for how long. */
export interface TrainingRecord {
  readonly hash: string;
  readonly epochs: number;
  /** Base64 text of `ModelMetrics`. */
  readonly metrics: string;
}

/** State of a training at one of its evaluations. */
export interface Evaluation {
  readonly epoch: number;
  /** Since the start, in seconds. */
  readonly trainingSeconds: number;
  /** A fraction, as the file has it: not checked. */
  readonly validation: number;
  /** A fraction, as the file has it: not checked. */
  readonly test: number;
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes the data of a record.
 *
 * @param row Where it stands, for errors, such as `record 7 of nasbench.tfrecord`.
 * @throws {SyntaxError} If it is not JSON.
 * @throws {TypeError} If it is not the array it must be.
 */
export function decodeRecord(data: Uint8Array, row: string): TrainingRecord {
  let value: unknown;
  try {
    value = JSON.parse(DECODER.decode(data));
  } catch (error) {
    throw new SyntaxError(
      `Cannot read accuracies: ${row} must be JSON: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  if (Array.isArray(value) && value.length === 5) {
    const [hash, epochs, , , metrics] = value as unknown[];
    if (
      typeof hash === "string" && typeof epochs === "number" &&
      typeof metrics === "string"
    ) return { hash, epochs, metrics };
  }
  throw new TypeError(
    `Cannot read accuracies: ${row} must be [hash, epochs, adjacency, operations, metrics], got ${
      shown(value)
    }`,
  );
}

/**
 * Decodes the evaluations of `ModelMetrics`, in order.
 *
 * @param metrics Base64 text; line breaks do not matter.
 * @throws {SyntaxError} If it is not base64, or no message.
 */
export function decodeEvaluations(metrics: string, row: string): Evaluation[] {
  try {
    const reader = protobuf.Reader.create(Uint8Array.fromBase64(metrics));
    const evaluations: Evaluation[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === (1 << 3 | 2)) evaluations.push(_evaluation(reader));
      else reader.skipType(tag & 7);
    }
    return evaluations;
  } catch (error) {
    throw new SyntaxError(
      `Cannot read accuracies: the metrics of ${row} must be a base64 ModelMetrics message: ${
        reasonOf(error)
      }`,
      { cause: error },
    );
  }
}

function _evaluation(reader: protobuf.Reader): Evaluation {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("it ends within an evaluation");
  let epoch = NaN, trainingSeconds = NaN, validation = NaN, test = NaN;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === (1 << 3 | 1)) epoch = reader.double();
    else if (tag === (2 << 3 | 1)) trainingSeconds = reader.double();
    else if (tag === (4 << 3 | 1)) validation = reader.double();
    else if (tag === (5 << 3 | 1)) test = reader.double();
    else reader.skipType(tag & 7);
  }
  if (reader.pos !== end) throw new RangeError("a field leaves its evaluation");
  return { epoch, trainingSeconds, validation, test };
}

/**
 * Reads the repeats in a file of the official format.
 *
 * Trainings of other than 108 epochs are passed over; the accuracies are those after
 * training. It may cover part of the space.
 *
 * @param name Of the file, for errors.
 * @param options `onBytes` gets the number of bytes so far.
 * @throws {Error} If it cannot be read, or at the first record that is not as it must
 *   be, with its number, from 0.
 */
export async function readRecordFile(
  path: string,
  name: string,
  options: { readonly onBytes?: (done: number) => void } = {},
): Promise<RepeatCollector> {
  const rowName = (number: number) => `record ${number} of ${name}`;
  const collector = new RepeatCollector(REPEATS, rowName);
  let number = 0;
  for await (const data of readTfrecords(readChunks(path, options), name)) {
    const row = rowName(number);
    const { hash, epochs, metrics } = decodeRecord(data, row);
    if (epochs === EPOCHS) {
      const evaluations = decodeEvaluations(metrics, row);
      if (evaluations.length !== 3) {
        throw new RangeError(
          `Cannot read accuracies: ${row} must have 3 evaluations, got ${evaluations.length}`,
        );
      }
      const { validation, test } = evaluations[2];
      collector.add(hash, validation, test, number);
    }
    number++;
  }
  collector.checkComplete(name);
  return collector;
}
