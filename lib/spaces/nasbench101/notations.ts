/**
 * Notations of NAS-Bench-101's cells that other spaces do not have.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";
import type { Graph } from "../graph.ts";
import type { Notation } from "../notation.ts";
import { cellGraph } from "../space.ts";
import { cellOfHash, preparedCells } from "./table.ts";

/**
 * Module hashes, by which the benchmark's API knows cells; the space has to be prepared.
 *
 * @param key The hash of a cell.
 */
export function hashNotation(key: (graph: Graph) => string): Notation {
  const isForm = (value: unknown) =>
    typeof value === "string" && /^\s*[0-9a-f]{32}\s*$/i.test(value);
  return {
    name: "hash",
    title: "module hash, 32 hexadecimal digits",
    isForm,
    read(value) {
      const index = isForm(value)
        ? cellOfHash(String(value).trim().toLowerCase())
        : null;
      if (index === null) {
        throw new SyntaxError(
          `a hash must be that of a cell of NAS-Bench-101, got ${shown(value)}`,
        );
      }
      return cellGraph(preparedCells(), index);
    },
    write: key,
  };
}
