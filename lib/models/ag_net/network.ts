/**
 * AG-Net's networks: a generator that makes scores of a cell from noise, differentiably, and a
 * predictor of the accuracy on those scores.
 *
 * The generator adds one node after the other. Before each, two layers of messages pass along
 * the edges so far and two along the reversed ones, each kind on a half of a node's state; two
 * gated sums over the nodes tell what type the next one has and how it begins; then each node so
 * far gets a score for its edge to the new one. A score above 0.5 counts as an edge.
 *
 * Shapes: `B` cells, `N` nodes, `K` types, `E = N(N − 1)/2` edges, `D` a node's state, `G` noise.
 * Source: Lukasik et al. 2022, arXiv:2203.08734, §3, and its code, jovitalukasik/AG-Net,
 * `Generator.py`.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";
import type { HostTensors } from "../../core/tensors.ts";
import { type Tensors, tf } from "../../engine/tensorflow.ts";
import { linear } from "../../nn/layers.ts";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "../../nn/losses.ts";
import { initialLinear, initialMlp, mlp, namedLinear } from "../../nn/mlp.ts";
import type { LossResult } from "../../nn/optimizers.ts";
import { gruCell, initialGru } from "../../nn/recurrent.ts";

/** `G` of a search. */
export const NOISE = 32;
/** Layers of messages in each direction. */
const LAYERS = 2;
/** An edge score above it counts as an edge while a cell is made. */
const THRESHOLD = 0.5;
/** The score of what is certain: the input's type, the edge between the first two nodes. */
const CERTAIN = 20;
/** Linear layers of the predictor. */
const PREDICTOR_LAYERS = 5;
/** Of the loss of a search: the share of the squared error; the rest is the reconstruction's. */
const TRADE_OFF = 0.9;

/** What a generator makes. */
export interface AgNetShape {
  /** `N`. */
  readonly nodes: number;
  /** Of the first node. */
  readonly inputType: number;
  /**
   * Whether the scores of edges look at noise and graph of other cells of the batch, as in the
   * published code, which repeats them in another order than the nodes.
   */
  readonly mixedContext: boolean;
}

/** Draws the weights of a generator: 42,344 numbers of 5 types, 42,474 of 7. */
export function initialGenerator(
  types: number,
  random: Random,
  { state, noise }: { readonly state: number; readonly noise: number } = {
    state: 32,
    noise: NOISE,
  },
): HostTensors {
  const both = state + noise;
  const layers = ["forward", "backward"].flatMap((direction) =>
    Array.from({ length: LAYERS }, (_, layer) => `${direction}.${layer}`)
  );
  return {
    ...Object.assign(
      {},
      ...layers.map((name) => ({
        ...initialLinear(`${name}.message`, [state, state], random),
        ...initialGru(
          `${name}.update`,
          { inputs: state, hidden: state / 2 },
          random,
        ),
      })),
      ...["graph", "first"].map((name) => ({
        ...initialLinear(`${name}.value`, [state, noise], random),
        ...initialLinear(`${name}.gate`, [state, 1], random),
      })),
    ),
    ...initialMlp("add", [2 * noise, noise, types], random),
    ...initialMlp("type", [types, state, state], random),
    ...initialMlp("start", [both, both, state], random),
    ...initialMlp("node", [both + noise, both, state], random),
    ...initialMlp("edge", [2 * both, both, 1], random),
  };
}

/** Draws the weights of a predictor. */
export function initialPredictor(width: number, random: Random): HostTensors {
  const hidden = new Array<number>(PREDICTOR_LAYERS).fill(width);
  return initialMlp("predictor", [...hidden, 1], random);
}

/** Scores of cells. */
export interface CellScores {
  /** `[B, N, K]`. */
  readonly types: tf.Tensor;
  /** `[B, E]`: by target, then by source. */
  readonly edges: tf.Tensor;
}

/** Makes scores from noise, `[B, G]`. */
export function generatedScores(
  state: Tensors,
  z: tf.Tensor,
  { nodes, inputType, mixedContext }: AgNetShape,
): CellScores {
  const batch = z.shape[0];
  const kinds = state["add.1.weight"].shape[0];
  const certain: tf.Tensor = tf.tile(
    tf.oneHot(tf.tensor1d([inputType], "int32"), kinds),
    [batch, 1],
  );
  const input = tf.cast(certain, "float32");
  const begun = (name: string, type: tf.Tensor, ...others: tf.Tensor[]) =>
    mlp(state, name, tf.concat([mlp(state, "type", type, 2), ...others], 1), 2);
  let h = tf.expandDims(begun("start", input, z), 1); // [B, 1, D]
  const types: tf.Tensor[] = [tf.mul(input, CERTAIN)];
  const edges: tf.Tensor[] = [];
  for (let node = 1; node < nodes; node++) {
    if (node > 1) h = _propagated(state, h, _adjacency(edges, node, batch));
    const [graph, first] = ["graph", "first"].map((name) =>
      _gatedSum(state, name, h)
    );
    const type = mlp(state, "add", tf.concat([graph, z], 1), 2);
    const added = begun("node", type, first, z);
    types.push(type);
    edges.push(
      node === 1
        ? tf.fill([batch, 1], CERTAIN)
        : _edgeScores(state, h, added, [graph, z], mixedContext),
    );
    h = tf.concat([h, tf.expandDims(added, 1)], 1);
  }
  return { types: tf.stack(types, 1), edges: tf.concat(edges, 1) };
}

