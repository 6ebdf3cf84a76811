/**
 * Ensembles of boosted trees that XGBoost has trained and saved as JSON, walked here.
 *
 * The prediction of a model is its base score and the sum of a leaf of each tree; at a node a
 * feature below the threshold goes left, a missing one where the node says. Features and
 * thresholds are float32, as in XGBoost, and so is the sum.
 *
 * Source: XGBoost (Chen & Guestrin 2016, arXiv:1603.02754), its model schema.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";

/** A tree as parallel arrays over its nodes, the root first. */
interface Tree {
  /** Child where the feature is below the threshold; −1 at a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** Of a leaf its value. */
  readonly threshold: Float32Array;
  /** Whether a missing feature goes left. */
  readonly missingLeft: readonly boolean[];
}

/** A trained model: a sum of trees. */
export interface TreeModel {
  readonly features: number;
  readonly base: number;
  readonly trees: readonly Tree[];
}

/**
 * Reads a model.
 *
 * @param value What JSON makes of a file of `Booster.save_model("….json")`.
 * @param name Of the file, for the error.
 * @throws {SyntaxError} If it is no sum of trees with one number as its output, with the
 *   objective of squared errors.
 */
export function readTreeModel(value: unknown, name: string): TreeModel {
  const fail = (what: string, got: unknown): never => {
    throw new SyntaxError(
      `Cannot read the model ${name}: ${what}, got ${shown(got)}`,
    );
  };
  const field = (of: unknown, ...path: string[]): unknown => {
    let at = of;
    for (const key of path) {
      at = typeof at === "object" && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : fail(`it must be a saved XGBoost model with ${path.join(".")}`, at);
    }
    return at;
  };
  const learner = field(value, "learner");
  const kind = field(learner, "gradient_booster", "name");
  if (kind !== "gbtree") fail("its booster must be gbtree", kind);
  const objective = field(learner, "objective", "name");
  if (objective !== "reg:squarederror") {
    fail("its objective must be reg:squarederror", objective);
  }
  const parameters = field(learner, "learner_model_param");
  const classes = field(parameters, "num_class");
  if (classes !== "0") fail("it must have one output", classes);
  // Written as "[9.4E1]" by later versions.
  const baseText = field(parameters, "base_score");
  const base = Number(String(baseText).replace(/^\[|\]$/g, ""));
  if (!Number.isFinite(base)) fail("its base score must be a number", baseText);
  const features = Number(field(parameters, "num_feature"));
  const trees = field(learner, "gradient_booster", "model", "trees");
  if (!Array.isArray(trees)) return fail("its trees must be a list", trees);
  return {
    features,
    base: Math.fround(base),
    trees: trees.map((tree, i) => {
      const numbers = (key: string): number[] => {
        const list = field(tree, key);
        return Array.isArray(list) &&
            list.every((entry) => Number.isFinite(Number(entry)))
          ? list.map(Number)
          : fail(`${key} of tree ${i} must be numbers`, list);
      };
      const left = numbers("left_children");
      const right = numbers("right_children");
      const feature = numbers("split_indices");
      const threshold = numbers("split_conditions");
      const missing = numbers("default_left");
      const types = numbers("split_type");
      if (types.some((type) => type !== 0)) {
        fail(`tree ${i} must have no split by category`, types);
      }
      const nodes = left.length;
      const isChild = (child: number, node: number) =>
        Number.isInteger(child) && child > node && child < nodes;
      const isTree = nodes > 0 &&
        [right, feature, threshold, missing].every(({ length }) =>
          length === nodes
        ) &&
        left.every((child, node) =>
          child === -1 ||
          isChild(child, node) && isChild(right[node], node) &&
            Number.isInteger(feature[node]) && feature[node] >= 0 &&
            feature[node] < features
        );
      if (!isTree) {
        fail(`tree ${i} must have each node before its children`, nodes);
      }
      return {
        left: Int32Array.from(left),
        right: Int32Array.from(right),
        feature: Int32Array.from(feature),
        threshold: Float32Array.from(threshold),
        missingLeft: missing.map((bit) => bit === 1),
      };
    }),
  };
}

/**
 * What a model predicts.
 *
 * @param features One row; NaN is missing.
 * @throws {RangeError} If they are not as many as the model has.
 */
export function predictTrees(
  { base, trees, features: count }: TreeModel,
  features: Float32Array,
): number {
  if (features.length !== count) {
    throw new RangeError(
      `Cannot predict: features must be ${count} numbers, got ${features.length}`,
    );
  }
  let sum = base;
  for (const { left, right, feature, threshold, missingLeft } of trees) {
    let node = 0;
    while (left[node] !== -1) {
      const value = features[feature[node]];
      const goesLeft = Number.isNaN(value)
        ? missingLeft[node]
        : value < threshold[node];
      node = goesLeft ? left[node] : right[node];
    }
    sum = Math.fround(sum + threshold[node]);
  }
  return sum;
}
