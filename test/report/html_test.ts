import assert from "node:assert/strict";
import {
  escapeHtml,
  jsonForScript,
  markdownToHtml,
} from "../../lib/report/html.ts";
import { table, tableMarkdown } from "../../lib/report/tables.ts";

Deno.test("escapeHtml() escapes what ends content or an attribute", () => {
  assert.equal(
    escapeHtml(`<a href="x">'&'</a>`),
    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;",
  );
});

Deno.test("jsonForScript() cannot end the script, and reads back the same", () => {
  const value = { a: "</script><!--", b: "\u2028" };
  const text = jsonForScript(value);
  assert.ok(!text.includes("<") && !text.includes("\u2028"));
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("markdownToHtml() knows the blocks that the project writes", () => {
  assert.equal(
    markdownToHtml(
      "# Title\n\nOne\ntwo.\n\n- a\n- b\n  goes on\n\n1. c\n\n```ts\nx < 1;\n```",
    ),
    "<h1>Title</h1>\n<p>One\ntwo.</p>\n<ul><li>a</li><li>b\ngoes on</li></ul>\n" +
      "<ol><li>c</li></ol>\n<pre><code>x &lt; 1;</code></pre>",
  );
});

Deno.test("markdownToHtml() knows code, bold, italic, links and escapes", () => {
  const inline = (text: string) =>
    markdownToHtml(text).replace(/^<p>|<\/p>$/g, "");
  assert.equal(
    inline("`a*b*` **c** *d*"),
    "<code>a*b*</code> <strong>c</strong> <em>d</em>",
  );
  assert.equal(
    inline("\\*a\\* snake_case_name 2 * 3 * 4"),
    "*a* snake_case_name 2 * 3 * 4",
  );
  assert.equal(
    inline("[`x`](https://a.b/?c&d)"),
    '<a href="https://a.b/?c&amp;d"><code>x</code></a>',
  );
  assert.equal(inline("[x](figures/a.png)"), '<a href="figures/a.png">x</a>');
});

Deno.test("markdownToHtml() shows HTML as text and follows no script link", () => {
  const html = markdownToHtml(
    "<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))\n\n" +
      '[x](a"onclick="b)',
  );
  assert.ok(!html.includes("<img") && !html.includes('href="javascript'));
  assert.ok(!html.includes('"onclick="'));
});

Deno.test("markdownToHtml() reads back a table as it was written", () => {
  const markdown = tableMarkdown(
    table([{ method: "A*|B<i>", value: 1.5 }, { method: "_", value: null }], {
      caption: "C",
      notes: ["n"],
      bold: (row, key) => key === "value" && row.value === 1.5,
    }),
  );
  assert.equal(
    markdownToHtml(markdown),
    "<p><strong>C</strong></p>\n<table><thead><tr>" +
      '<th style="text-align:left">method</th>' +
      '<th style="text-align:right">value</th></tr></thead><tbody><tr>' +
      '<td style="text-align:left">A*|B&lt;i&gt;</td>' +
      '<td style="text-align:right"><strong>1.50</strong></td></tr><tr>' +
      '<td style="text-align:left">_</td>' +
      '<td style="text-align:right">–</td></tr></tbody></table>\n' +
      "<ul><li>n</li></ul>",
  );
});

Deno.test("markdownToHtml() ends on any text", () => {
  for (
    const text of ["", "```", "|", "-", "#", "####### x", "1.", "\\", "\n\n"]
  ) {
    markdownToHtml(text);
  }
});
