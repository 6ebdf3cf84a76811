/**
 * A disk of a test's own, which can be small or read-only.
 *
 * @module
 */

/**
 * Runs an action with a small file system in memory, in a step of a test. Where it cannot be
 * mounted, which takes Linux and its administrator, the step is left out.
 *
 * @param options As `mount -o` has them, such as `size=1m`.
 * @param action Is given the folder where it lies, and what changes the options afterwards.
 */
export async function withMount(
  t: Deno.TestContext,
  options: string,
  action: (
    folder: string,
    remount: (options: string) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const mounted = Deno.build.os === "linux" &&
    await _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
  try {
    await t.step({
      name: "on a disk of its own",
      ignore: !mounted,
      fn: () =>
        action(folder, async (changed) => {
          if (!await _run("mount", "-o", `remount,${changed}`, folder)) {
            throw new Error(`Cannot change the mount to ${changed}`);
          }
        }),
    });
  } finally {
    if (mounted) await _run("umount", "--lazy", folder);
    await Deno.remove(folder);
  }
}

/** Whether a program is there and went well. */
async function _run(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args }).output()).success;
  } catch {
    return false;
  }
}
