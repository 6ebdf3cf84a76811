/**
 * How well predictions agree with what was measured: R² and Kendall's τ.
 *
 * @module
 */

/**
 * The coefficient of determination: the share of the variance that is explained.
 *
 * @returns At most 1; below 0 where the mean would have been a better prediction, NaN
 *   where the measured values do not vary.
 * @throws {RangeError} If the two differ in length.
 */
export function rSquared(
  predicted: ArrayLike<number>,
  measured: ArrayLike<number>,
): number {
  _checkLengths("R²", predicted, measured);
  const n = measured.length;
  const mean = Array.from(measured).reduce((sum, value) => sum + value, 0) / n;
  let residual = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    residual += (measured[i] - predicted[i]) ** 2;
    total += (measured[i] - mean) ** 2;
  }
  return total === 0 ? NaN : 1 - residual / total;
}

/**
 * Kendall's τ-b: pairs in the same order less pairs in opposite order, with ties.
 *
 * Source: Knight 1966, whose merge sort takes O(n log n).
 *
 * @returns From −1 to 1; NaN where one of the two does not vary.
 * @throws {RangeError} If the two differ in length.
 */
export function kendallTau(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): number {
  _checkLengths("Kendall's τ", a, b);
  const n = a.length;
  const order = Array.from({ length: n }, (_, i) => i)
    .sort((i, j) => a[i] - a[j] || b[i] - b[j]);
  const x = order.map((i) => a[i]);
  const y = order.map((i) => b[i]);
  const pairs = n * (n - 1) / 2;
  const tiedX = _tiedPairs(n, (i) => x[i] === x[i - 1]);
  const tiedBoth = _tiedPairs(n, (i) => x[i] === x[i - 1] && y[i] === y[i - 1]);
  const swaps = _sortCountingSwaps(y);
  const tiedY = _tiedPairs(n, (i) => y[i] === y[i - 1]);
  const concordantLessDiscordant = pairs - tiedX - tiedY + tiedBoth - 2 * swaps;
  return concordantLessDiscordant /
    Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Pairs within runs of equal elements of a sorted list. */
function _tiedPairs(
  length: number,
  equalsLast: (index: number) => boolean,
): number {
  let pairs = 0;
  let run = 1;
  for (let i = 1; i <= length; i++) {
    if (i < length && equalsLast(i)) run++;
    else {
      pairs += run * (run - 1) / 2;
      run = 1;
    }
  }
  return pairs;
}

/** Sorts in place by merging; returns how many pairs stood in the wrong order. */
function _sortCountingSwaps(values: number[]): number {
  let swaps = 0;
  let from = values;
  let to = new Array<number>(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (left < middle && (right === end || from[left] <= from[right])) {
          to[at] = from[left++];
        } else {
          swaps += middle - left;
          to[at] = from[right++];
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== values) from.forEach((value, i) => values[i] = value);
  return swaps;
}

function _checkLengths(
  what: string,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): void {
  if (a.length !== b.length) {
    throw new RangeError(
      `Cannot compute ${what}: there must be as many predictions as measured values, got ${a.length} and ${b.length}`,
    );
  }
}
