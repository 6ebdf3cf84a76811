/**
 * Shows figures, tables, drawings and text: inline in a notebook, as plain text
 * elsewhere.
 *
 * In the Deno kernel each thing is one display in several formats, of which the
 * reader's program takes the richest it knows: JupyterLab and VS Code draw a figure
 * interactively, GitHub shows its PNG, a terminal its title. The kernel is looked for
 * when something is shown, never at import.
 *
 * @module
 */

import { type Figure, figureTitle, type Svg } from "./figure.ts";
import { findChromium, type ImageOptions, renderPngs } from "./images.ts";
import { broadcastDisplay, jupyter, type Kernel } from "./kernel.ts";
import { pngSize } from "./png.ts";
import { foldText, tableText } from "./table_text.ts";
import {
  escapeMarkdown,
  type ReportTable,
  tableHtml,
  tableMarkdown,
} from "./tables.ts";

export type { Svg } from "./figure.ts";

/** What can be shown; a string is Markdown. */
export type Showable = Figure | ReportTable | Svg | string;

/** Where to show, for tests; each by default found where the program runs. */
export interface ShowOptions {
  readonly kernel?: Kernel | null;
  readonly print?: (text: string) => void;
}

/**
 * Shows things, one under the other.
 *
 * The images of all figures and drawings are made in one run of the browser. Where
 * there is no browser, figures are shown in their interactive form alone, and one
 * line says so, once per kernel.
 */
export async function show(...items: readonly Showable[]): Promise<void> {
  const kernel = jupyter();
  const drawn = kernel ? items.filter(isDrawn) : [];
  const pngs = await tryRenderPngs(drawn, drawn.map(inlineScale));
  const images = new Map(drawn.map((item, at) => [item, pngs?.[at] ?? null]));
  await showWith(items, images, { kernel });
}

/**
 * Pixels per CSS pixel of an image in a notebook.
 *
 * JupyterLab's Plotly extension shows a figure's PNG, in its own size, until the
 * pointer is on it: anything but 1 would make the figure jump.
 */
export function inlineScale(item: Figure | Svg): number {
  return "svg" in item ? SVG_SCALE : 1;
}

const SVG_SCALE = 2;

/**
 * Shows things with images at hand; {@link show} draws them first.
 *
 * @param images PNGs at {@link inlineScale}, of the items that have one.
 */
export async function showWith(
  items: readonly Showable[],
  images: ReadonlyMap<Figure | Svg, Uint8Array | null> = new Map(),
  options: ShowOptions = {},
): Promise<void> {
  const { kernel = jupyter(), print = console.log } = options;
  for (const item of items) {
    if (!kernel) {
      print(plainText(item));
      continue;
    }
    const png = isDrawn(item) ? images.get(item) ?? null : null;
    await broadcastDisplay(
      kernel,
      displayBundle(item, png),
      png && isDrawn(item) ? { "image/png": imageSize(item, png) } : {},
    );
    const caption = captionUnder(item);
    if (caption) {
      // No plain text: that of the item has the caption already.
      await broadcastDisplay(kernel, {
        "text/markdown": escapeMarkdown(caption),
      });
    }
  }
}

/** Width and height to show an image in, in CSS pixels. */
function imageSize(
  item: Figure | Svg,
  png: Uint8Array,
): { width: number; height: number } {
  const { width, height } = pngSize(png);
  const scale = inlineScale(item);
  return {
    width: Math.round(width / scale),
    height: Math.round(height / scale),
  };
}

/** One thing in every format that a front end may ask for, by MIME type. */
export function displayBundle(
  item: Showable,
  png: Uint8Array | null = null,
): Record<string, unknown> {
  const text = { "text/plain": plainText(item) };
  const image = png ? { "image/png": png.toBase64() } : {};
  if (typeof item === "string") return { "text/markdown": item, ...text };
  if (isFigure(item)) {
    const { data, layout } = item;
    return {
      "application/vnd.plotly.v1+json": {
        data,
        layout,
        config: { displaylogo: false },
      },
      ...image,
      ...text,
    };
  }
  // JupyterLab draws no SVG of a notebook that it has not been told to trust.
  if ("svg" in item) return { "image/svg+xml": item.svg, ...image, ...text };
  return {
    "text/html": tableHtml(item),
    "text/markdown": tableMarkdown(item),
    ...text,
  };
}

/** A thing as a terminal of 80 columns shows it. */
export function plainText(item: Showable): string {
  if (typeof item === "string") return foldText(_withoutMarkup(item));
  if (isFigure(item)) {
    return foldText(
      `[figure] ${figureTitle(item)}` +
        (item.caption ? `\n${item.caption}` : ""),
    );
  }
  if ("svg" in item) {
    return foldText(`[drawing]${item.caption ? ` ${item.caption}` : ""}`);
  }
  return tableText(item);
}

/** Markdown without the marks of bold text and code, and with what it escapes. */
function _withoutMarkup(markdown: string): string {
  return markdown.replace(/\*\*/g, "").replace(/(?<!\\)`/g, "")
    .replace(/\\([\\`*_[\]<>])/g, "$1");
}

/** Text under a figure or drawing; a table brings its own. */
function captionUnder(item: Showable): string {
  return isDrawn(item) ? item.caption ?? "" : "";
}

function isDrawn(item: Showable): item is Figure | Svg {
  return typeof item === "object" && !("columns" in item);
}

function isFigure(item: Showable): item is Figure {
  return typeof item === "object" && "layout" in item;
}

/** What has been said already, so that it is said once per kernel. */
let browserMissingSaid = false;

/** What {@link tryToDraw} says and asks, for tests. */
interface DrawOptions {
  readonly say?: (line: string) => void;
  readonly find?: () => Promise<string | null>;
}

/**
 * Draws PNGs, or says in one line why there are none; see {@link tryToDraw}.
 *
 * @returns Null where there are none.
 */
export async function tryRenderPngs(
  items: readonly (Figure | Svg)[],
  scale: ImageOptions["scale"],
  options: DrawOptions = {},
): Promise<Uint8Array[] | null> {
  if (items.length === 0) return [];
  return await tryToDraw(
    (chromium) => renderPngs(items, { scale, chromium }),
    options,
  );
}

/**
 * Has a browser draw, or says in one line why it cannot.
 *
 * A missing browser is said once per kernel, a failure each time.
 *
 * @param draw Gets the browser's path.
 * @returns Null where nothing could be drawn.
 */
export async function tryToDraw<T>(
  draw: (chromium: string) => Promise<T>,
  { say = console.log, find = findChromium }: DrawOptions = {},
): Promise<T | null> {
  try {
    const chromium = await find();
    if (chromium) return await draw(chromium);
    if (!browserMissingSaid) {
      say(
        "Figures are interactive only: no Chromium or Chrome was found to draw " +
          "static images (`deno task setup --browser` fetches one, CHROME_PATH names one)",
      );
    }
    browserMissingSaid = true;
  } catch (error) {
    say(`Figures are interactive only: ${(error as Error).message}`);
  }
  return null;
}
