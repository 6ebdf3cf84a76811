/**
 * Static images of Plotly figures and of SVG drawings, PNG, SVG and PDF, made by a Chromium
 * without a window.
 *
 * A page that holds Plotly gets the figures and lets `Plotly.toImage` make the images; it
 * prints an SVG as PDF.
 *
 * @module
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { PROJECT_ROOT } from "../core/project.ts";
import { type BrowserPage, withPage } from "./browser.ts";
import { type Figure, figureTitle, type Svg } from "./figure.ts";
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

/** Where the project's own Chromium is, once `deno task setup --browser` has fetched it. */
export const OWN_CHROMIUM: string = join(
  PROJECT_ROOT,
  ...[".venv", "chromium", "chromium"],
);

/** Path of the Plotly library, a script that defines `Plotly`. */
export function plotlyPath(): string {
  return createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
}

/**
 * Finds a Chromium, Chrome or Edge.
 *
 * The environment variable CHROME_PATH comes first, then the PATH, then the usual
 * places of macOS and Windows, then the project's own.
 *
 * @returns Its path, or null where there is none.
 * @throws {RangeError} If CHROME_PATH names no file.
 */
export async function findChromium(
  environment: (name: string) => string | undefined = (name) =>
    Deno.env.get(name),
  own: string = OWN_CHROMIUM,
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
  for (const candidate of [...candidates, own]) {
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
 * Draws figures and drawings as PNGs.
 *
 * @returns One file per item, `width × scale` by `height × scale` pixels.
 * @throws {Error} If there is no browser, it does not end in time, or an item
 *   cannot be drawn.
 */
export async function renderPngs(
  items: readonly (Figure | Svg)[],
  options: ImageOptions = {},
): Promise<Uint8Array[]> {
  const { scale = 2 } = options;
  if (items.length === 0) return [];
  const tasks = items.map((item, at) => ({
    item,
    scale: typeof scale === "number" ? scale : scale[at],
  }));
  return await _onPage(options, (page) => _drawImages(page, tasks));
}

/** A figure as its files have it. */
export interface FigureImages {
  readonly png: Uint8Array;
  /** Text of a whole SVG element. */
  readonly svg: string;
  /** One page of the size of the figure. */
  readonly pdf: Uint8Array;
}

/**
 * Draws a figure in all formats, and as further PNGs.
 *
 * @param scales Pixels per CSS pixel of the PNGs, the first of `images.png`.
 * @throws {Error} As {@link renderPngs}.
 */
export async function renderFigure(
  figure: Figure,
  scales: readonly [number, ...number[]],
  options: Omit<ImageOptions, "scale"> = {},
): Promise<{ images: FigureImages; pngs: Uint8Array[] }> {
  return await _onPage(options, async (page) => {
    const [vector, ...pngs] = await _drawImages(
      page,
      [null, ...scales].map((scale) => ({ item: figure, scale })),
    );
    const svg = new TextDecoder().decode(vector);
    const pdf = await _printPdf(page, svg, figure.layout);
    return { images: { png: pngs[0], svg, pdf }, pngs };
  });
}

/** An image to be drawn: a PNG at a scale, or an SVG where that is null. */
interface Task {
  readonly item: Figure | Svg;
  readonly scale: number | null;
}

async function _drawImages(
  page: BrowserPage,
  tasks: readonly Task[],
): Promise<Uint8Array[]> {
  const given = tasks.map(({ item, scale }) => ({
    ...("svg" in item
      ? { svg: item.svg }
      : { figure: { data: item.data, layout: item.layout } }),
    scale,
  }));
  const results = await page.evaluate(`(${DRAW})(${JSON.stringify(given)})`);
  return (results as string[]).map((result, at) =>
    _readImage(result, tasks[at].item)
  );
}

/** Prints an SVG on a page of its size. */
async function _printPdf(
  page: BrowserPage,
  svg: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  const html = `<style>
@page { size: ${width}px ${height}px; margin: 0; }
body { margin: 0; } svg { display: block; }
</style>${svg}`;
  await page.evaluate(
    `void (document.body.innerHTML = ${JSON.stringify(html)})`,
  );
  const pdf = await page.printPdf();
  await page.evaluate("document.body.replaceChildren()");
  return pdf;
}

async function _onPage<T>(
  { chromium, timeoutMs = 60_000 }: Omit<ImageOptions, "scale">,
  action: (page: BrowserPage) => Promise<T>,
): Promise<T> {
  const found = chromium ?? await findChromium();
  if (found === null) {
    throw new Error(
      "Cannot draw images: there must be a Chromium or Chrome on the PATH or " +
        "at CHROME_PATH, got none",
    );
  }
  const prepare = () => Deno.readTextFile(plotlyPath());
  return await withPage({ chromium: found, timeoutMs, prepare }, action);
}

/** Makes each image, or tells what went wrong with it; runs in the page. */
const DRAW = `async (tasks) => {
  const results = [];
  for (const { figure, svg, scale } of tasks) {
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
        results.push(await Plotly.toImage(figure, scale === null
          ? { format: "svg", width, height }
          : { format: "png", width, height, scale }));
      }
    } catch (error) {
      results.push("error: " + String(error).replace(/\\s+/g, " "));
    }
  }
  return results;
}`;

/** What images begin with as the page has them. */
const PNG_START = "data:image/png;base64,";
const SVG_START = "data:image/svg+xml,";

function _readImage(result: string, item: Figure | Svg): Uint8Array {
  if (result.startsWith(PNG_START)) {
    return shrinkPng(Uint8Array.fromBase64(result.slice(PNG_START.length)));
  }
  if (result.startsWith(SVG_START)) {
    return new TextEncoder().encode(
      decodeURIComponent(result.slice(SVG_START.length)),
    );
  }
  throw new Error(`Cannot draw ${nameOf(item)}: ${result}`);
}

function nameOf(item: Figure | Svg): string {
  return "svg" in item ? "a drawing" : `the figure "${figureTitle(item)}"`;
}
