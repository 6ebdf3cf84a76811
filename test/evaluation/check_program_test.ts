import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../lib/core/random.ts";
import { checkProgram } from "../../lib/evaluation/check_program.ts";
import { withFolder } from "../_helpers.ts";
import { SPACE } from "../search/_tables.ts";

const PROGRAM = fileURLToPath(new URL("_program.sh", import.meta.url));

/** What is found of the program when it behaves in a way; kinds and texts. */
function found(way: string): Promise<string[]> {
  return withFolder(async (folder) => {
    const findings = await checkProgram(
      ["sh", PROGRAM, way, `${folder}/ledger`, "{request}", "{result}"],
      {
        space: SPACE,
        recipe: { seed: 0 },
        random: Random.fromSeed(0),
        folder,
      },
    );
    return findings.map(({ kind, text }) => `${kind}: ${text}`);
  });
}

Deno.test("checkProgram() finds nothing wrong where nothing is", async () => {
  const findings = await found("careful");
  const texts = findings.join("\n");
  assert.doesNotMatch(texts, /^wrong/m);
  assert.match(
    texts,
    /right: Cell 3 of 3: validation accuracy 0.7500, test accuracy 0.5000, /,
  );
  assert.match(texts, /right: It tells its progress/);
  assert.match(texts, /note: The three cells have the same accuracy/);
  assert.match(texts, /right: A cell with unknown operations is refused/);
  assert.match(texts, /right: After SIGTERM it leaves with exit code 75/);
  assert.match(
    texts,
    /right: Started again after SIGTERM it has the same accuracy/,
  );
});

Deno.test("checkProgram() says what is wrong", async () => {
  const [crash] = await found("crash");
  assert.match(
    crash,
    /^wrong: Cell 1 of 3: there must be a result, got none and exit code 3: no such thing$/,
  );
  const [malformed] = await found("malformed");
  assert.match(malformed, /^wrong: Cell 1 of 3: Cannot read the result: /);
  const [above] = await found("above");
  assert.match(above, /validation_accuracy .* a fraction from 0 to 1, got 1.5/);
  const slow = (await found("slow")).join("\n");
  assert.match(
    slow,
    /^wrong: a cell with unknown operations has to end .*, got an accuracy$/m,
  );
  assert.match(
    slow,
    /^wrong: After SIGTERM it must leave with exit code 75, got 143/m,
  );
});
