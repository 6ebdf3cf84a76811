/** A disk that is full in the middle of an evaluation. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalBackend } from "../../lib/evaluation/backends/local.ts";
import { requestId } from "../../lib/evaluation/protocol.ts";
import { TrainingEvaluator } from "../../lib/evaluation/training_evaluator.ts";
import { withFolder } from "../_helpers.ts";
import { withMount } from "../_mounts.ts";
import { cell, SPACE } from "../search/_tables.ts";

const PROGRAM = fileURLToPath(new URL("_table_program.sh", import.meta.url));
const CELLS = Array.from({ length: 40 }, (_, i) => cell(7 * i));
const RECIPE = { seed: 0 };
const idOf = (key: string) => requestId(SPACE, { key }, RECIPE);

/** Takes all the room that a disk has. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  for (const size of [2 ** 16, 1]) {
    try {
      while (true) await file.write(new Uint8Array(size));
    } catch (error) {
      assert.match((error as Error).message, /No space left/);
    }
  }
}

Deno.test("a full disk stops an evaluation; with room again nothing is lost, and nothing trained twice", (t) =>
  withFolder((notes) =>
    withMount(t, "size=4m", async (disk) => {
      const table = CELLS.map(({ key }, i) => `${idOf(key)} ${(i + 1) / 50}\n`);
      await Deno.writeTextFile(join(notes, "table"), table.join(""));
      const answered = new Map<string, unknown>();
      const evaluate = async (onAnswer: () => Promise<void>) => {
        await using backend = new LocalBackend(
          ["sh", PROGRAM, notes, "0.05", "{request}", "{result}"],
          { parallel: 4 },
        );
        const evaluator = new TrainingEvaluator(SPACE, backend, {
          folder: disk,
          recipe: RECIPE,
          program: "test",
          retryAfterMs: 1,
        });
        for await (const one of evaluator.evaluate(CELLS)) {
          const { key } = one.cell;
          answered.set(key, "error" in one ? one.error : one.validation);
          await onAnswer();
        }
      };
      await assert.rejects(
        evaluate(async () => {
          if (answered.size === 10) await fill(join(disk, "full"));
        }),
        /^Error: Cannot write .*: No space left on device/,
      );
      const before = new Set(answered.keys());
      assert.ok(before.size >= 10 && before.size < CELLS.length);
      const ledger = async () =>
        (await Deno.readTextFile(join(notes, "ledger"))).split("\n");
      const lines = (await ledger()).length;
      await Deno.remove(join(disk, "full"));
      await evaluate(() => Promise.resolve());
      assert.deepEqual(
        CELLS.map(({ key }) => answered.get(key)),
        CELLS.map((_, i) => (i + 1) / 50),
      );
      const again = (await ledger()).slice(lines - 1);
      for (const key of before) {
        assert.ok(!again.includes(`begun ${idOf(key)}`), key);
      }
      console.log(
        `local, full disk after ${before.size} of ${CELLS.length} cells: 0 lost, 0 trained twice`,
      );
    })
  ));
