import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/files.ts";
import {
  loadTokenizer,
  writeCodesTokenizer,
} from "../../lib/language/tokenizer.ts";
import { checkTokenizerFiles } from "../../lib/language/tokenizer_file.ts";
import { sharedData, withFolder } from "../_helpers.ts";

/** Checks a tokenizer of some content. */
async function check(tokenizer: unknown, config: unknown = {}): Promise<void> {
  await withFolder(async (folder) => {
    await writeJson(join(folder, "tokenizer.json"), tokenizer);
    await writeJson(join(folder, "tokenizer_config.json"), config);
    await checkTokenizerFiles(folder).catch((error: Error) => {
      throw new (error.constructor as ErrorConstructor)(
        error.message.replaceAll(`${folder}/`, ""),
      );
    });
  });
}

Deno.test("checkTokenizerFiles() takes every way that tokens are told of", async () => {
  await check({ model: { vocab: {} } });
  await check({ model: { vocab: { a: 0, b: 7 } }, added_tokens: null });
  await check(
    {
      model: { vocab: [["a", 0], ["b", -1.5]] },
      added_tokens: [{ id: 1, content: "b" }, { id: 5, content: "c" }],
    },
    {
      added_tokens_decoder: {
        5: { content: "c" },
        1_048_575: { content: "d" },
      },
    },
  );
  await withFolder(async (folder) => {
    await writeCodesTokenizer(folder, { codebookSize: 5 });
    await checkTokenizerFiles(folder);
    // A byte-order mark is no part of the text.
    const path = join(folder, "tokenizer.json");
    await Deno.writeTextFile(path, `\ufeff${await Deno.readTextFile(path)}`);
    await checkTokenizerFiles(folder);
  });
});

Deno.test("checkTokenizerFiles() names what is no vocabulary", async () => {
  const one = (id: unknown, token = "a") => ({
    model: { vocab: { [token]: id } },
  });
  const whole = (token: string, got: string) =>
    `the id of "${token}" of tokenizer.json must be a whole number in [0, 1048576), got ${got}`;
  const wrong: [tokenizer: unknown, message: string, config?: unknown][] = [
    [one(2 ** 31), whole("a", "2147483648")],
    [
      { model: { vocab: {}, continuing_subword_prefix: [0] } },
      "model.continuing_subword_prefix of tokenizer.json must be a short text or a number, got [0]",
    ],
    [
      { model: { vocab: {}, unk_token: "x".repeat(101) } },
      `model.unk_token of tokenizer.json must be a short text or a number, got "${
        "x".repeat(79)
      }…`,
    ],
    [one(2 ** 20), whole("a", "1048576")],
    [one(12.5), whole("a", "12.5")],
    [one(-1), whole("a", "-1")],
    [one("1"), whole("a", '"1"')],
    [one(null), whole("a", "null")],
    [
      { model: { vocab: { a: 3, b: 3 } } },
      'in tokenizer.json an id must stand for one token, got 3 for "a" and "b"',
    ],
    [
      { ...one(3), added_tokens: [{ id: 3, content: "<x>" }] },
      'in tokenizer.json an id must stand for one token, got 3 for "a" and "<x>"',
    ],
    [
      one(3),
      'in tokenizer.json an id must stand for one token, got 3 for "a" and "<x>"',
      { added_tokens_decoder: { 3: { content: "<x>" } } },
    ],
    [one(3), whole("<x>", '"x"'), {
      added_tokens_decoder: { x: { content: "<x>" } },
    }],
    [
      { ...one(3), added_tokens: [{ id: 2 ** 31, content: "<x>" }] },
      whole("<x>", "2147483648"),
    ],
    [
      { ...one(3), added_tokens: [{ id: 4 }] },
      "a token of tokenizer.json must be a text, got undefined",
    ],
    [
      { model: { vocab: [["a", 0], [7, 0]] } },
      "a token of tokenizer.json must be a text, got 7",
    ],
    [null, "the file of tokenizer.json must be an object, got null"],
    [{}, "model of tokenizer.json must be an object, got undefined"],
    [
      { model: {} },
      "model.vocab of tokenizer.json must be an object, got undefined",
    ],
    [
      { ...one(3), added_tokens: {} },
      "added_tokens of tokenizer.json must be a list, got {}",
    ],
    [
      one(3),
      "the file of tokenizer_config.json must be an object, got []",
      [],
    ],
  ];
  for (const [tokenizer, message, config] of wrong) {
    await assert.rejects(check(tokenizer, config), {
      name: "RangeError",
      message: `Cannot load a tokenizer: ${message}`,
    });
  }
});

Deno.test("loadTokenizer() refuses ids before the library takes them", async () => {
  await withFolder(async (folder) => {
    for (const id of [2 ** 31, 12.5, 1]) {
      await writeCodesTokenizer(folder, { codebookSize: 5 });
      const path = join(folder, "tokenizer.json");
      const json = JSON.parse(await Deno.readTextFile(path));
      json.model.vocab["0"] = id;
      await writeJson(path, json);
      const started = performance.now();
      await assert.rejects(loadTokenizer(folder), { name: "RangeError" });
      assert.ok(performance.now() - started < 1_000);
    }
  });
});

const T5 = sharedData("t5/tokenizer.json");

Deno.test({
  name: "checkTokenizerFiles() takes T5's own",
  ignore: T5 === null,
  fn: () => checkTokenizerFiles(join(T5!, "..")),
});
