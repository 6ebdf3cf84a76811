/**
 * Asking another program, where it may not be installed.
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
