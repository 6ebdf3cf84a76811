/**
 * What the tests share: tolerances, and where real sample data may lie.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Same algorithm in float32. */
export const SAME_ALGORITHM = { relative: 1e-5, absolute: 1e-6 };
/** Across backends or orders of operations. */
export const ACROSS_BACKENDS = { relative: 1e-4, absolute: 1e-5 };

/** A file of the real sample data beside the checkout, or null where there is none. */
export function sharedData(relativePath: string): string | null {
  const path = fileURLToPath(
    new URL(`../../shared/data/${relativePath}`, import.meta.url),
  );
  return existsSync(path) ? path : null;
}

/**
 * Asserts that two arrays agree, element by element:
 * `|actual − expected| ≤ absolute + relative · |expected|`.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: { relative: number; absolute: number },
  what = "values",
): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    const allowed = tolerance.absolute +
      tolerance.relative * Math.abs(expected[i]);
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= allowed) && !Object.is(actual[i], expected[i])) {
      throw new assert.AssertionError({
        message: `${what}[${i}]: ${actual[i]} differs from ${
          expected[i]
        } by ${difference}, allowed ${allowed}`,
      });
    }
  }
}

/** Runs an action with a folder of its own, which is removed after it. */
export async function withFolder<T>(
  action: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
