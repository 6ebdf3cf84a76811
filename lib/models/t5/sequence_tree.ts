/**
 * Sequences that are drawn side by side, as a tree: those that begin alike after the same
 * prompt are one beginning until they part.
 *
 * What a model says of a next token depends on the beginning alone, not on how a token is
 * drawn from it, so draws at several temperatures share a tree.
 *
 * @module
 */

import type { TokenBatch } from "../../language/tokenizer.ts";

/** What several draws begin with. */
export interface Beginning {
  /** The last token. */
  readonly token: number;
  /** The row of its prompt among those encoded together. */
  readonly prompt: number;
  /** What it goes on from; null before the first token. */
  readonly parent: Beginning | null;
  /** Its row among the beginnings of its length that are computed together. */
  readonly row: number;
  /** The draws that begin with it, ascending. */
  readonly draws: readonly number[];
}

/** How large groups are. */
export interface GroupSizes {
  /** At most. */
  readonly most: number;
  /** Where there are several, in steps of so many. */
  readonly step: number;
}

/**
 * The beginnings that come of drawing a token after each of a group.
 *
 * @param drawn The token of each draw, or null where it was the last of its sequence.
 * @returns In groups, rows in order.
 */
export function continued(
  group: readonly Beginning[],
  drawn: (draw: number) => number | null,
  sizes: GroupSizes,
): Beginning[][] {
  const next: { parent: Beginning; token: number; draws: number[] }[] = [];
  for (const parent of group) {
    const byToken = new Map<number, number[]>();
    for (const draw of parent.draws) {
      const token = drawn(draw);
      if (token === null) continue;
      const draws = byToken.get(token);
      if (draws === undefined) byToken.set(token, [draw]);
      else draws.push(draw);
    }
    for (const [token, draws] of byToken) {
      next.push({ parent, token, draws });
    }
  }
  return evenGroups(next, sizes).map((part) =>
    part.map(({ parent, token, draws }, row) => ({
      token,
      prompt: parent.prompt,
      parent,
      row,
      draws,
    }))
  );
}

/**
 * Cuts a list into as few groups of at most `most` as there can be, of about the same size,
 * all but the last a multiple of `step`, which divides `most`.
 */
export function evenGroups<T>(
  list: readonly T[],
  { most, step }: GroupSizes,
): T[][] {
  const count = Math.ceil(list.length / most);
  const start = (group: number) =>
    group === count
      ? list.length
      : step * Math.ceil(group * list.length / count / step);
  return Array.from(
    { length: count },
    (_, group) => list.slice(start(group), start(group + 1)),
  );
}

/**
 * The prompts of a batch, each once, in the order they come.
 *
 * @returns Of each its first row, and all rows that repeat it, ascending.
 */
export function distinctPrompts(
  { ids, mask, rows, length }: TokenBatch,
): { first: number; rows: number[] }[] {
  const met = new Map<string, { first: number; rows: number[] }>();
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * length, (row + 1) * length];
    const name = `${ids.subarray(start, end)};${mask.subarray(start, end)}`;
    const prompt = met.get(name);
    if (prompt === undefined) met.set(name, { first: row, rows: [row] });
    else prompt.rows.push(row);
  }
  return [...met.values()];
}
