import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fetchChromium, provideChromium } from "../../lib/cli/chromium.ts";
import { lineChart } from "../../lib/report/charts.ts";
import { OWN_CHROMIUM, renderFigure } from "../../lib/report/images.ts";
import { pngSize } from "../../lib/report/png.ts";

Deno.test({
  name:
    "the project's own Chromium draws a figure in all formats, and is fetched once",
  ignore: !existsSync(OWN_CHROMIUM), // `task setup --browser`
  async fn() {
    const figure = lineChart(
      [{ name: "a", x: [1, 2, 3], y: [1, 4, 2] }],
      { title: "Lines", x: "x", y: "y" },
    );
    const { images } = await renderFigure(figure, [2], {
      chromium: OWN_CHROMIUM,
    });
    const { width, height } = figure.layout;
    assert.deepEqual(pngSize(images.png), {
      width: 2 * width,
      height: 2 * height,
    });
    assert.match(images.svg, /^<svg/);
    assert.match(new TextDecoder().decode(images.pdf.subarray(0, 8)), /^%PDF-/);

    const lines: string[] = [];
    await fetchChromium((line) => lines.push(line));
    await provideChromium((line) => lines.push(line));
    assert.deepEqual(lines, []);
  },
});
