/**
 * Other programs: asking one that may not be installed, reading its lines, not waiting forever.
 *
 * @module
 */

/**
 * Runs a program and returns what it printed to standard output, trimmed.
 *
 * @param command Program and arguments.
 * @returns Null if there is no such program, or it failed.
 */
export async function outputOf(
  command: readonly string[],
  { cwd }: { cwd?: string } = {},
): Promise<string | null> {
  try {
    const output = await new Deno.Command(command[0], {
      args: command.slice(1),
      cwd,
      stdin: "null",
      stderr: "null",
    }).output();
    return output.success
      ? new TextDecoder().decode(output.stdout).trim()
      : null;
  } catch {
    return null;
  }
}

/** The lines of a stream of text, each as it ends; a last one without an end is left out. */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** What a promise gives within a time; null if it takes longer. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number,
): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
