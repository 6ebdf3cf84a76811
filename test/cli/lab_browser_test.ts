import assert from "node:assert/strict";
import { join } from "node:path";
import { environmentPython } from "../../lib/cli/environment.ts";
import { existsSync } from "node:fs";
import { PROJECT_ROOT } from "../../lib/core/project.ts";
import { RUN_VARIABLE } from "../../lib/run/settings.ts";
import { withFolder } from "../_helpers.ts";
import { type BrowserPage, noChromium, withPage } from "../page/_chromium.ts";

const TOKEN = "a-token-of-the-test";

/** Starts `deno task lab` without a browser and passes its address on. */
async function withLab(
  root: string,
  action: (address: string) => Promise<void>,
): Promise<void> {
  const lab = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(PROJECT_ROOT, "lib/cli/lab.ts"), "--no-browser"],
      ...["--port=0", `--IdentityProvider.token=${TOKEN}`],
      "--LabApp.expose_app_in_browser=True",
    ],
    env: { [RUN_VARIABLE]: JSON.stringify({ root, quick: true }) },
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
  await page.until("window.ran");
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
    return ${element}?.getBoundingClientRect().height > 10;
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

const ERRORS = ["stderr", "error"].map((kind) =>
  `[data-mime-type="application/vnd.jupyter.${kind}"]`
).join();

Deno.test({
  name:
    "notebook 1 runs in JupyterLab, its figures are interactive and its drawings visible",
  ignore: noChromium || !existsSync(environmentPython()),
  fn: () =>
    withFolder((root) =>
      withLab(root, (address) =>
        withPage(
          `${address}/lab/tree/1_data.ipynb?token=${TOKEN}&reset`,
          async (page) => {
            await page.send("Emulation.setDeviceMetricsOverride", {
              ...{ width: 1600, height: 1000, deviceScaleFactor: 1 },
              mobile: false,
            });
            await runNotebook(page, "1_data.ipynb");
            const texts = "(element) => element.textContent";
            assert.deepEqual(
              await page.evaluate(
                `[...document.querySelectorAll(${
                  JSON.stringify(ERRORS)
                })].map(${texts})`,
              ),
              [],
            );
            // The extension draws a figure when the pointer comes to its still image.
            await pointAt(page, ".jp-RenderedPlotly .plot-img");
            await pointAt(page, ".js-plotly-plot .barlayer path");
            await page.until(
              "document.querySelector('.js-plotly-plot .hoverlayer .hovertext')",
            );
            await page.until(
              "document.querySelector('.jp-RenderedSVG')?.getBoundingClientRect().height > 50",
            );
          },
        ))
    ),
});
