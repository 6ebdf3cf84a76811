/**
 * A notebook run in JupyterLab, in a Chromium without a window.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import {
  RUN_VARIABLE,
  type UncheckedSettings,
} from "../../lib/run/settings.ts";
import { type BrowserPage, withPage } from "../page/_chromium.ts";

const TOKEN = "a-token-of-the-test";

/** Starts `deno task lab` without a browser and passes its address on. */
async function withLab(
  settings: UncheckedSettings,
  action: (address: string) => Promise<void>,
): Promise<void> {
  const lab = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(PROJECT_ROOT, "lib/cli/lab.ts"), "--no-browser"],
      ...["--port=0", `--IdentityProvider.token=${TOKEN}`],
      "--LabApp.expose_app_in_browser=True",
    ],
    env: { [RUN_VARIABLE]: JSON.stringify(settings) },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines = lab.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", ended: Promise<unknown> | undefined;
  try {
    let address: string | undefined;
    while (address === undefined) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`JupyterLab does not start: ${text}`);
      text += value;
      address = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    }
    ended = (async () => {
      while (!(await lines.read()).done);
    })();
    await action(address);
  } finally {
    lab.kill("SIGTERM");
    await lab.status;
    await ended;
  }
}

/** Opens a notebook, runs all its cells and waits for the last one. */
async function runNotebook(page: BrowserPage, name: string): Promise<void> {
  await page.until("window.jupyterapp?.shell?.currentWidget?.content?.widgets");
  await page.evaluate(`(async () => {
    const { commands, shell } = window.jupyterapp;
    const panel = shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    window.ran = false;
    commands.execute("notebook:run-all-cells").then(() => window.ran = true);
  })()`);
  await page.until("window.ran", 300);
  assert.equal(
    await page.evaluate("window.jupyterapp.shell.currentWidget.context.path"),
    name,
  );
}

/** Moves the pointer to the middle of an element, once it is there and in view. */
async function pointAt(page: BrowserPage, selector: string): Promise<void> {
  const element = `document.querySelector(${JSON.stringify(selector)})`;
  await page.until(`(() => {
    ${element}?.scrollIntoView({ block: "center" });
    return ${element}?.getBoundingClientRect().height > 3;
  })()`);
  const { x, y } = await page.evaluate<{ x: number; y: number }>(`(() => {
    const box = ${element}.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  })()`);
  for (const before of [3, 0]) {
    const to = { type: "mouseMoved", x: x - before, y };
    await page.send("Input.dispatchMouseEvent", to);
  }
}

/** Scrolls to the first cell with an output of a type: those far away are not in the page. */
async function showOutput(page: BrowserPage, type: string): Promise<void> {
  const found = await page.evaluate<number>(`(async () => {
    const { content } = window.jupyterapp.shell.currentWidget;
    const at = content.widgets.findIndex(({ model }) =>
      model.type === "code" && model.outputs.toJSON().some(({ data }) =>
        data?.[${JSON.stringify(type)}]));
    if (at >= 0) {
      content.activeCellIndex = at;
      await content.scrollToItem(at, "start");
    }
    return at;
  })()`);
  assert.ok(found >= 0, `a cell has an output of ${type}`);
}

/**
 * Runs notebooks one after the other, each from top to bottom, and asserts that none of their
 * cells fails or complains, that a figure answers the pointer and that a drawing is visible.
 *
 * @param settings Of the run that they belong to.
 * @param notebooks Their names, each with the selector of a mark of its first figure.
 */
export async function assertRunInLab(
  settings: UncheckedSettings,
  notebooks: Readonly<Record<string, string>>,
): Promise<void> {
  await withLab(settings, async (address) => {
    for (const [name, mark] of Object.entries(notebooks)) {
      await withPage(
        `${address}/lab/tree/${name}?token=${TOKEN}&reset`,
        async (page) => {
          await page.send("Emulation.setDeviceMetricsOverride", {
            ...{ width: 1600, height: 1000, deviceScaleFactor: 1 },
            mobile: false,
          });
          await runNotebook(page, name);
          const complaints = await page.evaluate(`
            window.jupyterapp.shell.currentWidget.content.widgets
              .filter(({ model }) => model.type === "code")
              .flatMap(({ model }) => model.outputs.toJSON())
              .filter(({ output_type: type, name }) =>
                type === "error" || name === "stderr")`);
          assert.deepEqual(complaints, [], name);
          // The extension draws a figure when the pointer comes to its still image.
          await showOutput(page, "application/vnd.plotly.v1+json");
          await pointAt(page, ".jp-RenderedPlotly .plot-img");
          await pointAt(page, `.js-plotly-plot ${mark}`);
          await page.until(
            "document.querySelector('.js-plotly-plot .hoverlayer .hovertext')",
          );
          await showOutput(page, "image/svg+xml");
          await page.until(
            "document.querySelector('.jp-RenderedSVG')?.getBoundingClientRect().height > 50",
          );
        },
      );
    }
  });
}
