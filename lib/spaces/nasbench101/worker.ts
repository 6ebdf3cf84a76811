/**
 * A worker that hashes cells of NAS-Bench-101: it gets matrices and answers with their cells.
 *
 * Source: see `enumeration.ts`.
 *
 * @module
 */

import { type CellMatrix, hashCells } from "./enumeration.ts";

/** What a worker's global scope has of use here; the type checker takes it for a window. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<readonly CellMatrix[]>) => void;
  postMessage(message: unknown, transfer: ArrayBufferLike[]): void;
};

scope.onmessage = ({ data: matrices }) => {
  const cells = hashCells(matrices);
  scope.postMessage(cells, [
    cells.ops.buffer,
    cells.edges.buffer,
    cells.hashes.buffer,
  ]);
};
