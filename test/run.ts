/**
 * `deno task test [FILES]`: all tests, in two halves side by side.
 *
 * One half starts programs (kernels, browsers, queues) and waits for them, the other computes;
 * together they take little more than half the time of both. What the second says is held back
 * until the first has ended, so that each half reads as `deno test` writes it.
 *
 * @module
 */

/** Arguments of `deno test` for each half. */
const HALVES: readonly (readonly string[])[] = [
  ["test/cli", "test/notebooks_test.ts"],
  ["--doc", "--ignore=test/cli,test/notebooks_test.ts", "test", "lib"],
];

/** Starts a half; `end` writes what it says from then on, and gives its exit code. */
function _start(args: readonly string[]): { end(): Promise<number> } {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = Promise.resolve();
  let isShown = false;
  const held: (readonly [Uint8Array, typeof Deno.stdout])[] = [];
  const show = (bytes: Uint8Array, to: typeof Deno.stdout) => {
    written = written.then(() => _writeAll(bytes, to));
  };
  const streams = [
    [child.stdout, Deno.stdout],
    [child.stderr, Deno.stderr],
  ] as const;
  const read = Promise.all(streams.map(async ([stream, to]) => {
    for await (const bytes of stream) {
      if (isShown) show(bytes, to);
      else held.push([bytes, to]);
    }
  }));
  return {
    async end() {
      isShown = true;
      for (const [bytes, to] of held.splice(0)) show(bytes, to);
      const { code } = await child.status;
      await read;
      await written;
      return code;
    },
  };
}

async function _writeAll(
  bytes: Uint8Array,
  to: typeof Deno.stdout,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

const halves = (Deno.args.length > 0 ? [Deno.args] : HALVES).map(_start);
let failed = 0;
for (const half of halves) {
  const code = await half.end();
  failed ||= code;
}
Deno.exit(failed);
