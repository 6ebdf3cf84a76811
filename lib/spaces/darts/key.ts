/**
 * Which cells of DARTS are the same: a text that is equal exactly for isomorphic graphs.
 *
 * Within the graph form the order of a block's two operations means nothing, nor does the order
 * of blocks that do not read each other. The operations of a block that no other block reads are
 * joined by nothing but the output, which all operations feed: which of them stand in one block
 * the graph does not tell. (A network that concatenates blocks does; cells that differ in this
 * alone are one cell here, as in arch2vec's data.)
 *
 * Of labelled cells with one operation 180 give 74 keys, with two 46,080 give 14,235: as many as
 * hashes of `hash_module`.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import { BLOCKS, DARTS_OPS, INPUTS, operationsOf } from "./cells.ts";

/** Different cells of the eight operations, counted by the symmetries of the 74 structures. */
export const CELL_COUNT = 796_255_716;
/** The same of the seven without `none`. */
export const CELL_COUNT_OF_SEVEN = 275_473_100;

/** Orders of up to three things. */
const ORDERS: readonly (readonly (readonly number[])[])[] = [
  [[]],
  [[0]],
  [[0, 1], [1, 0]],
  [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]],
];

/** An operation by the place of its source and its number, as two hexadecimal digits. */
const TOKENS: readonly (readonly string[])[] = Array.from(
  { length: INPUTS + BLOCKS },
  (_, place) => DARTS_OPS.map((_, op) => `${place}${op.toString(16)}`),
);

/**
 * The key of a cell: its blocks that others read, in the order that gives the least text, then
 * the operations that none reads, each as source and operation in hexadecimal digits.
 *
 * @param graph Strictly valid.
 */
export function cellKey(graph: Graph): string {
  const operations = operationsOf(graph);
  let isRead = 0;
  for (const { source } of operations) isRead |= 1 << source;
  const read: number[] = [], free: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    (isRead >> INPUTS + block & 1 ? read : free).push(block);
  }
  /** Where each source stands in an order of the blocks; -1 where it has no place yet. */
  const places = [0, 1, -1, -1, -1, -1];
  /** A block as two digits for each operation, the lesser first; null where it is out of order. */
  const written = (block: number): string | null => {
    const a = operations[2 * block], b = operations[2 * block + 1];
    if (places[a.source] < 0 || places[b.source] < 0) return null;
    const first = TOKENS[places[a.source]][a.op];
    const second = TOKENS[places[b.source]][b.op];
    return first < second ? first + second : second + first;
  };
  let least: string | undefined;
  orders: for (const order of ORDERS[read.length]) {
    places.fill(-1, INPUTS);
    let text = "";
    for (let i = 0; i < order.length; i++) {
      const block = read[order[i]];
      const pair = written(block);
      if (pair === null) continue orders;
      text += `${pair} `;
      places[INPUTS + block] = INPUTS + i;
    }
    const rest: string[] = [];
    for (const block of free) {
      for (const { source, op } of operations.slice(2 * block, 2 * block + 2)) {
        rest.push(TOKENS[places[source]][op]);
      }
    }
    text += rest.sort().join("");
    if (least === undefined || text < least) least = text;
  }
  return least!;
}
