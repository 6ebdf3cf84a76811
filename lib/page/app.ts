/**
 * The page's program: what is chosen, what is written, and what is shown of it.
 *
 * Browser code, like `cell_writer.ts`, which does the writing.
 *
 * @module
 */

import { checkSampling, type SamplingOptions } from "../language/decoding.ts";
import { maskCodes } from "../language/sentences.ts";
import { trainingKeys } from "../metrics/generation.ts";
import { Random } from "../random.ts";
import { drawCell } from "../spaces/draw.ts";
import { getSpace } from "../spaces/space.ts";
import { judge, nodeName } from "./cell_view.ts";
import {
  CellWriter,
  type WritingOptions,
  type WrittenCell,
} from "./cell_writer.ts";
import type { PageModel } from "./server.ts";

/** Cells written at once: the first by itself, so that it is soon there. */
const FIRST_BATCH = 1, BATCH = 8;

const CODE_TITLES: Readonly<Record<PageModel["code"], string>> = {
  printed: "as printed",
  positional: "position-aware",
};

/** The element of an id. */
function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`Internal: no ${id} in the page`);
  }
  return found;
}

const controls = element("controls", HTMLFormElement);
const spaceChoice = element("space", HTMLSelectElement);
const codeChoice = element("code", HTMLSelectElement);
const seedInput = element("seed", HTMLInputElement);
const stopButton = element("stop", HTMLButtonElement);
const status = element("status", HTMLParagraphElement);
const progress = element("progress", HTMLProgressElement);
const problem = element("error", HTMLParagraphElement);
const results = element("results", HTMLDivElement);

/** The models that are open, by space and code: older cells can be refilled after another choice. */
const opened = new Map<string, CellWriter>();
let stopped = false;
/** Cells shown so far: each has a number of its own. */
let cells = 0;

/** Makes an element with text or elements in it. */
function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}

/** Says how far something is; without a fraction, that it goes on. */
function showProgress(text: string, fraction?: number): void {
  status.textContent = text;
  progress.hidden = false;
  if (fraction === undefined) progress.removeAttribute("value");
  else progress.value = fraction;
}

/** Lets the browser draw what has changed. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Does something that takes a while, with the controls off and its error in the page. */
async function busy(action: () => Promise<string>): Promise<void> {
  const focused = document.activeElement;
  stopped = false;
  problem.hidden = true;
  const inputs = document.querySelectorAll<
    HTMLInputElement | HTMLSelectElement | HTMLButtonElement
  >("input, select, button");
  const enabled = [...inputs].filter((input) =>
    input !== stopButton && !input.disabled
  );
  for (const input of enabled) input.disabled = true;
  stopButton.disabled = false;
  try {
    status.textContent = await action();
  } catch (error) {
    status.textContent = "";
    problem.textContent = error instanceof Error ? error.message : `${error}`;
    problem.hidden = false;
  } finally {
    progress.hidden = true;
    stopButton.disabled = true;
    for (const input of enabled) input.disabled = false;
    if (focused instanceof HTMLElement && focused !== stopButton) {
      focused.focus({ preventScroll: true });
    }
  }
}

/** The codes that there are models of at the moment. */
async function findModels(): Promise<PageModel[]> {
  return await (await fetch("/models.json")).json();
}

/** Opens the models of the code that is chosen, unless they are open. */
async function openWriter(): Promise<CellWriter> {
  const space = getSpace(spaceChoice.value), code = codeChoice.value;
  const name = `${space.name}/${code}`;
  const open = opened.get(name);
  if (open !== undefined) return open;
  const again = `deno task export --space ${space.name}`;
  const missing = (await findModels())
    .find((model) => model.space === space.name && model.code === code)
    ?.missing ?? ["its folder"];
  if (missing.length > 0) {
    throw new Error(
      `Cannot open the ${code} code of ${space.title}: its models must be exported, got no ${
        missing.join(", no ")
      }; run \`${again}\``,
    );
  }
  showProgress("Loading the models…");
  try {
    const writer = await CellWriter.open(
      space.name,
      code,
      (file, loaded, total) =>
        showProgress(
          `Loading ${file}, ${(loaded / 1e6).toFixed(1)} of ${
            (total / 1e6).toFixed(1)
          } MB…`,
          loaded / total,
        ),
    );
    opened.set(name, writer);
    return writer;
  } catch (error) {
    throw new Error(
      `Cannot open the models: ${
        (error as Error).message
      }; \`${again}\` makes their files anew`,
      { cause: error },
    );
  }
}

