import assert from "node:assert/strict";
import { parseStrictJson } from "../../lib/core/strict_json.ts";

Deno.test("parseStrictJson() gives what JSON.parse() gives", () => {
  for (
    const text of [
      "null",
      ' {"a": {"a": [{"a": "a"}, "a", -1.5e3]}, "b\\\\": "\\"a\\": {", "" : 1}\n',
      '{"\\ud83d\\ude00":"😀","__proto__":1,"constructor":2}',
      `${"[".repeat(127)}${"]".repeat(127)}`,
    ]
  ) assert.deepEqual(parseStrictJson(text), JSON.parse(text), text);
  assert.deepEqual(parseStrictJson('{"a":[0,12]}', { wholeNumbers: true }), {
    a: [0, 12],
  });
});

Deno.test("parseStrictJson() names what JSON.parse() passes over", () => {
  const wrong: [text: string, message: string][] = [
    [
      '{"a":1,"b":2,"a":1}',
      'a key must stand once in its object, got "a" twice',
    ],
    [
      `{"a":1,"\\u0061"${" ".repeat(99)}:1}`,
      'a key must stand once in its object, got "a" twice',
    ],
    [
      '[{"b":{"a":1}},{"b":1,"c":[{"x\\\\":1,"x\\\\":1}]}]',
      'a key must stand once in its object, got "x\\\\" twice',
    ],
    [
      `{"${"y".repeat(200)}":1,"${"y".repeat(200)}":1}`,
      `a key must stand once in its object, got "${"y".repeat(79)}… twice`,
    ],
    ['["\\ud800"]', 'texts must be Unicode, got "\\ud800"'],
    [
      `${"[".repeat(128)}${"]".repeat(128)}`,
      "objects must lie in each other at most 127 deep, got more",
    ],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parseStrictJson(text), {
      name: "SyntaxError",
      message,
    });
  }
  assert.throws(() => parseStrictJson("[1,]"), SyntaxError);
  for (const number of ["1.0", "-0", "1e0", "1E+2", `${"1".repeat(60)}.5`]) {
    parseStrictJson(`[${number}]`);
    assert.throws(
      () => parseStrictJson(`[${number}]`, { wholeNumbers: true }),
      {
        message: /^numbers must be whole, in digits alone, got [-1]/,
      },
    );
  }
});
