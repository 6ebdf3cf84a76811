/**
 * Programs that a set-up starts, and their failures in one sentence.
 *
 * @module
 */

/**
 * Runs a step of the set-up and turns its failure into one sentence.
 *
 * @param action What cannot be done on an error.
 * @param options `cwd`: where to run it; `shown`: its progress goes to the terminal.
 * @throws {Error} If it fails, with what it says is wrong.
 */
export async function runStep(
  command: readonly string[],
  action: string,
  { cwd, shown = false }: { cwd?: string; shown?: boolean } = {},
): Promise<void> {
  const output = await new Deno.Command(command[0], {
    args: command.slice(1),
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: shown ? "inherit" : "piped",
    stderr: "piped",
  }).output();
  if (output.success) return;
  const text = new TextDecoder();
  const reason = stepFailure(
    (shown ? "" : text.decode(output.stdout)) + text.decode(output.stderr),
  );
  throw new Error(`Cannot ${action}: ${reason ?? `exit code ${output.code}`}`);
}

/** What pip or venv says is wrong, from all that it printed; null where it printed nothing. */
export function stepFailure(printed: string): string | null {
  const lines = printed.split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
  const reason = lines.findLast((line) => /^error\b/i.test(line));
  if (reason === undefined) return lines.at(-1) ?? null;
  // The package stands in a line of its own: name==1.2.3 from ADDRESS:
  const tampered = /DO NOT MATCH THE HASHES/.test(reason)
    ? lines.map((line) => line.match(/^(\S+) from .*:$/)?.[1]).find(Boolean)
    : undefined;
  return tampered === undefined
    ? reason.replace(/^error:\s*/i, "")
    : `${tampered} must be a file whose hash stands in the requirements, got another one; nothing was installed`;
}