/** What the controls say of the drawing of tokens. */
function samplingOptions(): SamplingOptions {
  const number = (id: string) => {
    const { value } = element(id, HTMLInputElement);
    return value === "" ? null : Number(value);
  };
  const sampling = {
    temperature: Number(element("temperature", HTMLInputElement).value),
    topK: number("top-k"),
    topP: number("top-p"),
  };
  checkSampling(sampling);
  return sampling;
}

/** Cells that are written in one go and shown together. */
interface Run {
  readonly title: string;
  readonly writer: CellWriter;
  /** Nodes whose codes were given. */
  readonly pinned: ReadonlySet<number>;
  readonly write: (options: WritingOptions) => Promise<WrittenCell[]>;
}

/** Writes cells batch by batch and shows each as it comes. */
async function writeCells(
  { title, writer, pinned, write }: Run,
): Promise<string> {
  const { space } = writer;
  const sampling = samplingOptions();
  const count = Number(element("count", HTMLInputElement).value);
  const seed = Number(seedInput.value);
  const random = Random.fromSeed(seed);
  const limits = [
    sampling.topK === null ? "" : `, top-k ${sampling.topK}`,
    sampling.topP === null ? "" : `, top-p ${sampling.topP}`,
  ].join("");
  const summary = make("p", { className: "summary" });
  const list = make("div", { className: "cells" });
  results.prepend(
    make(
      "section",
      { className: "group" },
      make("h2", {}, title),
      make(
        "p",
        { className: "summary" },
        `Temperature ${sampling.temperature}${limits}, seed ${seed}`,
      ),
      summary,
      list,
    ),
  );
  // Telling what is new takes a list of all cells, which one of the spaces has at hand.
  const training = space.name === "nasbench201"
    ? trainingKeys(space, "strict")
    : null;
  const numbers = new Map<string, number>();
  const started = performance.now();
  let written = 0, valid = 0, fresh = 0;
  while (written < count && !stopped) {
    showProgress(`Writing cells, ${written} of ${count}…`, written / count);
    await nextFrame();
    const batch = written === 0 ? FIRST_BATCH : BATCH;
    const randoms = Array.from(
      { length: Math.min(batch, count - written) },
      (_, i) => random.split(`cell ${written + i}`),
    );
    for (const cell of await write({ ...sampling, randoms })) {
      const number = ++cells;
      written++;
      const { key, problem } = judge(space, cell.sample);
      let words = problem ?? "";
      if (key !== null) {
        valid++;
        const known = training?.has(key);
        if (known === false) fresh++;
        const twin = numbers.get(key);
        words = twin !== undefined
          ? `the same as cell ${twin}`
          : known === undefined
          ? ""
          : known
          ? "one of the training cells"
          : "new: not a training cell";
        if (twin === undefined) numbers.set(key, number);
      }
      list.append(
        await cellCard(writer, cell, {
          number,
          words,
          valid: key !== null,
          pinned,
        }),
      );
    }
    summary.textContent =
      `${valid} of ${written} valid, ${numbers.size} different` +
      (training === null ? "" : `, ${fresh} new to the training cells`);
  }
  seedInput.value = String((seed + 1) % 2 ** 32);
  const seconds = (performance.now() - started) / 1000;
  return `${stopped ? "Stopped: " : ""}${written} cells in ${
    seconds.toFixed(1)
  } s, ${valid} of them valid`;
}