/** What counts as an edge from a node to another, `[B, n, n]`, of the first `n` nodes. */
function _adjacency(
  edges: readonly tf.Tensor[],
  n: number,
  batch: number,
): tf.Tensor {
  const columns = edges.slice(0, n - 1).map((scores, i) =>
    tf.concat([
      tf.step(tf.sub(scores, THRESHOLD)),
      tf.zeros([batch, n - 1 - i]),
    ], 1)
  );
  return tf.stack([tf.zeros([batch, n]), ...columns], 2);
}

/** States after the layers of messages, `[B, n, D]`. */
function _propagated(
  state: Tensors,
  h: tf.Tensor,
  adjacency: tf.Tensor,
): tf.Tensor {
  const [batch, n, width] = h.shape as [number, number, number];
  const halves = tf.split(h, 2, 2);
  const sides = ["forward", "backward"].map((direction, side) => {
    const isForward = side === 0;
    // How many messages a node gets: of its sources, or of its targets.
    const count = tf.sum(adjacency, isForward ? 1 : 2); // [B, n]
    const factor = tf.reshape(count, [-1, 1]);
    let x: tf.Tensor = tf.reshape(halves[side], [-1, width / 2]);
    for (let layer = 0; layer < LAYERS; layer++) {
      const name = `${direction}.${layer}`;
      const sent = tf.matMul(
        adjacency,
        tf.reshape(x, [batch, n, width / 2]),
        isForward,
      );
      // The sum of messages, each linear in the states of sender and receiver.
      const received = tf.add(
        linear(
          tf.concat(
            [tf.reshape(sent, [-1, width / 2]), tf.mul(x, factor)],
            1,
          ),
          state[`${name}.message.weight`],
        ),
        tf.mul(factor, state[`${name}.message.bias`]),
      );
      x = gruCell(state, `${name}.update`, received, x);
    }
    return tf.reshape(x, [batch, n, width / 2]);
  });
  return tf.concat(sides, 2);
}

/** The sum over nodes of what each tells, times how much it counts, `[B, G]`; a single one counts whole. */
function _gatedSum(state: Tensors, name: string, h: tf.Tensor): tf.Tensor {
  const [batch, n, width] = h.shape as [number, number, number];
  const rows = tf.reshape(h, [-1, width]);
  const values = namedLinear(state, `${name}.value`, rows);
  if (n === 1) return values;
  const gates = tf.sigmoid(namedLinear(state, `${name}.gate`, rows));
  return tf.sum(tf.reshape(tf.mul(values, gates), [batch, n, -1]), 1);
}

/** Scores of the edges of all nodes so far to a new one, `[B, n]`. */
function _edgeScores(
  state: Tensors,
  h: tf.Tensor,
  added: tf.Tensor,
  context: readonly tf.Tensor[],
  mixedContext: boolean,
): tf.Tensor {
  const [batch, n, width] = h.shape as [number, number, number];
  const forEachNode = (x: tf.Tensor) =>
    tf.reshape(tf.tile(tf.expandDims(x, 1), [1, n, 1]), [
      batch * n,
      x.shape[1]!,
    ]);
  const rows = tf.concat([
    tf.reshape(h, [-1, width]),
    forEachNode(added),
    ...context.map((x) => mixedContext ? tf.tile(x, [n, 1]) : forEachNode(x)),
  ], 1);
  return tf.reshape(mlp(state, "edge", rows, 2), [batch, n]);
}

/** Predicted accuracies of scores, `[B]`. */
export function predictedAccuracies(
  state: Tensors,
  { types, edges }: CellScores,
): tf.Tensor {
  const [batch] = edges.shape;
  const rows = tf.concat([tf.reshape(types, [batch, -1]), edges], 1);
  return tf.squeeze(mlp(state, "predictor", rows, PREDICTOR_LAYERS), [1]);
}

/** How badly scores tell cells, `[B]`: mean cross-entropies of types and of edges, added up. */
function _reconstruction(
  { types, edges }: CellScores,
  targets: Tensors,
): tf.Tensor {
  const [batch, nodes, kinds] = types.shape as [number, number, number];
  const ofTypes = softmaxCrossEntropy(
    tf.reshape(types, [-1, kinds]),
    tf.reshape(targets.types, [-1]),
  );
  return tf.add(
    tf.mean(tf.reshape(ofTypes, [batch, nodes]), 1),
    tf.mean(sigmoidCrossEntropy(edges, targets.edges), 1),
  );
}

/**
 * The loss of a generator that learns cells without accuracies.
 *
 * @param inputs `z` `[B, G]`, and of cells `types` `[B, N]` and `edges` `[B, E]`, 0 or 1.
 */
export function generatorLoss(
  state: Tensors,
  inputs: Tensors,
  shape: AgNetShape,
): LossResult {
  const scores = generatedScores(state, inputs.z, shape);
  return { loss: tf.mean(_reconstruction(scores, inputs)) };
}

/**
 * The loss of a search: a tenth of the reconstruction and nine tenths of the squared error of the
 * predicted accuracy, times the weight of each cell.
 *
 * @param inputs As of `generatorLoss`, with `accuracies` and `weights` `[B]`; an accuracy of 0
 *   is of a cell that failed, and has no error.
 */
export function agNetLoss(
  state: Tensors,
  inputs: Tensors,
  shape: AgNetShape,
): LossResult {
  const scores = generatedScores(state, inputs.z, shape);
  const known = tf.cast(tf.greater(inputs.accuracies, 0), "float32");
  const error = tf.mul(
    known,
    tf.square(tf.sub(predictedAccuracies(state, scores), inputs.accuracies)),
  );
  const each = tf.add(
    tf.mul(_reconstruction(scores, inputs), 1 - TRADE_OFF),
    tf.mul(error, TRADE_OFF),
  );
  return { loss: tf.mean(tf.mul(each, inputs.weights)) };
}
