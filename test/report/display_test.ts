import assert from "node:assert/strict";
import { lineChart } from "../../lib/report/charts.ts";
import {
  displayBundle,
  plainText,
  show,
  type Showable,
  showWith,
  tryRenderPngs,
} from "../../lib/report/display.ts";
import { jupyter } from "../../lib/report/kernel.ts";
import { table } from "../../lib/report/tables.ts";

const FIGURE = {
  ...lineChart([{ name: "a", x: [1], y: [2] }], {
    title: "Loss",
    x: "epoch",
    y: "loss (nats)",
  }),
  caption: "Three *runs*",
};
const TABLE = table([{ a: 1 }], { caption: "Counts" });
const SVG = { svg: "<svg></svg>", caption: "A cell" };
/** The first bytes of a PNG of 20 by 10 pixels. */
const PNG = Uint8Array.from([
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ...[0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 20, 0, 0, 0, 10],
  ...[8, 2, 0, 0, 0, 0, 0, 0, 0],
]);

/** What a kernel is sent when items are shown. */
async function sentFor(
  items: Showable[],
  images: Parameters<typeof showWith>[1],
) {
  const sent: Record<string, unknown>[] = [];
  await showWith(items, images, {
    kernel: {
      broadcast(type, content) {
        assert.equal(type, "display_data");
        sent.push(content);
        return Promise.resolve();
      },
    },
  });
  return sent as {
    data: Record<string, string>;
    metadata: Record<string, unknown>;
  }[];
}

Deno.test("jupyter() is null outside a notebook", () => {
  assert.equal(jupyter(), null);
});

Deno.test("displayBundle() offers each thing in the formats that front ends know", () => {
  const types = (item: Showable, png?: Uint8Array) =>
    Object.keys(displayBundle(item, png));
  assert.deepEqual(types(FIGURE, PNG), [
    "application/vnd.plotly.v1+json",
    "image/png",
    "text/plain",
  ]);
  assert.deepEqual(types(FIGURE), [
    "application/vnd.plotly.v1+json",
    "text/plain",
  ]);
  assert.deepEqual(types(TABLE), [
    "text/html",
    "text/markdown",
    "text/plain",
  ]);
  assert.deepEqual(types(SVG, PNG), [
    "image/svg+xml",
    "image/png",
    "text/plain",
  ]);
  assert.deepEqual(types("text"), ["text/markdown", "text/plain"]);
});

Deno.test("displayBundle() holds the figure as data, and the image in base64", () => {
  const bundle = displayBundle(FIGURE, PNG);
  const plotly = bundle["application/vnd.plotly.v1+json"] as typeof FIGURE;
  assert.deepEqual(plotly.data, FIGURE.data);
  assert.deepEqual(plotly.layout, FIGURE.layout);
  assert.equal(plotly.caption, undefined);
  assert.deepEqual(Uint8Array.fromBase64(bundle["image/png"] as string), PNG);
});

Deno.test("showWith() sends one display per thing and its caption as text", async () => {
  const sent = await sentFor([FIGURE, TABLE, SVG, "**hi**"], new Map());
  assert.deepEqual(sent.map(({ data }) => data["text/plain"]), [
    "[figure] Loss\nThree *runs*",
    undefined, // the caption alone: a terminal has it already
    "Counts\n\na\n─\n1",
    "[drawing] A cell",
    undefined,
    "hi",
  ]);
  assert.equal(sent[1].data["text/markdown"], "Three \\*runs\\*");
});

Deno.test("showWith() tells the size to show an image in", async () => {
  const images = new Map<typeof FIGURE | typeof SVG, Uint8Array>([
    [FIGURE, PNG],
    [SVG, PNG],
  ]);
  const [figure, , drawing] = await sentFor([FIGURE, SVG], images);
  assert.deepEqual(figure.metadata, { "image/png": { width: 20, height: 10 } });
  assert.deepEqual(drawing.metadata, { "image/png": { width: 10, height: 5 } });
});

Deno.test("show() prints outside a notebook", async () => {
  const lines: string[] = [];
  await showWith([FIGURE, "text"], new Map(), {
    kernel: null,
    print: (text) => lines.push(text),
  });
  assert.deepEqual(lines, [plainText(FIGURE), "text"]);
  await show();
});

Deno.test("tryRenderPngs() says once that there is no browser, and each failure", async () => {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const failing = () => Promise.resolve("/none/chrome");
  for (const find of [failing, failing, () => Promise.resolve(null)]) {
    assert.equal(await tryRenderPngs([FIGURE], 1, { say, find }), null);
  }
  const missing = { say, find: () => Promise.resolve(null) };
  assert.equal(await tryRenderPngs([FIGURE], 1, missing), null);
  assert.equal(lines.length, 3);
  assert.match(lines[1], /^Figures are interactive only: Cannot draw images/);
  assert.match(lines[2], /no Chromium or Chrome was found/);
  assert.deepEqual(await tryRenderPngs([], 1, missing), []);
});
