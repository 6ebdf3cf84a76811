/**
 * Progress of work that takes a while: the one report that all of it gives.
 *
 * @module
 */

/** How far some work is. */
export interface Progress {
  /** Steps so far, cells, bytes, …, out of `total`. */
  readonly done: number;
  readonly total: number;
  /** How it goes (losses, rates), or which part of it this is; can be empty. */
  readonly message: string;
}

/** Called as work proceeds. */
export type OnProgress = (progress: Progress) => void;
