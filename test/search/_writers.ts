/** Writers of cells without a model, for the tests of searches. */

import type { Random } from "../../lib/core/random.ts";
import type { CellWriter, KeyedWriter } from "../../lib/search/cell_writer.ts";
import { neighbours } from "../../lib/search/neighbours.ts";
import type { Cell } from "../../lib/spaces/cell.ts";
import { cell, SPACE } from "./_tables.ts";

/** Writes random cells, and random neighbours of given ones; notes what it was asked. */
export class NeighbourWriter implements CellWriter {
  readonly parents: Cell[][] = [];
  readonly masked = new Set<number | undefined>();

  generate(count: number, random: Random): Promise<Cell[]> {
    return Promise.resolve(
      Array.from({ length: count }, () => cell(random.integer(15_625))),
    );
  }

  fill(
    cells: readonly Cell[],
    random: Random,
    most?: number,
  ): Promise<Cell[]> {
    this.parents.push([...cells]);
    this.masked.add(most);
    return Promise.resolve(cells.map((cell) => {
      const near = neighbours(SPACE, cell);
      return near[random.integer(near.length)];
    }));
  }
}

/** Has nothing to say. */
export const silentWriter: CellWriter = {
  generate: () => Promise.resolve([]),
  fill: (cells) => Promise.resolve(cells.map(() => null)),
};

export const keyed = (writer: CellWriter): KeyedWriter => ({
  writer,
  key: "made up",
});
