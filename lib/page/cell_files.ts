/**
 * Cells of the page taken away: copied, or downloaded as a file, in the formats of
 * `deno task cells`.
 *
 * Browser code.
 *
 * @module
 */

import {
  knownOfCells,
  WRITTEN_FORMATS,
  writtenCells,
  type WrittenFormat,
} from "../exchange/write_cells.ts";
import type { Graph } from "../spaces/graph.ts";
import { notationsOf } from "../spaces/notations.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { make } from "./elements.ts";

/** The ending of a file of each format. */
const ENDINGS: Readonly<Record<WrittenFormat, string>> = {
  lines: "txt",
  json: "json",
  csv: "csv",
  graphml: "graphml",
  dot: "dot",
};

/** The text of cells in a format, in the first notation of the space that is written. */
export function cellsText(
  space: SearchSpace,
  graphs: readonly Graph[],
  format: WrittenFormat,
): string {
  const known = knownOfCells(space, []);
  const notation = notationsOf(space).find(({ write }) => write !== undefined)!;
  return [
    ...writtenCells(
      graphs.map((graph) => ({ graph, known: known(graph) })),
      space,
      format,
      notation,
    ),
  ].join("");
}

/**
 * Makes the controls that take cells away.
 *
 * @param graphs The cells, as they are when a button is pressed; all of them valid.
 * @param name Of a file, without its ending.
 * @param say Gets what was done, for the reader.
 */
export function cellFiles(
  space: SearchSpace,
  graphs: () => readonly Graph[],
  name: string,
  say: (text: string) => void,
): HTMLElement {
  const format = make(
    "select",
    {},
    ...WRITTEN_FORMATS.map((each) => make("option", { value: each }, each)),
  );
  const text = () => cellsText(space, graphs(), format.value as WrittenFormat);
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener(
    "click",
    () =>
      navigator.clipboard.writeText(text()).then(
        () => say(`Copied ${graphs().length} cells`),
        (error: Error) => say(`Cannot copy the cells: ${error.message}`),
      ),
  );
  const save = make("button", { type: "button" }, "Download");
  save.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([text()]));
    const ending = ENDINGS[format.value as WrittenFormat];
    make("a", { href: url, download: `${name}.${ending}` }).click();
    URL.revokeObjectURL(url);
    say(`Saved ${graphs().length} cells`);
  });
  return make(
    "div",
    { className: "files" },
    make("label", {}, "Valid cells as ", format),
    copy,
    save,
  );
}
