/**
 * What the network of a cell costs, before it is trained.
 *
 * @module
 */

/** Size and work of the network that a benchmark builds of a cell. */
export interface CellCost {
  /** Trainable numbers. */
  readonly parameters: number;
  /** Multiply-adds of one image's forward pass. */
  readonly multiplyAdds: number;
}
