/**
 * Cells by their identity: what searches ask for and evaluators answer.
 *
 * @module
 */

import type { Graph } from "./graph.ts";
import { cellGraph, isEnumerated, type SearchSpace } from "./space.ts";

/** A cell of a space. */
export interface Cell {
  /** Its identity, as in `SearchSpace.key`. */
  readonly key: string;
  /** The cell as it is stored, or as it was first written. */
  readonly graph: Graph;
  /** Where it stands among the cells of the space; null where those are not listed. */
  readonly index: number | null;
}

/**
 * A cell of the space's table.
 *
 * @throws {RangeError} If there is no such cell.
 */
export function cellAt(space: SearchSpace, index: number): Cell {
  const graph = cellGraph(space.cells(), index);
  const key = space.cellKeys?.(Uint32Array.of(index), "strict")[0] ??
    space.key(graph);
  return { key, graph, index: isEnumerated(space) ? index : null };
}

/**
 * The cell that a graph stands for: in an enumerated space the one it is once it is pruned,
 * elsewhere the graph itself, if it is a cell as it stands.
 *
 * @returns Null if it is no cell of the space.
 */
export function cellOf(space: SearchSpace, graph: Graph): Cell | null {
  if (isEnumerated(space)) {
    const index = space.indexOf(graph);
    return index === null ? null : cellAt(space, index);
  }
  return space.invalidReason(graph, "strict") === null
    ? { key: space.key(graph), graph, index: null }
    : null;
}
