/**
 * Files: written whole or not at all, read with an error that says which file.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { shownText } from "./shown.ts";

/**
 * Writes a file under a temporary name beside its target, then renames it.
 *
 * A reader sees the old content or the new, never a part. Missing folders are made.
 *
 * @throws {Error} `Cannot write …`, with the path and the system's reason.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    if (typeof content === "string") {
      await Deno.writeTextFile(temporary, content);
    } else await Deno.writeFile(temporary, content);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`Cannot write ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Writes a value as indented JSON, whole or not at all. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Reads a JSON file.
 *
 * The caller names the type and checks what it relies on.
 *
 * @param what What the file holds, for the error.
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON.
 */
export async function readJson<T>(path: string, what: string): Promise<T> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(
      `Cannot read the ${what}: ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the ${what}: ${path} must be JSON: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
}

/**
 * Whether a file or folder is there.
 *
 * @throws {Error} If the system does not tell, as where a name is too long.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    const [reason] = (error as Error).message.split(": ");
    throw new Error(`Cannot look for ${shownText(path)}: ${reason}`, {
      cause: error,
    });
  }
}

/** The SHA-256 digest in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