/** A cell with its drawing, what is to be said of it, and its codes to pin. */
async function cellCard(
  writer: CellWriter,
  cell: WrittenCell,
  { number, words, valid, pinned }: {
    number: number;
    words: string;
    valid: boolean;
    pinned: ReadonlySet<number>;
  },
): Promise<HTMLElement> {
  const { space } = writer;
  const card = make("article", {
    className: `cell ${valid ? "valid" : "invalid"}`,
  });
  const heading = make("h3", { id: `cell-${number}` }, `Cell ${number}`);
  card.setAttribute("aria-labelledby", heading.id);
  const drawing = make("div", { className: "drawing" });
  card.append(
    heading,
    make(
      "p",
      { className: "verdict" },
      make("strong", {}, valid ? "Valid" : "Invalid"),
      words === "" ? "" : `: ${words}`,
    ),
    drawing,
  );
  const { codes, sample } = cell;
  if (codes === null || typeof sample === "string") {
    drawing.append(
      make("code", {}, cell.text === "" ? "(nothing)" : cell.text),
    );
    return card;
  }
  const svg = new DOMParser()
    .parseFromString(
      await drawCell(space, sample, { rows: true }),
      "image/svg+xml",
    )
    .documentElement;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", space.describe(sample));
  drawing.append(svg);

  const boxes = Array.from(codes, (_, node) => {
    const box = make("input", { type: "checkbox", checked: pinned.has(node) });
    const shape = svg.querySelector(`.row${node}`);
    shape?.classList.add("pinnable");
    const show = () => shape?.classList.toggle("pinned", box.checked);
    shape?.addEventListener("click", () => {
      if (box.disabled) return;
      box.checked = !box.checked;
      details.open = true;
      show();
    });
    box.addEventListener("change", show);
    show();
    return box;
  });
  const refill = make("button", { type: "button" }, "Refill the others");
  refill.addEventListener("click", () =>
    busy(() =>
      refillCell(
        writer,
        codes,
        new Set([...boxes.keys()].filter((node) => boxes[node].checked)),
        `Refilled from cell ${number}`,
      )
    ));
  const details = make(
    "details",
    {},
    make("summary", {}, "Pin nodes and refill"),
    make(
      "fieldset",
      {},
      make("legend", {}, "Nodes that keep their codes"),
      ...boxes.map((box, node) =>
        make(
          "label",
          {},
          box,
          nodeName(space, sample, node),
          make("code", {}, String(codes[node])),
        )
      ),
    ),
    refill,
  );
  const sentence = make("p", { className: "sentence" }, "Codes ");
  for (const [node, code] of codes.entries()) {
    sentence.append(
      pinned.has(node)
        ? make("b", { title: "pinned" }, String(code))
        : String(code),
      " ",
    );
  }
  card.append(sentence, details);
  return card;
}

/** Writes the codes of a cell that are not pinned anew. */
function refillCell(
  writer: CellWriter,
  codes: Int32Array,
  pinned: ReadonlySet<number>,
  title: string,
): Promise<string> {
  const places = [...codes.keys()].filter((node) => !pinned.has(node));
  if (places.length === 0) {
    throw new Error(
      "Cannot refill the cell: at least one node must not be pinned, got all of them pinned",
    );
  }
  const masked = maskCodes(codes, places);
  return writeCells({
    title,
    writer,
    pinned,
    write: (options) => writer.fill(masked, options),
  });
}

/** Offers the codes of the space that is chosen. */
function offerCodes(models: readonly PageModel[]): void {
  codeChoice.replaceChildren(
    ...models.filter(({ space }) => space === spaceChoice.value).map((
      { code },
    ) => make("option", { value: code }, CODE_TITLES[code])),
  );
}

/** Offers what there is, and waits for what is asked for. */
async function start(): Promise<void> {
  const models = await findModels();
  if (models.length === 0) {
    throw new Error(
      "Cannot write cells: there must be trained models, got none; `deno task reproduce` trains them, `deno task export` makes the files that this page needs",
    );
  }
  for (const name of new Set(models.map(({ space }) => space))) {
    spaceChoice.append(
      make("option", { value: name }, getSpace(name).title),
    );
  }
  offerCodes(models);
  spaceChoice.addEventListener("change", () => offerCodes(models));
  stopButton.addEventListener("click", () => stopped = true);
  controls.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(async () => {
      const writer = await openWriter();
      return await writeCells({
        title: `${writer.space.title}, ${codeChoice.value} code`,
        writer,
        pinned: new Set(),
        write: (options) => writer.generate(options),
      });
    });
  });
}

await busy(async () => {
  await start();
  return "Ready";
});
