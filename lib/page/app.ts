/**
 * The page's program: what is chosen, what is written, and what is shown of it.
 *
 * Browser code, like `cell_writer.ts`, which does the writing.
 *
 * @module
 */

import { Random } from "../core/random.ts";
import { checkSampling, type SamplingOptions } from "../language/decoding.ts";
import { maskCodes } from "../language/sentences.ts";
import { trainingKeys } from "../metrics/generation.ts";
import { judge } from "../metrics/verdict.ts";
import { getSpace } from "../spaces/registry.ts";
import type { Graph } from "../spaces/graph.ts";
import { cellCard } from "./cell_card.ts";
import { cellFiles } from "./cell_files.ts";
import {
  CellWriter,
  type WritingOptions,
  type WrittenCell,
} from "./cell_writer.ts";
import { element, make } from "./elements.ts";
import type { PageModel } from "./server.ts";
import { restoreSettings, settingsFragment } from "./settings_link.ts";

/** Cells written at once: the first by itself, so that it is soon there. */
const FIRST_BATCH = 1, BATCH = 8;

const controls = element("controls", HTMLFormElement);
const spaceChoice = element("space", HTMLSelectElement);
const codeChoice = element("code", HTMLSelectElement);
const seedInput = element("seed", HTMLInputElement);
const stopButton = element("stop", HTMLButtonElement);
const status = element("status", HTMLParagraphElement);
const progress = element("progress", HTMLProgressElement);
const errorText = element("error", HTMLParagraphElement);
const results = element("results", HTMLDivElement);

/** The models that are open, by space and code: older cells can be refilled after another choice. */
const opened = new Map<string, CellWriter>();
let running = false, stopped = false;
/** The models that there are, as the page was opened. */
let offered: readonly PageModel[] = [];
/** Cells shown so far: each has a number of its own. */
let cells = 0;

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

/**
 * Does something that takes a while, with the controls off and its error in the page;
 * nothing while something else is being done.
 *
 * @param action Returns what is to be said at its end.
 */
async function busy(action: () => Promise<string>): Promise<void> {
  if (running) return;
  running = true;
  const focused = document.activeElement;
  stopped = false;
  errorText.hidden = true;
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
    errorText.textContent = error instanceof Error ? error.message : `${error}`;
    errorText.hidden = false;
  } finally {
    running = false;
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

/** The name of the code that is chosen, as people write it. */
function codeTitle(): string {
  return codeChoice.selectedOptions[0].text;
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
      `Cannot open ${codeTitle()} of ${space.title}: its models must be exported, got no ${
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
  const settings = `Temperature ${sampling.temperature}${limits}, seed ${seed}`;
  const summary = make("p", { className: "summary" }, settings);
  const list = make("div", { className: "cells" });
  const graphs: Graph[] = [];
  const files = cellFiles(
    space,
    () => graphs,
    `${space.name}-${codeChoice.value}-seed${seed}`,
    (text) => status.textContent = text,
  );
  // A refilled cell depends on the one that it was made of.
  if (pinned.size === 0) {
    const href = settingsFragment(controlValue);
    history.replaceState(null, "", href);
    const link = make("a", { href }, "Link to these settings and seed");
    // Where the address names them already, it does not change.
    link.addEventListener("click", () => restoreFrom(href));
    files.append(link);
  }
  const group = make(
    "section",
    { className: "group" },
    make("h2", {}, title),
    summary,
    files,
    list,
  );
  results.prepend(group);
  // A cell that is refilled can be far below.
  if (group.getBoundingClientRect().top < 0) group.scrollIntoView();
  const training = space.ready ? trainingKeys(space, "strict") : null;
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
      if (key !== null && typeof cell.sample !== "string") {
        valid++;
        graphs.push(cell.sample);
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
        await cellCard(cell, {
          space,
          number,
          valid: key !== null,
          words,
          pinned,
          refill: (codes, pinned) => {
            if (!controls.reportValidity()) return;
            busy(() =>
              refillCell(writer, codes, pinned, `Refilled from cell ${number}`)
            );
          },
        }),
      );
    }
    summary.textContent =
      `${settings}: ${valid} of ${written} valid, ${numbers.size} different` +
      (training === null ? "" : `, ${fresh} new to the training cells`);
  }
  seedInput.value = String((seed + 1) % 2 ** 32);
  const seconds = (performance.now() - started) / 1000;
  return `${stopped ? "Stopped: " : ""}${written} cells in ${
    seconds.toFixed(1)
  } s, ${valid} of them valid`;
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

/** What a control says. */
function controlValue(id: string): string {
  return (element(id, HTMLElement) as HTMLInputElement).value;
}

/** Sets the controls to what a link names; a choice that is not offered stays as it was. */
function restoreFrom(fragment: string): void {
  restoreSettings(fragment, (id, value) => {
    const control = element(id, HTMLElement) as
      | HTMLInputElement
      | HTMLSelectElement;
    const before = control.value;
    control.value = value;
    if (control.value === "" && value !== "") control.value = before;
    if (id === "space") offerCodes();
  });
}

/** Offers the codes of the space that is chosen. */
function offerCodes(): void {
  codeChoice.replaceChildren(
    ...offered.filter(({ space }) => space === spaceChoice.value)
      .map(({ code, title }) => make("option", { value: code }, title)),
  );
}

/** Offers the spaces and codes that there are models of. */
async function offerModels(): Promise<void> {
  offered = await findModels();
  if (offered.length === 0) {
    throw new Error(
      "Cannot write cells: there must be trained models, got none; `deno task reproduce` trains them, `deno task export` makes the files that this page needs",
    );
  }
  for (const name of new Set(offered.map(({ space }) => space))) {
    spaceChoice.append(make("option", { value: name }, getSpace(name).title));
  }
  offerCodes();
  spaceChoice.addEventListener("change", offerCodes);
  restoreFrom(location.hash);
  // A link within the page loads nothing anew.
  addEventListener("hashchange", () => restoreFrom(location.hash));
}

stopButton.addEventListener("click", () => stopped = true);
controls.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(async () => {
    const writer = await openWriter();
    return await writeCells({
      title: `${writer.space.title}, ${codeTitle()}`,
      writer,
      pinned: new Set(),
      write: (options) => writer.generate(options),
    });
  });
});

await busy(async () => {
  await offerModels();
  return "Ready";
});
