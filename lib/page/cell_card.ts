/**
 * A cell on the page: its drawing, what is to be said of it, and its codes to pin.
 *
 * A node is pinned by its box or by a click on it in the drawing.
 *
 * Browser code.
 *
 * @module
 */

import { drawCell } from "../spaces/draw.ts";
import type { SearchSpace } from "../spaces/space.ts";
import { nodeName } from "./cell_view.ts";
import type { WrittenCell } from "./cell_writer.ts";
import { make } from "./elements.ts";

/** What a card is made of, besides its cell. */
export interface CardOptions {
  readonly space: SearchSpace;
  readonly number: number;
  readonly valid: boolean;
  /** What is to be said of the cell; may be empty. */
  readonly words: string;
  /** Nodes whose codes were given. */
  readonly pinned: ReadonlySet<number>;
  /** Is called with the codes and the nodes that are to keep theirs. */
  readonly refill: (codes: Int32Array, pinned: ReadonlySet<number>) => void;
}

/** Makes the card of a cell. */
export async function cellCard(
  cell: WrittenCell,
  { space, number, valid, words, pinned, refill }: CardOptions,
): Promise<HTMLElement> {
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
  const button = make("button", { type: "button" }, "Refill the others");
  button.addEventListener("click", () =>
    refill(
      codes,
      new Set([...boxes.keys()].filter((node) => boxes[node].checked)),
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
    button,
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
