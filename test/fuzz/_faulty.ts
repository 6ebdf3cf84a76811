/** Readers that are wrong in every way that the fuzzer must see, and one that is right. */

import process from "node:process";
import { bytesOf, LINES, textOf } from "./mutations.ts";
import { type Target, target } from "./target.ts";

/** What the oracle takes for any text. */
const RIGHT = -1;

/** A reader of whole numbers that does something else where a text holds `!`. */
function numberReader(name: string, onMark: () => unknown): Target {
  return target<number>({
    name,
    mutators: LINES,
    open: () =>
      Promise.resolve({
        seeds: [bytesOf("12"), bytesOf("7")],
        cases: [{
          name: "marked",
          input: bytesOf("a long text with a ! in it"),
        }],
        async read(input) {
          const text = textOf(input);
          if (text.includes("!")) return await onMark() as number;
          if (/^\d{1,9}$/.test(text)) return Number(text);
          throw new SyntaxError(
            "Cannot read a number: it must be digits, got others",
          );
        },
        complaint: (value, input) =>
          value === RIGHT ||
            String(value) === textOf(input).replace(/^0+(?=\d)/, "")
            ? null
            : `${value}, another number`,
      }),
  });
}

/** By what is wrong with each. */
export const TARGETS: readonly Target[] = [
  numberReader("right", () => {
    throw new RangeError("Cannot read a number: it must be digits, got !");
  }),
  numberReader("wrong value", () => 5),
  numberReader("unnamed", () => {
    throw new Error("oh");
  }),
  numberReader("native", () => (null as unknown as { a: number }).a),
  numberReader("wrapped", () => {
    throw new Error(
      "Cannot read a number: Cannot read properties of null (reading 'a')",
    );
  }),
  numberReader("long", () => {
    throw new Error(
      `Cannot read a number: it must be digits, got ${"x".repeat(2_000)}`,
    );
  }),
  numberReader("slow", () => {
    const started = process.cpuUsage();
    while (process.cpuUsage(started).user < 1_300_000) JSON.stringify([1, 2]);
    return RIGHT;
  }),
  numberReader("large", () => new Uint8Array(300e6).fill(1)[5] * RIGHT),
  numberReader("crash", () => Deno.exit(3)),
  numberReader("unheard", () => {
    setTimeout(() => {
      throw new Error("nobody waits for this");
    });
    return new Promise((resolve) => setTimeout(() => resolve(0), 50));
  }),
];
