/**
 * Random cells that a search did not ask for yet.
 *
 * @module
 */

import type { Random } from "../core/random.ts";
import type { CoveredCells } from "../evaluation/evaluator.ts";
import { type Cell, cellAt, cellOf } from "../spaces/cell.ts";
import type { Graph } from "../spaces/graph.ts";
import type { Oracle } from "./oracle.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** Draws in a row that give nothing new, after which there is taken to be nothing left. */
const PATIENCE = 1000;

/**
 * The cells that can be asked for and were not yet, in random order, each once.
 *
 * Where the covered cells are a sample that does not stand for all cells alike, each comes
 * as early as cells of its kind would in a random order of the whole space. A space that is
 * not listed draws its cells; it ends when 1,000 draws in a row give nothing new.
 *
 * The first thing that any search draws with its random numbers is where it begins: so all
 * searches of a seed begin with the same cells.
 *
 * Source: Efraimidis & Spirakis 2006, for the weighted order.
 */
export function* unseenCells(oracle: Oracle, random: Random): Generator<Cell> {
  const { space, covered } = oracle;
  if (covered === null && space.randomCell !== undefined) {
    yield* _drawnCells(oracle, () => space.randomCell!(random));
    return;
  }
  for (const index of _order(covered, space.cells().count, random)) {
    const cell = cellAt(space, index);
    if (!oracle.seen(cell)) yield cell;
  }
}

/** Takes the next of such cells, fewer where there are no more; further ones can be taken later. */
export function nextCells(fresh: Iterator<Cell>, count: number): Cell[] {
  const cells: Cell[] = [];
  while (cells.length < count) {
    const { value, done } = fresh.next();
    if (done) break;
    cells.push(value);
  }
  return cells;
}

/** Indices in random order: of the covered cells, or of all of the table. */
function* _order(
  covered: CoveredCells | null,
  count: number,
  random: Random,
): Generator<number> {
  if (covered === null) return yield* random.permutation(count);
  const { indices, weights } = covered;
  if (weights === undefined) {
    for (const at of random.permutation(indices.length)) yield indices[at];
    return;
  }
  const waits = Float64Array.from(
    indices,
    (cell) => -Math.log(1 - random.uniform()) / weights[cell],
  );
  const order = Uint32Array.from(indices.keys())
    .sort((a, b) => waits[a] - waits[b]);
  for (const at of order) yield indices[at];
}

function* _drawnCells(oracle: Oracle, draw: () => Graph): Generator<Cell> {
  const drawn = new Set<string>();
  for (let idle = 0; idle < PATIENCE; idle++) {
    const cell = cellOf(oracle.space, draw());
    if (cell === null || drawn.has(cell.key)) continue;
    drawn.add(cell.key);
    if (oracle.seen(cell) || !oracle.covers(cell)) continue;
    idle = 0;
    yield cell;
  }
}
