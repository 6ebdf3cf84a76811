/**
 * Minimisation without gradients.
 *
 * Source: Nelder & Mead 1965, with the coefficients, the initial simplex and the end of SciPy's
 * `fmin`.
 *
 * @module
 */

/** Of the values and of the corners of the simplex, at the end. */
const TOLERANCE = 1e-4;
/** For each variable. */
const MOST_STEPS = 200;

/**
 * Looks for the least value of a function.
 *
 * @param start Where to begin; a corner beside it is 5 % further in one variable.
 * @returns The best corner of the last simplex.
 */
export function nelderMead(
  f: (x: readonly number[]) => number,
  start: readonly number[],
): number[] {
  const n = start.length;
  const at = (x: number[]) => ({ x, value: f(x) });
  const simplex = [[...start]].concat(
    start.map((value, i) =>
      start.with(i, value === 0 ? 0.00025 : 1.05 * value)
    ),
  ).map(at);
  const order = () => simplex.sort((a, b) => a.value - b.value);
  order();
  for (let step = 0; step < MOST_STEPS * n; step++) {
    const [best] = simplex;
    const spread = (of: (corner: typeof best) => number) =>
      Math.max(...simplex.map(of));
    if (
      spread(({ x }) =>
          Math.max(...x.map((v, i) => Math.abs(v - best.x[i])))
        ) <=
        TOLERANCE &&
      spread(({ value }) => Math.abs(value - best.value)) <= TOLERANCE
    ) break;
    const worst = simplex[n];
    const centre = start.map((_, i) =>
      simplex.slice(0, n).reduce((sum, { x }) => sum + x[i], 0) / n
    );
    /** On the line from the worst corner through the centre of the others. */
    const along = (factor: number) =>
      at(centre.map((c, i) => c + factor * (c - worst.x[i])));
    const reflected = along(1);
    let next = reflected;
    if (reflected.value < best.value) {
      const expanded = along(2);
      if (expanded.value < reflected.value) next = expanded;
    } else if (!(reflected.value < simplex[n - 1].value)) {
      const inside = !(reflected.value < worst.value);
      next = along(inside ? -0.5 : 0.5);
      const isBetter = inside
        ? next.value < worst.value
        : next.value <= reflected.value;
      if (!isBetter) {
        for (let i = 1; i <= n; i++) {
          simplex[i] = at(
            simplex[i].x.map((v, j) => best.x[j] + 0.5 * (v - best.x[j])),
          );
        }
        order();
        continue;
      }
    }
    simplex[n] = next;
    order();
  }
  return simplex[0].x;
}
