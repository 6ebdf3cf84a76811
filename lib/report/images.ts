/**
 * Static images of Plotly figures and of SVG drawings, made by a Chromium without a
 * window.
 *
 * One browser run draws a whole batch: it opens a page that holds the figures and
 * Plotly, lets `Plotly.toImage` make the PNGs, and prints the page with the images
 * in it. Nothing is downloaded and no port opened; the browser's profile lies in
 * a temporary folder that goes with it.
 *
 * @module
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { within } from "../core/processes.ts";
import { type Figure, figureTitle, type Svg } from "./figure.ts";
import { jsonForScript } from "./html.ts";
import { shrinkPng } from "./png.ts";

/** The browser's names on the PATH, in the order they are tried. */
const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "msedge",
  "microsoft-edge",
  "microsoft-edge-stable",
];

/** What stands before the images in the printed page. */
const RESULT_START = '<pre id="images">';

/** How long the page may take by its own clock, which runs while it is idle. */
const VIRTUAL_TIME_MS = 20_000;

/** Path of the Plotly library, a script that defines `Plotly`. */
export function plotlyPath(): string {
  return createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
}

/**
 * Finds a Chromium, Chrome or Edge.
 *
 * The environment variable CHROME_PATH comes first, then the PATH, then the usual
 * places of macOS and Windows.
 *
 * @returns Its path, or null where there is none.
 * @throws {RangeError} If CHROME_PATH names no file.
 */
