import assert from "node:assert/strict";
import { join } from "node:path";
import { resultsText } from "../lib/cli/results.ts";
import { PROJECT_ROOT } from "../lib/core/project.ts";

const OUTPUTS = join(PROJECT_ROOT, "outputs");
const readme = await Deno.readTextFile(join(PROJECT_ROOT, "README.md"));

Deno.test("outputs/RESULTS.md is what its tables give", async () => {
  const written = await Deno.readTextFile(join(OUTPUTS, "RESULTS.md"));
  assert.equal(
    written,
    await resultsText(OUTPUTS),
    "run `deno task results`, which writes it from the tables",
  );
});

Deno.test("the README has no more than 150 lines", () => {
  assert.ok(readme.trimEnd().split("\n").length <= 150);
});

Deno.test("every measured or published figure of the README stands in RESULTS.md", async () => {
  const results = await Deno.readTextFile(join(OUTPUTS, "RESULTS.md"));
  const known = new Set(results.match(/\d+\.\d+/g));
  // Figures of the results have decimals; versions, identifiers and settings are no figures.
  const text = readme.replaceAll(
    /deno@[\d.]+|arXiv:\S+|abs\/\S+|Python [\d.]+|v1\.1|t = [\d.]+|Apache-[\d.]+|temperature: [\d.]+|(?:eprint|version) = \{[\d.]+\}|\(1\.5 M/g,
    "",
  );
  const figures = text.match(/\d+\.\d+/g) ?? [];
  assert.ok(figures.length > 40, "the headline tables are there");
  assert.deepEqual(figures.filter((figure) => !known.has(figure)), []);
});

Deno.test("the times that the README tells are those of the runs of record", async () => {
  const results = await Deno.readTextFile(join(OUTPUTS, "RESULTS.md"));
  const told = readme.matchAll(/(\d+) minutes/g).map(([, time]) => time)
    .toArray();
  assert.ok(told.length > 0);
  for (const time of told) {
    assert.match(results, new RegExp(`\\b${time} minutes`));
  }
});

Deno.test("the example of the README runs on the shipped model: ten cells, judged", async () => {
  const [, code] = readme.match(/```ts\n([^]*?)```/)!;
  // Among the tests, where its import is looked up in the project's configuration.
  const file = join(PROJECT_ROOT, "test", `_readme_example_${Deno.pid}.ts`);
  try {
    await Deno.writeTextFile(file, code);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "-A", "--check", file],
        env: { NO_COLOR: "1" },
      },
    ).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.equal(text.match(/\{ key: .*, problem: /g)?.length, 10, text);
    assert.match(text, /^(\d+ ){6}\d+ \{/m);
    assert.match(text, /problem: null/);
  } finally {
    await Deno.remove(file);
  }
});
