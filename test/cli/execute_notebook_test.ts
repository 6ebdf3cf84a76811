import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { environmentPython } from "../../lib/cli/environment.ts";
import {
  executeNotebook,
  NotebookError,
  type NotebookEvent,
} from "../../lib/cli/execute_notebook.ts";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { readNotebook } from "../../lib/run/notebook.ts";
import { withMount } from "../_mounts.ts";
import { notebookWith } from "./_notebooks.ts";

/** Needs `deno task setup`. */
const ignore = !existsSync(environmentPython());

/** Writes a notebook of a heading and these code cells into a new folder. */
async function withNotebook(
  cells: readonly string[],
  action: (source: string, result: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const source = join(folder, "book.ipynb");
  await Deno.writeTextFile(source, notebookWith("# Title", cells));
  try {
    await action(source, join(folder, "executed", "book.ipynb"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits up to ten seconds for a process to end. */
async function waitForEnd(processId: number): Promise<void> {
  for (let i = 0; i < 100 && isRunning(processId); i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(isRunning(processId), false, `process ${processId} still runs`);
}

Deno.test({
  name:
    "executeNotebook() takes what the kernel's own output gets for no event",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    await withNotebook([
      'await new Deno.Command("echo", { args: ["raw"], stdout: "inherit" }).spawn().status;' +
      'console.log("shown");',
    ], async (source, result) => {
      const texts: string[] = [];
      await executeNotebook(source, result, {
        onEvent: (event) => {
          if (event.event === "stream") texts.push(event.text);
        },
      });
      assert.deepEqual(texts, ["shown\n"]);
    });
  },
});

Deno.test({
  name: "executeNotebook() gives every output to the cell that made it",
  ignore,
  async fn() {
    const display = (type: string, text: string) =>
      `await Deno.jupyter.broadcast("${type}", { data: { "text/plain": "${text}" }, metadata: {}, transient: { display_id: "bar" } });`;
    await withNotebook([
      'console.log(Deno.cwd(), Deno.env.get("WHAT"));',
      "for (let i = 0; i < 500; i++) console.log(i);\n'last';",
      display("display_data", "0 %") + display("update_display_data", "100 %") +
      'console.error("after");',
    ], async (source, result) => {
      const events: NotebookEvent[] = [];
      const peak = await executeNotebook(source, result, {
        variables: { WHAT: "settings" },
        onEvent: (event) => void events.push(event),
      });
      assert.ok(peak === null || peak > 10e6, `peak memory ${peak}`);
      assert.deepEqual(events[0], { event: "start", cells: 3 });
      const texts: string[] = ["", "", "", ""];
      let cell = 0;
      for (const event of events) {
        if (event.event === "cell") cell = event.number;
        if ("text" in event) texts[cell] += `${event.text}|`;
      }
      const folder = await Deno.realPath(join(source, ".."));
      assert.equal(texts[1], `${folder} settings\n|`);
      const counted = Array.from({ length: 500 }, (_, i) => `${i}\n`);
      assert.equal(
        texts[2],
        counted.join("|") + "|last|".replace("last", '"last"'),
      );
      assert.equal(texts[3], "0 %|100 %|after\n|");

      const { cells } = await readNotebook(result);
      const [printed, value] = cells[2].outputs!;
      assert.equal([printed.text].flat().join(""), counted.join(""));
      assert.equal(value.execution_count, 2);
      assert.equal(cells[3].execution_count, 3);
      // The display holds its last state.
      assert.deepEqual(cells[3].outputs![0].data, { "text/plain": ["100 %"] });
      // The notebook itself is as it was.
      assert.deepEqual((await readNotebook(source)).cells[1].outputs, []);
    });
  },
});

Deno.test({
  name:
    "executeNotebook() says in one sentence which cell failed, and saves the rest",
  ignore,
  async fn() {
    const cases: [string, string][] = [
      [
        'throw new RangeError("Cannot see: it must be\\n light, got dark");',
        "Cannot see: it must be light, got dark",
      ],
      [
        "const = 3;",
        "the code must parse; `deno task check` says where it does not",
      ],
      [
        "Deno.exit(3);",
        "the kernel ended: out of memory, a crash, or stopped from outside",
      ],
    ];
    for (const [code, message] of cases) {
      await withNotebook(
        ["console.log('before');", code, "3;"],
        async (source, result) => {
          await assert.rejects(executeNotebook(source, result), {
            name: "NotebookError",
            message: `Cannot run book.ipynb: code cell 2 of 3: ${message}`,
          });
          const { cells } = await readNotebook(result);
          assert.equal([cells[1].outputs![0].text].flat().join(""), "before\n");
          assert.deepEqual(cells[3].outputs, []);
        },
      );
    }
  },
});

Deno.test({
  name: "executeNotebook() ends the kernel when its signal aborts",
  ignore,
  async fn() {
    await withNotebook([
      "console.log(Deno.pid);\nwhile (true) Math.random();",
    ], async (source, result) => {
      const controller = new AbortController();
      let kernel = 0;
      await assert.rejects(
        executeNotebook(source, result, {
          signal: controller.signal,
          onEvent(event) {
            if (event.event !== "stream") return;
            kernel = Number(event.text);
            controller.abort();
          },
        }),
        (error) =>
          error instanceof NotebookError &&
          error.message === "Cannot go on with book.ipynb: stopped",
      );
      assert.ok(kernel > 0);
      await waitForEnd(kernel);
    });
  },
});

Deno.test({
  name: "executeNotebook() ends the kernel when its own process is killed",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    await withNotebook([
      "console.log(Deno.pid);\nawait new Promise((end) => setTimeout(end, 60_000));",
    ], async (source, result) => {
      const module = pathToFileURL(
        join(PROJECT_ROOT, "lib", "cli", "execute_notebook.ts"),
      ).href;
      const program = `import { executeNotebook } from ${
        JSON.stringify(module)
      };
await executeNotebook(${JSON.stringify(source)}, ${JSON.stringify(result)}, {
  onEvent: (event) => event.event === "stream" && console.log(event.text),
});`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", program],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      const { value } = await reader.read();
      const kernel = Number(new TextDecoder().decode(value));
      assert.ok(isRunning(kernel));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await waitForEnd(kernel);
    });
  },
});

Deno.test({
  name:
    "executeNotebook() ends the kernel and what it started when the executor is killed",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    await withNotebook([
      `const child = new Deno.Command("sleep", { args: ["100"] }).spawn();
console.log(Deno.ppid, Deno.pid, child.pid);
await child.status;`,
    ], async (source, result) => {
      let processes: number[] = [];
      await assert.rejects(
        executeNotebook(source, result, {
          onEvent(event) {
            if (event.event !== "stream") return;
            processes = event.text.trim().split(" ").map(Number);
            Deno.kill(processes[0], "SIGKILL");
          },
        }),
        {
          name: "NotebookError",
          message:
            "Cannot run book.ipynb: the executor must end by itself, got SIGKILL",
        },
      );
      assert.equal(processes.length, 3);
      for (const id of processes) await waitForEnd(id);
    });
  },
});

Deno.test({
  name:
    "executeNotebook() repeats the beginning of a long message, the log all of it",
  ignore,
  async fn() {
    await withNotebook(
      [`throw new Error("long ".repeat(1e5));`],
      async (source, result) => {
        await assert.rejects(
          executeNotebook(source, result),
          (error) =>
            error instanceof NotebookError && error.message.length < 1100 &&
            error.message.startsWith(
              "Cannot run book.ipynb: code cell 1 of 1: long long",
            ) && error.details.length > 5e5,
        );
      },
    );
  },
});

Deno.test({
  name: "executeNotebook() says where the executed notebook cannot be written",
  ignore,
  async fn(t) {
    await withMount(t, "size=64k", async (disk) => {
      await withNotebook(
        [`console.log("x".repeat(2e5));`],
        async (source) => {
          const result = join(disk, "book.ipynb");
          await assert.rejects(executeNotebook(source, result), {
            name: "NotebookError",
            message:
              `Cannot run book.ipynb: the executed notebook ${result} must be writable: No space left on device`,
          });
          assert.deepEqual([...Deno.readDirSync(disk)], []);
        },
      );
    });
  },
});