export async function findChromium(
  environment: (name: string) => string | undefined = (name) =>
    Deno.env.get(name),
): Promise<string | null> {
  const chosen = environment("CHROME_PATH");
  if (chosen) {
    if (await isFile(chosen)) return chosen;
    throw new RangeError(
      `Cannot draw images: CHROME_PATH must name a browser, got ${chosen}`,
    );
  }
  const windows = Deno.build.os === "windows";
  const folders = (environment("PATH") ?? "").split(windows ? ";" : ":");
  const candidates = NAMES.flatMap((name) =>
    folders.filter(Boolean).map((folder) =>
      join(folder, windows ? `${name}.exe` : name)
    )
  );
  if (Deno.build.os === "darwin") {
    candidates.push(
      ...["Google Chrome", "Chromium", "Microsoft Edge"].map((name) =>
        `/Applications/${name}.app/Contents/MacOS/${name}`
      ),
    );
  }
  if (windows) {
    for (const root of ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"]) {
      const folder = environment(root);
      if (!folder) continue;
      candidates.push(
        join(folder, "Google", "Chrome", "Application", "chrome.exe"),
        join(folder, "Chromium", "Application", "chrome.exe"),
        join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
      );
    }
  }
  for (const candidate of candidates) {
    if (await isFile(candidate)) return candidate;
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/** How images are drawn. */
export interface ImageOptions {
  /** Pixels per CSS pixel, for all or for each; 2 by default. */
  readonly scale?: number | readonly number[];
  /** When to give up, in milliseconds; 60,000 by default. */
  readonly timeoutMs?: number;
  /** The browser, by default the one that is found. */
  readonly chromium?: string;
}

/**
 * Draws figures and drawings as PNGs in one run of the browser.
 *
 * @returns One file per item, `width × scale` by `height × scale` pixels.
 * @throws {Error} If there is no browser, it does not end in time, or an item
 *   cannot be drawn.
 */
export async function renderPngs(
  items: readonly (Figure | Svg)[],
  options: ImageOptions = {},
): Promise<Uint8Array[]> {
  if (items.length === 0) return [];
  const { scale = 2, timeoutMs = 60_000 } = options;
  const scales = items.map((_, at) =>
    typeof scale === "number" ? scale : scale[at]
  );
  const chromium = options.chromium ?? await findChromium();
  if (chromium === null) {
    throw new Error(
      "Cannot draw images: there must be a Chromium or Chrome on the PATH or " +
        "at CHROME_PATH, got none",
    );
  }
  const folder = await Deno.makeTempDir({ prefix: "figures-" });
  try {
    const page = join(folder, "page.html");
    await Deno.writeTextFile(page, drawingPage(items, scales));
    const printed = await runBrowser(chromium, page, folder, timeoutMs);
    return readImages(printed, items);
  } finally {
    // On Windows a browser on its way out can hold its profile a little longer.
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** A page that replaces its body by the images, or by what went wrong. */
function drawingPage(
  items: readonly (Figure | Svg)[],
  scales: readonly number[],
): string {
  const tasks = items.map((item, at) => ({
    ...("svg" in item
      ? { svg: item.svg }
      : { figure: { data: item.data, layout: item.layout } }),
    scale: scales[at],
  }));
  return `<!doctype html><html><head><meta charset="utf-8">
<script src="${pathToFileURL(plotlyPath())}"></script></head><body><script>
(async () => {
  const results = [];
  for (const { figure, svg, scale } of ${jsonForScript(tasks)}) {
    try {
      if (svg) {
        const image = new Image();
        image.src = "data:image/svg+xml," + encodeURIComponent(svg);
        await image.decode();
        const canvas = document.createElement("canvas");
        canvas.width = Math.round(image.naturalWidth * scale);
        canvas.height = Math.round(image.naturalHeight * scale);
        const pen = canvas.getContext("2d");
        pen.fillStyle = "white"; // dark text stays readable on dark pages
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        results.push(canvas.toDataURL("image/png"));
      } else {
        const { width, height } = figure.layout;
        results.push(await Plotly.toImage(figure, {
          format: "png", width, height, scale,
        }));
      }
    } catch (error) {
      results.push("error: " + String(error).replace(/\\s+/g, " "));
    }
  }
  const output = document.createElement("pre");
  output.id = "images";
  output.textContent = results.join("\\n");
  document.body.replaceChildren(output);
})();
</script></body></html>`;
}

/** Opens the page and returns it as it stands at the end. */
async function runBrowser(
  chromium: string,
  page: string,
  folder: string,
  timeoutMs: number,
): Promise<string> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(chromium, {
      args: [
        "--headless",
        "--no-sandbox", // it refuses to start as root otherwise; the page is ours
        "--disable-gpu",
        "--disable-dev-shm-usage", // /dev/shm is small in containers
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        `--user-data-dir=${join(folder, "profile")}`,
        `--virtual-time-budget=${VIRTUAL_TIME_MS}`,
        "--dump-dom",
        pathToFileURL(page).href,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new Error(
      `Cannot draw images: ${chromium} does not start: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
  // Its own promise: a helper process of a killed browser can hold the pipe open.
  const ended = child.output();
  const output = await within(ended, timeoutMs);
  if (output === null) {
    try {
      child.kill("SIGKILL");
    } catch {
      // The browser itself had ended.
    }
    ended.catch(() => {});
    throw new Error(
      `Cannot draw images: ${chromium} must end within ` +
        `${timeoutMs / 1000} s, got no answer`,
    );
  }
  const decoder = new TextDecoder();
  const printed = decoder.decode(output.stdout);
  if (!printed.includes(RESULT_START)) {
    const reason = decoder.decode(output.stderr).trim().split("\n").at(-1);
    throw new Error(
      `Cannot draw images: ${chromium} must print a page with the images, ` +
        `got exit code ${output.code}${reason ? ` and: ${reason}` : ""}`,
    );
  }
  return printed;
}

/** Takes the images out of the printed page: one line each. */
function readImages(
  printed: string,
  items: readonly (Figure | Svg)[],
): Uint8Array[] {
  const start = printed.indexOf(RESULT_START) + RESULT_START.length;
  const results = printed.slice(start, printed.indexOf("</pre>", start))
    .trim().split("\n");
  return results.map((result, index) => {
    const prefix = "data:image/png;base64,";
    if (!result.startsWith(prefix)) {
      throw new Error(
        `Cannot draw ${nameOf(items[index])}: ${result}`,
      );
    }
    return shrinkPng(Uint8Array.fromBase64(result.slice(prefix.length)));
  });
}

function nameOf(item: Figure | Svg): string {
  return "svg" in item ? "a drawing" : `the figure "${figureTitle(item)}"`;
}
