/**
 * What is fuzzed: a format with inputs that are right, its reader, and what tells whether a
 * value that the reader gives is right.
 *
 * @module
 */

import type { Mutator } from "./mutations.ts";

/** An input that is always tried. */
export interface Case {
  readonly name: string;
  readonly input: Uint8Array;
  /** What its reader must do; missing where both are right. */
  readonly must?: "accept" | "refuse";
}

/** A format, opened: all that is slow is done. */
export interface OpenFormat<Value> {
  /** Inputs that are right, which every other one is made of. */
  readonly seeds: readonly Uint8Array[];
  /** Others that are always tried. */
  readonly cases?: readonly Case[];
  /** Gives what an input holds, or throws a named error. */
  read(input: Uint8Array): Promise<Value> | Value;
  /** Says what is wrong with what was read, or null: found out in another way than the reader does. */
  complaint(
    value: Value,
    input: Uint8Array,
  ): Promise<string | null> | string | null;
  close?(): Promise<void>;
}

/** A format. */
export interface Format<Value> {
  /** By which `--only` knows it. */
  readonly name: string;
  readonly mutators: readonly Mutator[];
  /** @param folder An empty one, for its files. */
  open(folder: string): Promise<OpenFormat<Value>>;
}

/** What came of an input. */
export interface Outcome {
  readonly kind: "accepted" | "refused" | "fault";
  /** Of a fault what is wrong, of a refusal the error's text. */
  readonly text: string;
}

/** A format whose values nobody else looks at. */
export interface Target {
  readonly name: string;
  readonly mutators: readonly Mutator[];
  open(folder: string): Promise<OpenTarget>;
}

/** A target, opened. */
export interface OpenTarget {
  /** The seeds, which must be accepted, then the other cases. */
  readonly cases: readonly Case[];
  readonly seeds: readonly Uint8Array[];
  /** Reads an input; what is returned judges the outcome, which takes no part in its time. */
  attempt(input: Uint8Array): Promise<() => Promise<Outcome>>;
  close(): Promise<void>;
}

/** Makes a target of a format. */
export function target<Value>({ name, mutators, open }: Format<Value>): Target {
  return {
    name,
    mutators,
    async open(folder) {
      const format = await open(folder);
      return {
        seeds: format.seeds,
        cases: [
          ...format.seeds.map((input, i): Case => ({
            name: `seed ${i}`,
            input,
            must: "accept",
          })),
          ...format.cases ?? [],
        ],
        async attempt(input) {
          let value: Value;
          try {
            value = await format.read(input);
          } catch (error) {
            return () => Promise.resolve(judgedError(error));
          }
          return async () => {
            try {
              const wrong = await format.complaint(value, input);
              return wrong === null
                ? { kind: "accepted", text: "" }
                : { kind: "fault", text: `wrong value: ${wrong}` };
            } catch (error) {
              return {
                kind: "fault",
                text: `wrong value: ${shownError(error)}`,
              };
            }
          };
        },
        close: async () => await format.close?.(),
      };
    },
  };
}

/** The longest message of an error, in characters and lines. */
export const LONGEST_MESSAGE = 1_500, MOST_LINES = 6;

/** What JavaScript itself says, whoever says it again. */
const NATIVE =
  /Cannot (?:read|set) propert|Cannot (?:convert|destructure|mix|create property|assign|delete property|access|use 'in')|is not (?:a function|iterable|a constructor|defined|an object)|called on null|Maximum call stack|Invalid (?:array|string|typed array) length|Array buffer allocation|out of bounds|offset is outside|should be a multiple of|BigInt value|toFixed\(\)|Reduce of empty|^Internal:/;

/** Whether an error is one of the project: its form, its length, and its own words. */
export function judgedError(error: unknown): Outcome {
  const fault = (what: string): Outcome => ({
    kind: "fault",
    text: `${what}: ${shownError(error)}`,
  });
  if (!(error instanceof Error)) return fault("no error was thrown");
  const { message } = error;
  const own = /^Cannot [^\n]*?: ./s.test(message) ||
    /^Cannot [^\n]*? must be /.test(message);
  if (!own) return fault("unnamed error");
  if (NATIVE.test(message)) return fault("unnamed error within");
  if (message.length > LONGEST_MESSAGE) {
    return fault(`message of ${message.length} characters`);
  }
  if (message.split("\n").length > MOST_LINES) {
    return fault(`message of ${message.split("\n").length} lines`);
  }
  return { kind: "refused", text: message };
}

/** An error's name and message, cut. */
export function shownError(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 200);
  const where = error.stack?.split("\n").find((line) =>
    /\/lib\/.*:\d+/.test(line)
  )
    ?.match(/lib\/[^)]*/)?.[0];
  return `${error.constructor.name}: ${error.message.slice(0, 300)}` +
    (where === undefined ? "" : ` (${where})`);
}
