import assert from "node:assert/strict";
import { splitWords } from "../../lib/core/words.ts";

/** The words that a POSIX shell makes of a command in which nothing is expanded. */
async function shellWords(command: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${command}`],
  }).output();
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

Deno.test("splitWords() takes commands apart as a shell does", async () => {
  for (
    const command of [
      "python train.py --request {request}",
      `  python   "my train.py"\t'--name=a b' `,
      `a\\ b "c\\"d" 'e\\f' g"h i"j ''`,
      `"\\\\ \\n \\\$" x`,
      "line\\\\end 'über straße'",
    ]
  ) {
    assert.deepEqual(splitWords(command), await shellWords(command), command);
  }
});

Deno.test("splitWords() expands nothing", () => {
  assert.deepEqual(splitWords("echo $HOME *.py ; rm `x` > y | z && ~"), [
    ...["echo", "$HOME", "*.py", ";", "rm", "`x`", ">", "y", "|", "z", "&&"],
    "~",
  ]);
});

Deno.test("splitWords() refuses what is no command", () => {
  assert.throws(() => splitWords("  "), /must have a word, got none/);
  assert.throws(() => splitWords(`python "a b`), /" must be closed/);
});
