import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/files.ts";
import { lineChart } from "../../lib/report/charts.ts";
import {
  findChromium,
  plotlyPath,
  renderPngs,
} from "../../lib/report/images.ts";
import { pngSize } from "../../lib/report/png.ts";

const chromium = await findChromium();
const FIGURE = lineChart(
  [{ name: "a", x: [1, 2, 3], y: [1, 4, 2] }],
  { title: "</script> & <b>so on</b>", x: "x", y: "y" },
);
const SVG = {
  svg: '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">' +
    '<text x="5" y="15">é</text></svg>',
};

/** A program that stands in for the browser. */
async function withScript(
  lines: string,
  test: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "browser");
    await Deno.writeTextFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    await test(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "renderPngs() draws a batch in the sizes asked for",
  ignore: chromium === null,
  async fn() {
    const { width, height } = FIGURE.layout;
    const pngs = await renderPngs([FIGURE, FIGURE, SVG], { scale: [2, 1, 2] });
    assert.deepEqual(pngs.map(pngSize), [
      { width: 2 * width, height: 2 * height },
      { width, height },
      { width: 60, height: 40 },
    ]);
    // Small enough for a notebook, and more than an empty sheet.
    assert.ok(pngs[0].length > 5_000 && pngs[0].length < 100_000);
  },
});

Deno.test({
  name: "renderPngs() says which item cannot be drawn",
  ignore: chromium === null,
  async fn() {
    await assert.rejects(renderPngs([FIGURE, { svg: "no drawing" }]), {
      message: /^Cannot draw a drawing: error: /,
    });
  },
});

Deno.test("renderPngs() needs no browser for nothing", async () => {
  assert.deepEqual(await renderPngs([], { chromium: "/none" }), []);
});

Deno.test("renderPngs() throws when the browser does not start", async () => {
  await assert.rejects(renderPngs([FIGURE], { chromium: "/none/browser" }), {
    message: /^Cannot draw images: \/none\/browser does not start: /,
  });
});

Deno.test({
  name: "renderPngs() gives up on a browser that does not end, and ends it",
  ignore: Deno.build.os === "windows",
  sanitizeOps: false,
  sanitizeResources: false, // the pipe that the killed program's child holds
  async fn() {
    await withScript('sleep 0.7; touch "$0.late"; sleep 5', async (path) => {
      const began = performance.now();
      await assert.rejects(
        renderPngs([FIGURE], { chromium: path, timeoutMs: 200 }),
        { message: /must end within 0\.2 s, got no answer$/ },
      );
      assert.ok(performance.now() - began < 600);
      await new Promise((resolve) => setTimeout(resolve, 900));
      assert.equal(await exists(`${path}.late`), false);
    });
  },
});

Deno.test({
  name: "renderPngs() tells why a browser ended without images",
  ignore: Deno.build.os === "windows",
  async fn() {
    const script = "echo first >&2; echo no display >&2; exit 3";
    await withScript(script, async (chromium) => {
      await assert.rejects(renderPngs([FIGURE], { chromium }), {
        message: /got exit code 3 and: no display$/,
      });
    });
  },
});

Deno.test({
  name: "findChromium() takes CHROME_PATH first, then the PATH in its order",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withScript("", async (path, folder) => {
      const inPath = join(folder, "google-chrome");
      await Deno.copyFile(path, inPath);
      const find = (variables: Record<string, string>) =>
        findChromium((name) => variables[name]);
      const PATH = `/none:${folder}`;
      assert.equal(await find({ CHROME_PATH: path, PATH }), path);
      assert.equal(await find({ PATH }), inPath);
      await Deno.copyFile(path, join(folder, "chromium"));
      assert.equal(await find({ PATH }), join(folder, "chromium"));
      await assert.rejects(find({ CHROME_PATH: "/none/chrome", PATH }), {
        name: "RangeError",
        message: "Cannot draw images: CHROME_PATH must name a browser, got " +
          "/none/chrome",
      });
    });
  },
});

Deno.test({
  name:
    "findChromium() takes the project's own last, and returns null where there is none",
  ignore: Deno.build.os !== "linux", // elsewhere fixed places are tried too
  async fn() {
    const none = () => undefined;
    assert.equal(await findChromium(none, "/none"), null);
    assert.equal(await findChromium(none, plotlyPath()), plotlyPath());
  },
});

Deno.test("plotlyPath() names a script", async () => {
  assert.ok((await Deno.stat(plotlyPath())).size > 1_000_000);
});
