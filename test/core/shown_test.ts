import assert from "node:assert/strict";
import { reasonOf, shown, shownList, shownText } from "../../lib/core/shown.ts";

Deno.test("shown() is JSON, cut at 80 characters", () => {
  assert.equal(shown({ a: [1, null, "ü"] }), '{"a":[1,null,"ü"]}');
  assert.equal(shown(undefined), "undefined");
  assert.equal(shown("x\n"), '"x\\n"');
  assert.equal(shown("x".repeat(1e6)), `"${"x".repeat(79)}…`);
  assert.equal(shown([..."x".repeat(1e4)]).length, 81);
});

Deno.test("shownText() and shownList() cut what is long, and count what is left out", () => {
  assert.equal(shownText("a b"), "a b");
  assert.equal(shownText("x".repeat(81)), `${"x".repeat(80)}…`);
  assert.equal(shownList(["a", "b"]), "a, b");
  const many = Array.from({ length: 2000 }, (_, i) => `t${i}`);
  assert.equal(shownList(many), "t0, t1, t2, t3, t4, t5 and 1,994 more");
  assert.ok(shownList(many.map((name) => name.repeat(1000))).length < 1100);
});

Deno.test("reasonOf() is one line, cut at 320 characters", () => {
  assert.equal(reasonOf(new Error("a\n  b\r\nc")), "a b c");
  assert.equal(reasonOf("x\ny"), "x y");
  assert.equal(reasonOf(new Error("x".repeat(1000))), `${"x".repeat(320)}…`);
});
