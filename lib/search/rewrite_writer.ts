/**
 * A writer of cells without a language model: the control that a model has to be better than.
 *
 * It stands where a model would in a search. New cells are random ones, each cell of the
 * space as likely; a variant of a cell has, at one or more random nodes, another operation
 * and other incoming edges, each choice as likely. That is what a code of the position-aware
 * vector quantizer stands for, so a rewritten node is what a rewritten code is.
 *
 * @module
 */

import { runKey } from "../core/keys.ts";
import type { Random } from "../core/random.ts";
import { randomPlaces } from "../language/masking.ts";
import { type Cell, cellAt, cellOf } from "../spaces/cell.ts";
import type { Graph } from "../spaces/graph.ts";
import type { SearchSpace } from "../spaces/space.ts";
import type { KeyedWriter } from "./cell_writer.ts";

/** Raised with every change of what comes out for the same inputs. */
export const VERSION = 1;

/** Rewrites of a cell in a row that are no other cell of the space, after which it has no variant. */
const PATIENCE = 20;

/** Writes random cells, and variants of cells by random rewrites of nodes. */
export function rewriteWriter(space: SearchSpace): KeyedWriter {
  return {
    key: runKey({ writer: "random rewrites", version: VERSION }),
    writer: {
      generate: (count, random) =>
        Promise.resolve(
          Array.from({ length: count }, () => _randomCell(space, random))
            .filter((cell) => cell !== null),
        ),
      fill: (cells, random, most = space.nodeCount) => {
        // What was rewritten to several times is looked up once.
        const known = new Map<string, Cell | null>();
        const find = (graph: Graph) => {
          const text = `${graph.ops};${graph.incoming}`;
          let cell = known.get(text);
          if (cell === undefined) known.set(text, cell = cellOf(space, graph));
          return cell;
        };
        return Promise.resolve(
          cells.map((cell) => _variant(space, cell, random, most, find)),
        );
      },
    },
  };
}

function _randomCell(space: SearchSpace, random: Random): Cell | null {
  return space.randomCell === undefined
    ? cellAt(space, random.integer(space.cells().count))
    : cellOf(space, space.randomCell(random));
}

/**
 * Another cell, with up to `most` nodes rewritten; null where none was found.
 *
 * @param find The cell that a graph stands for.
 */
function _variant(
  space: SearchSpace,
  { key, graph }: Cell,
  random: Random,
  most: number,
  find: (graph: Graph) => Cell | null,
): Cell | null {
  // The output has no operation to choose, and edges only where they are free.
  const last = graph.ops.length - (space.variableSize ? 1 : 2);
  const nodes = last - space.inputs + 1;
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const rewritten = randomPlaces(nodes, random, Math.min(most, nodes))
      .reduce(
        (graph, place) => _rewrite(space, graph, space.inputs + place, random),
        graph,
      );
    const cell = find(rewritten);
    if (cell !== null && cell.key !== key) return cell;
  }
  return null;
}

/** The graph with a random operation at a node and random edges into it, at least one. */
function _rewrite(
  { innerOps, variableSize }: SearchSpace,
  { ops, incoming }: Graph,
  node: number,
  random: Random,
): Graph {
  const isOutput = node === ops.length - 1;
  return {
    ops: isOutput
      ? ops
      : ops.with(node, innerOps[random.integer(innerOps.length)]),
    incoming: variableSize
      ? incoming.with(node, 1 + random.integer(2 ** node - 1))
      : incoming,
  };
}
