/**
 * Reconstruction of the validation cells by a trained model, measured and kept: what a table
 * reports can be counted again from what came with it.
 *
 * A packed JSON file holds the cells that did not come back as they were, by their place among
 * the validation cells, each with all of its rows as `graphText` writes them; the others did.
 * Rows of tables name the file by its key.
 *
 * Shapes: `B` cells, `N` rows of a cell.
 *
 * @module
 */

import { writeGzipJson } from "../core/gzip.ts";
import { runKey } from "../core/keys.ts";
import {
  ReconstructionCounter,
  type ReconstructionReport,
} from "../metrics/reconstruction.ts";
import { graphText, PADDING_OP } from "../spaces/graph.ts";
import type { CellTable, SearchSpace } from "../spaces/space.ts";
import { type DecodedCells, decodedGraph } from "../spaces/tensors.ts";

/** What came back of the validation cells. */
export interface MeasuredReconstruction extends ReconstructionReport {
  /** Of the file that it was saved in. */
  readonly key?: string;
}

/** The file. */
interface ReconstructionFile {
  readonly key: string;
  /** How many were encoded and decoded: all validation cells. */
  readonly cells: number;
  readonly decoded: Readonly<Record<string, string>>;
}

/**
 * Encodes and decodes the validation cells of a space, and counts what comes back.
 *
 * @param reconstruct A model's, of cells given by their indices.
 * @param options `model`: identity of its weights; `file`: where to save what came back.
 */
export async function measureReconstruction(
  space: SearchSpace,
  reconstruct: (cells: ArrayLike<number>) => Promise<DecodedCells>,
  { model, file }: { readonly model: string; readonly file?: string },
): Promise<MeasuredReconstruction> {
  const { validation } = space.split();
  const table = space.cells();
  const decoded = await reconstruct(validation);
  const counter = new ReconstructionCounter();
  counter.add(table, validation, decoded);
  if (file === undefined) return counter.report();
  const key = runKey({
    reconstruction: model,
    space: [space.name, space.version],
  });
  const content: ReconstructionFile = {
    key,
    cells: validation.length,
    decoded: _different(table, validation, decoded),
  };
  await writeGzipJson(file, content);
  return { ...counter.report(), key };
}

/** The cells that came back otherwise in any row: a row without a node is operation 0 and no edges. */
function _different(
  { nodeCount, ops, incoming }: CellTable,
  cells: ArrayLike<number>,
  decoded: DecodedCells,
): ReconstructionFile["decoded"] {
  const rows = Array.from({ length: nodeCount }, (_, row) => row);
  const different: Record<string, string> = {};
  for (let place = 0; place < cells.length; place++) {
    const graph = decodedGraph(decoded, place, nodeCount);
    const isSame = rows.every((row) => {
      const at = cells[place] * nodeCount + row;
      const op = ops[at] === PADDING_OP ? 0 : ops[at];
      return graph.ops[row] === op && graph.incoming[row] === incoming[at];
    });
    if (!isSame) different[place] = graphText(graph);
  }
  return different;
}
