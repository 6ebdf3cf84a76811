/**
 * A learning rate that falls once the loss no longer does: PyTorch's `ReduceLROnPlateau`, as the
 * codes of SVGe and D-VAE have it.
 *
 * @module
 */

const PATIENCE = 10, FACTOR = 0.1, THRESHOLD = 1e-4;

/** What the learning rate depends on. */
export interface Plateau {
  /** What it is multiplied by. */
  factor: number;
  /** The lowest loss of an epoch; -1 before the first. */
  lowest: number;
  /** Epochs since. */
  waited: number;
}

/** Before the first epoch. */
export function newPlateau(): Plateau {
  return { factor: 1, lowest: -1, waited: 0 };
}

/** Takes the loss of an epoch in: lowers the factor where it has not fallen for ten. */
export function lookAtLoss(plateau: Plateau, loss: number): void {
  if (plateau.lowest < 0 || loss < plateau.lowest * (1 - THRESHOLD)) {
    plateau.lowest = loss;
    plateau.waited = 0;
  } else if (++plateau.waited > PATIENCE) {
    plateau.factor *= FACTOR;
    plateau.waited = 0;
  }
}
